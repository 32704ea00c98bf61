  // ---- RFC 9293 Figure 5: its states and arrows, lit where this run went.
  const BOXES = {
    closed: [330, 24, 'CLOSED'], listen: [330, 112, 'LISTEN'], syn_received: [88, 208, 'SYN RCVD'],
    syn_sent: [572, 208, 'SYN SENT'], established: [330, 290, 'ESTAB'], fin_wait_1: [88, 372, 'FIN WAIT-1'],
    close_wait: [572, 372, 'CLOSE WAIT'], fin_wait_2: [88, 476, 'FINWAIT-2'], closing: [330, 476, 'CLOSING'],
    last_ack: [572, 476, 'LAST-ACK'], time_wait: [330, 560, 'TIME-WAIT'], closed_again: [572, 560, 'CLOSED'],
  };
  // From, to, trigger, label, the way, where the label stands and how it is anchored.
  const EDGES = [
    ['closed', 'listen', 'passive_open', 'passive OPEN', 'M310 40V94', 302, 70, 'end'],
    ['listen', 'closed', 'closed', 'CLOSE', 'M350 96V42', 358, 74, 'start'],
    ['closed', 'syn_sent', 'active_open', 'active OPEN / snd SYN', 'M384 24Q600 30 596 190', 590, 84, 'start'],
    ['syn_sent', 'closed', 'closed', 'CLOSE', 'M560 190Q540 50 386 34', 470, 84, 'start'],
    ['listen', 'syn_received', 'syn_received', 'rcv SYN / snd SYN,ACK', 'M290 130L138 190', 196, 150, 'end'],
    ['listen', 'syn_sent', 'active_open', 'SEND / snd SYN', 'M370 130L522 192', 432, 140, 'start'],
    ['syn_received', 'listen', 'reset_received_passive', 'rcv RST (note 1)', 'M70 190Q70 108 274 108', 90, 104, 'start'],
    ['syn_sent', 'syn_received', 'syn_received', 'rcv SYN / snd SYN,ACK', 'M518 204H144', 330, 198, 'middle'],
    ['syn_received', 'established', 'syn_acked', 'rcv ACK of SYN', 'M138 226L276 278', 194, 266, 'end'],
    ['syn_sent', 'established', 'syn_ack_received', 'rcv SYN,ACK / snd ACK', 'M522 226L386 278', 470, 266, 'start'],
    ['syn_received', 'fin_wait_1', 'fin_sent', 'CLOSE / snd FIN', 'M76 226V354', 68, 300, 'middle'],
    ['established', 'fin_wait_1', 'fin_sent', 'CLOSE / snd FIN', 'M282 308L142 360', 204, 346, 'end'],
    ['established', 'close_wait', 'fin_received', 'rcv FIN / snd ACK', 'M378 308L520 360', 456, 346, 'start'],
    ['fin_wait_1', 'fin_wait_2', 'fin_acked', 'rcv ACK of FIN', 'M88 390V458', 94, 428, 'start'],
    ['fin_wait_1', 'closing', 'fin_received', 'rcv FIN / snd ACK', 'M144 382L284 462', 232, 414, 'start'],
    ['fin_wait_1', 'time_wait', null, 'note 2', 'M136 390L286 544', 214, 490, 'start'],
    ['close_wait', 'last_ack', 'fin_sent', 'CLOSE / snd FIN', 'M572 390V458', 564, 428, 'end'],
    ['fin_wait_2', 'time_wait', 'fin_received', 'rcv FIN / snd ACK', 'M88 494Q90 560 272 560', 108, 578, 'start'],
    ['closing', 'time_wait', 'fin_acked', 'rcv ACK of FIN', 'M330 494V542', 338, 522, 'start'],
    ['last_ack', 'closed', 'fin_acked', 'rcv ACK of FIN', 'M572 494V542', 580, 522, 'start'],
    ['time_wait', 'closed', 'two_msl_elapsed', 'Timeout=2MSL', 'M388 560H516', 452, 578, 'middle'],
  ];
  // The packet that took an arrow: the one that came in, or the first that left because of it.
  const byCame = new Map(), bySent = new Map();
  for (let i = 0; i < count; i++) {
    if (P.came[i] !== null) byCame.set(P.came[i], i);
    const from = P.from[i];
    if (from === null) continue;
    const cause = from % 2 ? E.id[from >> 1] : P.came[from >> 1];
    if (!bySent.has(cause)) bySent.set(cause, i);
  }
  function takenBy(k) {
    const cause = E.cause[k];
    const taker = byCame.get(cause) ?? bySent.get(cause);
    if (taker !== undefined) return taker;
    // What was decided may leave in the same instant, with another cause.
    const list = ways[E.conn[k]] ? ways[E.conn[k]][1] : [], next = list[placeOf(list.length, (at) => P.t[list[at]], E.t[k])];
    return next !== undefined && P.t[next] === E.t[k] ? next : null;
  }
  function went(k) {
    const i = takenBy(k);
    return i !== null ? [name(i), () => choose(i)] : [eventName(k), () => chooseEvent(k)];
  }
  function edgeOf({ old, new: now, trigger }) {
    return EDGES.findIndex(([from, to, on]) => from === old && to === now && (on === trigger || (on === null)));
  }

  function drawStates() {
    const drawing = svg('svg', { viewBox: '0 0 730 612', role: 'img', 'aria-labelledby': 'states-finding' });
    for (const [id, paint] of [['tip', 'line'], ['tip-lit', 'acked'], ['tip-seen', 'faint']]) {
      const tip = svg('marker', { id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto-start-reverse', markerUnits: 'userSpaceOnUse' });
      tip.append(svg('path', { d: 'M0 0L8 4L0 8z', fill: `var(--${paint})` }));
      drawing.append(tip);
    }
    const all = eventsOf('tcp:state_updated', null), taken = EDGES.map(() => []), others = [];
    const visited = new Set();
    for (const k of all) {
      const fields = eventFields(k), edge = edgeOf(fields), mine = E.conn[k] === view.conn;
      if (mine) { visited.add(fields.old); visited.add(fields.new === 'closed' ? 'closed_again' : fields.new); }
      if (edge >= 0) taken[edge].push(k); else if (mine) others.push([k, fields]);
    }
    const labels = [];
    EDGES.forEach(([, , on, label, d, x, y, anchor], at) => {
      const mine = taken[at].filter((k) => E.conn[k] === view.conn), total = taken[at].length;
      const kind = mine.length ? 'lit' : total ? 'seen' : 'dark';
      drawing.append(svg('path', {
        class: 'edge ' + kind, d, 'marker-end': `url(#tip${kind === 'dark' ? '' : '-' + kind})`,
        stroke: `var(--${{ lit: 'acked', seen: 'faint', dark: 'line' }[kind]})`, fill: 'none',
        'stroke-width': kind === 'lit' ? 3 : 1.4, 'stroke-dasharray': on === null ? '4 3' : null,
      }));
      const text = svg('text', { class: 'edge-label ' + kind, x, y, 'text-anchor': anchor, 'font-size': 10.5, fill: `var(--${kind === 'lit' ? 'ink' : 'faint'})` }, label);
      labels.push(text);
      if (!total) return;
      const [shown, go] = went((mine.length ? mine : taken[at])[0]);
      const below = y + 13, jump = svg('text', { class: 'jump', x, y: below, 'text-anchor': anchor, 'font-size': 11, 'font-weight': 700, fill: 'var(--cwnd)', tabindex: 0, role: 'button' },
        shown + (total > 1 ? `  ×${total}` : ''));
      jump.addEventListener('click', go);
      jump.addEventListener('keydown', (event) => { if (event.key === 'Enter') go(); });
      labels.push(jump);
    });
    for (const state in BOXES) {
      const [x, y, label] = BOXES[state], lit = visited.has(state);
      drawing.append(svg('rect', {
        class: lit ? 'box lit' : 'box', x: x - 54, y: y - 16, width: 108, height: 32, rx: 5,
        fill: `var(--${lit ? 'chosen' : 'paper'})`, stroke: `var(--${lit ? 'acked' : 'line'})`, 'stroke-width': lit ? 2.5 : 1.4,
      }));
      drawing.append(svg('text', { x, y: y + 5, 'text-anchor': 'middle', 'font-size': 13, 'font-weight': lit ? 700 : 400, fill: `var(--${lit ? 'ink' : 'faint'})` }, label));
    }
    drawing.append(...labels);
    el('states').replaceChildren(drawing);
    const ways = eventsOf('tcp:state_updated', view.conn).map((k) => {
      const { old, new: now } = eventFields(k), [shown, go] = went(k), item = html('li', spoken(old) + ' → ' + spoken(now) + '  ');
      item.append(button(shown, go, 'link'));
      return item;
    });
    el('states-list').replaceChildren(...ways);
    const lit = taken.filter((list) => list.some((k) => E.conn[k] === view.conn)).length;
    el('states-finding').textContent = `this connection took ${counted(lit, 'arrow')} of Figure 5` +
      (others.length ? ` and ${others.length} that it leaves out` : '');
    el('states-others').replaceChildren(...others.map(([k, { old, new: now, trigger }]) => {
      const [shown, go] = went(k), item = html('p', `left out of the figure: ${spoken(old)} → ${spoken(now)} (${trigger.replace(/_/g, ' ')})  `);
      item.append(button(shown, go, 'link'));
      return item;
    }));
  }

