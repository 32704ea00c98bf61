  // ---- Graphs. They share one stretch of time and one cursor.
  const GRAPHS = ['sequence', 'windows', 'rtt', 'queue'];
  const sketches = {};
  const of = (conn, out) => ways[conn] ? ways[conn][out] : [];
  const within = (list, timeAt) => {
    const at = (k) => timeAt(list[k]);
    return [placeOf(list.length, at, view.from), placeOf(list.length, at, view.to + 1)];
  };
  const seenPackets = (conn, out) => {
    const list = of(conn, out), [low, high] = within(list, (i) => P.t[i]);
    return list.slice(low, high);
  };
  const seenEvents = (name, conn) => {
    const list = eventsOf(name, conn), [low, high] = within(list, (k) => E.t[k]);
    return list.slice(low, high);
  };
  // The least and the greatest of what is in view.
  function bounds(times, ...lines) {
    let high = -Infinity, low = Infinity;
    const begin = Math.max(0, placeOf(times.length, (k) => times[k], view.from) - 1);
    for (let k = begin; k < times.length && times[k] <= view.to; k++) {
      for (const line of lines) {
        const v = line[k];
        if (v === null || v === undefined) continue;
        if (v > high) high = v;
        if (v < low) low = v;
      }
    }
    return high < low ? [0, 1] : [low, high];
  }
  const added = (a, b) => a.map((v, k) => v === null || b[k] === null ? null : v + b[k]);
  // What follows from a connection's variables, when it is first asked for.
  const derived = data.connections.map(() => ({}));
  function series(conn, called, make) {
    const known = derived[conn];
    return known[called] || (known[called] = make(data.connections[conn]));
  }
  const windowEdge = (conn, out) => series(conn, 'edge' + out, ({ variables: v }) =>
    out ? added(v.una, v.snd_wnd) : added(v.rcv_nxt, v.rcv_wnd));
  const limitOf = (conn) => series(conn, 'limit', ({ variables: v }) => added(v.una, v.cwnd));

  // By packet: the ranges that it reports.
  const sacks = new Map();
  data.sacks.packet.forEach((i, k) => {
    if (!sacks.has(i)) sacks.set(i, []);
    sacks.get(i).push([data.sacks.start[k], data.sacks.end[k]]);
  });

  const LABELS_MOST = 160;
  function drawSequence(g) {
    const c = data.connections[view.conn], v = c.variables, sent = view.out === 1;
    const acked = sent ? v.una : v.rcv_nxt, edge = windowEdge(view.conn, view.out);
    // What takes numbers; an acknowledgment alone is a point of the other direction.
    const takes = (i) => isTcp(i) && (P.len[i] > 0 || /[SF]/.test(word(P.flags[i]) || ''));
    const segments = seenPackets(view.conn, view.out).filter(takes);
    const acks = seenPackets(view.conn, 1 - view.out).filter((i) => P.ack[i] !== null);
    let high = 1, low = Infinity;
    for (const i of segments) {
      high = Math.max(high, P.seq[i] + P.len[i]);
      low = Math.min(low, P.seq[i]);
    }
    const [, top] = bounds(v.t, acked);
    high = Math.max(high, top);
    if (low > high) low = 0;
    const margin = (high - low) * 0.07 + 1;
    g.range(Math.max(0, low - margin), high + margin);
    g.axes('bytes');
    g.steps(v.t, edge, { stroke: 'edge', width: 1.5, name: 'edge' });
    if (sent) g.steps(v.t, limitOf(view.conn), { stroke: 'cwnd', width: 1.6, dash: [6, 4], name: 'limit' });
    g.steps(v.t, acked, { stroke: 'acked', width: 1.6, name: 'acked' });
    const bars = { data: [], again: [], caps: [], capsAgain: [] }, labels = [];
    const roomy = segments.length < 1200;
    for (const i of segments) {
      const x = g.x(P.t[i]), y1 = g.y(P.seq[i]), y2 = Math.min(g.y(P.seq[i] + Math.max(P.len[i], 1)), y1 - 2);
      const again = P.resent[i] !== null;
      (again ? bars.again : bars.data).push(x, y1, x, y2);
      if (roomy) (again ? bars.capsAgain : bars.caps).push(x - 2.5, y1, x + 2.5, y1, x - 2.5, y2, x + 2.5, y2);
      g.hit(x, (y1 + y2) / 2, i);
      if (again) labels.push([x, y2 - 4, spurious.has(i) ? 'S' : 'R', 'resent']);
      if (hasLoss(i)) labels.push([x, (y1 + y2) / 2 + 4, '✕', 'bad']);
      if (P.ecn[i] === 3) labels.push([x, y2 - 4, 'CE', 'flight']);
    }
    g.lines(bars.caps, { stroke: 'data', width: 1 });
    g.lines(bars.data, { stroke: 'data', width: 1.3, name: 'segments' });
    g.lines(bars.capsAgain, { stroke: 'resent', width: 1.6 });
    g.lines(bars.again, { stroke: 'resent', width: 3.2, name: 'resent' });
    reports(g, acks, labels);
    if (sent) {
      const gone = [];
      for (const k of seenEvents('tcp:loss_detected', view.conn)) {
        const { seq, len } = eventFields(k), x = g.x(E.t[k]);
        gone.push(x - 4, g.y(seq), x + 4, g.y(seq + len), x - 4, g.y(seq + len), x + 4, g.y(seq));
      }
      g.lines(gone, { stroke: 'bad', width: 1, dash: [2, 2], name: 'thought-lost' });
    }
    labels.slice(0, LABELS_MOST).forEach(([x, y, text, fill]) => {
      if (y > 0 && y < g.bottom + 4) g.text(x, Math.max(11, y), text, { fill, anchor: 'middle', bold: true, size: text === '✕' ? 14 : 11, name: 'mark' });
    });
    return sequenceFinding(c, segments, edge);
  }
  // What the other side says: ranges beyond a hole, duplicates, a window that is shut.
  function reports(g, acks, labels) {
    const ranges = [], ticks = [];
    let before = null;
    for (const i of acks) {
      const x = g.x(P.t[i]), y = g.y(P.ack[i]);
      for (const [start, end] of sacks.get(i) || []) ranges.push(x, g.y(start), x, Math.min(g.y(end), g.y(start) - 2));
      const same = before !== null && P.ack[before] === P.ack[i] && !P.len[i] && P.window[before] === P.window[i];
      if (word(P.reason[i]) === 'duplicate_ack' || (P.out[i] && same)) ticks.push(x, y, x, y - 6, x - 2, y - 6, x + 2, y - 6);
      if (isZeroWindow(i)) labels.push([x, y - 3, 'Z', 'bad']);
      if (P.ecn[i] === 3) labels.push([x, y + 12, 'CE', 'flight']);
      g.hit(x, y, i);
      before = i;
    }
    g.lines(ranges, { stroke: 'sack', width: 2.4, name: 'sack' });
    g.lines(ticks, { stroke: 'acked', width: 1.2, name: 'duplicates' });
  }
  function sequenceFinding(c, segments, edge) {
    const again = segments.filter((i) => P.resent[i] !== null).length, gone = segments.filter(hasLoss).length;
    const parts = [(view.out ? c.local : c.remote) + ' sends ' + counted(segments.length, 'segment')];
    parts.push(again ? again + ' sent again' : 'none sent again');
    if (gone) parts.push(gone + ' lost on the link');
    const needless = segments.filter((i) => spurious.has(i)).length;
    if (needless) parts.push(needless + ' of them needlessly');
    if (bounds(c.variables.t, edge)[0] > sketches.sequence?.high) parts.push('the window edge is above the picture');
    return parts.join(', ');
  }

  // What kept us from sending more, and from when on: as the stack told it; of a run that does not
  // tell, as its variables let it be seen.
  const limits = (conn) => series(conn, 'limits', ({ variables: v }) => {
    const told = eventsOf('tcp:blocked_by_updated', conn);
    if (told.length) return { t: told.map((k) => E.t[k]), by: told.map((k) => laneOf(eventFields(k).by)) };
    const by = v.t.map((_, k) => {
      // During the handshake nothing may be sent yet.
      if (v.nxt[k] === null || v.una[k] === null || v.rcv_nxt[k] === null) return null;
      const waiting = v.unacknowledged[k] - (v.nxt[k] - v.una[k]);
      if (!(waiting > 0)) return 'app';
      if (v.nxt[k] + v.mss[k] > v.una[k] + v.snd_wnd[k]) return 'rwnd';
      return v.in_flight[k] + v.mss[k] > v.cwnd[k] ? 'cwnd' : 'other';
    });
    return { t: v.t, by };
  });
  const laneOf = (by) => ['cwnd', 'rwnd', 'app'].includes(by) ? by : by === 'nothing' ? null : 'other';
  // How long each of them held us back between two moments; each stretch goes to `each`.
  function heldBack(conn, from, to, each) {
    const { t, by } = limits(conn), lengths = { cwnd: 0, rwnd: 0, app: 0, other: 0 }, v = data.connections[conn].variables;
    const end = v.t.length ? v.t[v.t.length - 1] : 0;
    for (let k = 0; k < t.length; k++) {
      const begin = Math.max(t[k], from), until = Math.min(k + 1 < t.length ? t[k + 1] : end, to);
      if (by[k] === null || until <= begin) continue;
      lengths[by[k]] += until - begin;
      if (each) each(by[k], begin, until);
    }
    return lengths;
  }
  const LIMITS = [['cwnd', 'cwnd'], ['rwnd', 'edge'], ['app', 'faint'], ['other', 'flight']];
  function drawWindows(g) {
    const v = data.connections[view.conn].variables, kernel = data.connections[view.conn].kernel;
    const [, most] = bounds(v.t, v.cwnd, v.in_flight), [, theirs] = bounds(kernel.t, kernel.cwnd);
    const high = Math.max(most, kernel.t.length ? theirs : 0) * 1.1;
    g.bottom -= 26;
    g.range(0, high);
    g.axes('bytes');
    g.steps(v.t, v.ssthresh.map((s) => s !== null && s > high ? null : s), { stroke: 'threshold', width: 1.4, dash: [2, 3], name: 'ssthresh' });
    g.steps(v.t, v.in_flight, { stroke: 'flight', width: 1.3, name: 'inflight' });
    g.steps(v.t, v.cwnd, { stroke: 'cwnd', width: 2, name: 'cwnd' });
    if (kernel.t.length) g.steps(kernel.t, kernel.cwnd, { stroke: 'edge', width: 1.6, dash: [5, 3], name: 'kernel' });
    const lanes = { cwnd: [], rwnd: [], app: [], other: [] };
    const lengths = heldBack(view.conn, view.from, view.to, (by, begin, until) => {
      const y = g.bottom + 21 + 6 * LIMITS.findIndex(([lane]) => lane === by), line = lanes[by];
      const x = g.x(begin), end = Math.min(g.right, Math.max(g.x(until), x + 1));
      if (line.length && x - line[line.length - 2] < 0.5) line[line.length - 2] = end;
      else line.push(x, y, end, y);
    });
    LIMITS.forEach(([by, paint], lane) => {
      g.strokes.push({ lines: lanes[by], stroke: paint, width: 4, name: 'by-' + by });
      g.text(g.left - 6, g.bottom + 24 + 6 * lane, by, { fill: 'faint', anchor: 'end', size: 8 });
    });
    for (const i of seenPackets(view.conn, 1)) g.hit(g.x(P.t[i]), g.bottom, i);
    const all = Object.values(lengths).reduce((a, b) => a + b, 0) || 1;
    const share = (by) => Math.round(100 * lengths[by] / all) + '\u202f%';
    const [, cwnd] = bounds(v.t, v.cwnd), [, flight] = bounds(v.t, v.in_flight);
    if (inferred) return `in flight up to ${grouped(flight)}, so cwnd came to that at least; no capture has cwnd itself`;
    return `cwnd up to ${grouped(cwnd)}, in flight up to ${grouped(flight)}; limited by cwnd ${share('cwnd')}, ` +
      `by the peer's window ${share('rwnd')}, nothing to send ${share('app')}, other ${share('other')} of the time`;
  }

  function drawRtt(g) {
    const r = data.connections[view.conn].rtt, times = r.t;
    const above = series(view.conn, 'above', () => r.smoothed.map((s, k) => s + 4 * r.variance[k]));
    const below = series(view.conn, 'below', () => r.smoothed.map((s, k) => Math.max(0, s - 4 * r.variance[k])));
    let [, high] = bounds(times, r.latest, r.smoothed);
    const [, widest] = bounds(times, above), [, rto] = bounds(times, r.rto);
    if (widest < high * 3) high = Math.max(high, widest);
    const shown = rto < high * 4;
    if (shown) high = Math.max(high, rto);
    g.range(0, high * 1.1);
    g.axes('ms');
    const band = [], back = [], begin = Math.max(0, placeOf(times.length, (k) => times[k], view.from) - 1);
    for (let k = begin; k < times.length && times[k] <= view.to; k++) {
      const x = Math.max(g.left, g.x(times[k])), end = k + 1 < times.length ? Math.min(g.right, g.x(times[k + 1])) : x;
      band.push([x, g.y(above[k])], [end, g.y(above[k])]);
      back.push([x, g.y(below[k])], [end, g.y(below[k])]);
    }
    g.path([...band, ...back.reverse()], { fill: 'cwnd', faint: 0.14, name: 'band' });
    if (shown) g.steps(times, r.rto, { stroke: 'bad', width: 1.3, dash: [6, 3], name: 'rto' });
    g.steps(times, r.smoothed, { stroke: 'cwnd', width: 1.8, name: 'srtt' });
    const dots = [], none = [];
    for (let k = begin; k < times.length && times[k] <= view.to; k++) {
      const x = g.x(times[k]), y = g.y(r.latest[k]);
      dots.push(x - 1.5, y, x + 1.5, y);
    }
    g.lines(dots, { stroke: 'data', width: 3, name: 'samples' });
    for (const i of seenPackets(view.conn, 1)) {
      const x = g.x(P.t[i]);
      if (P.resent[i] !== null && none.length < 8 * LABELS_MOST) none.push(x - 3, g.bottom - 6, x + 3, g.bottom, x - 3, g.bottom, x + 3, g.bottom - 6);
      g.hit(x, g.bottom, i);
    }
    g.lines(none, { stroke: 'resent', width: 1.5, name: 'no-sample' });
    if (!times.length) return 'no sample';
    const number = (n) => Number(n.toPrecision(3));
    return counted(times.length, 'sample') + ', srtt ' + number(r.smoothed[times.length - 1]) + ' ms, rto ' +
      number(r.rto[times.length - 1]) + ' ms at last' + (shown ? '' : ' (above the picture)');
  }

  function drawQueue(g) {
    const queues = data.links;
    let high = 1;
    for (const queue of queues) high = Math.max(high, bounds(queue.t, queue.bytes)[1]);
    g.range(0, high * 1.15);
    g.axes('bytes');
    const styles = [['cwnd', null], ['edge', [5, 3]], ['acked', [2, 2]], ['flight', [8, 3]]];
    queues.forEach((queue, k) => {
      const [stroke, dash] = styles[k % styles.length];
      g.steps(queue.t, queue.bytes, { stroke, dash, width: 1.6, name: 'queue' });
    });
    const drops = seenEvents('link:dropped', null);
    drops.slice(0, LABELS_MOST).forEach((k) => g.text(g.x(E.t[k]), 14, '✕', { fill: 'bad', anchor: 'middle', bold: true, size: 13, name: 'mark' }));
    for (const i of seenPackets(view.conn, 1)) g.hit(g.x(P.t[i]), g.bottom, i);
    const queue = queues[0];
    const filled = queue ? ', at most ' + counted(bounds(queue.t, queue.packets)[1], 'packet') + ' in ' + queue.link + ' ' + queue.way : '';
    return counted(drops.length, 'packet') + ' dropped by the link' + filled;
  }

  const DRAW = { sequence: drawSequence, windows: drawWindows, rtt: drawRtt, queue: drawQueue };
  const TALL = { sequence: 340, windows: 190, rtt: 140, queue: 130 };
  function legends() {
    const sent = view.out === 1;
    const marks = [['bars', 'data', 'segment'], ['R', 'resent', 'sent again'], ['bars', 'sack', 'SACK'],
      ['╵', 'acked', 'duplicate ACK'], ['line', 'acked', 'acknowledged'], ['line', 'edge', "receiver's window"]];
    if (sent) marks.push(['dashed', 'cwnd', 'una + cwnd'], ['✕', 'bad', 'lost on the link'], ['x', 'bad', 'thought lost']);
    marks.push(['Z', 'bad', 'zero window'], ['CE', 'flight', 'congestion experienced']);
    if (spurious.size) marks.push(['S', 'resent', 'sent again needlessly']);
    legend('sequence-legend', marks);
    const windows = [['line', 'cwnd', 'cwnd'], ['line', 'flight', 'in flight'], ['dotted', 'threshold', 'ssthresh, where in view']];
    if (data.connections.some((c) => c.kernel.t.length)) windows.push(['dashed', 'edge', "the kernel's cwnd"]);
    legend('windows-legend', [...windows, ['area', 'faint', 'below: what limits the sender']]);
    legend('rtt-legend', [['dots', 'data', 'sample'], ['line', 'cwnd', 'srtt'], ['area', 'cwnd', 'srtt ± 4·rttvar'],
      ['dashed', 'bad', 'rto'], ['x', 'resent', 'sent again: no sample']]);
    legend('queue-legend', data.links.map((queue, k) => [['line', 'dashed', 'dotted', 'dashed'][k % 4],
      ['cwnd', 'edge', 'acked', 'flight'][k % 4], queue.link + ' ' + queue.way]).concat([['✕', 'bad', 'dropped']]));
  }
  function drawGraph(id) {
    const box = el(id), width = Math.max(300, box.clientWidth);
    const g = new Sketch(width, TALL[id], view.from, view.to);
    sketches[id] = g;
    el(id + '-finding').textContent = DRAW[id](g);
    const drawing = g.marks > MARKS_MOST ? g.canvas() : g.svg((name) => `var(--${name})`);
    const over = svg('svg', { class: 'over', viewBox: `0 0 ${width} ${TALL[id]}`, 'aria-hidden': 'true' });
    over.append(svg('line', { class: 'cursor', y1: 0, y2: g.bottom, x1: -9, x2: -9 }),
      svg('line', { class: 'hover', y1: 0, y2: g.bottom, x1: -9, x2: -9 }),
      svg('rect', { class: 'drag', y: 0, height: g.bottom, x: -9, width: 0 }));
    drawing.setAttribute('role', 'img');
    drawing.setAttribute('aria-labelledby', id + '-finding');
    box.replaceChildren(drawing, over);
  }
  // A chosen packet moves a line; what lies below stays.
  function drawCursors() {
    const t = view.chosen !== null ? P.t[view.chosen] : view.event !== null ? E.t[view.event] : null;
    for (const id of GRAPHS) {
      const line = el(id).querySelector('.cursor');
      if (!line) continue;
      const x = t === null || t < view.from || t > view.to ? -9 : Math.round(sketches[id].x(t)) + 0.5;
      line.setAttribute('x1', x);
      line.setAttribute('x2', x);
    }
  }
  function drawGraphs() {
    if (!data.connections.length) return;
    for (const id of GRAPHS) if (!el(id + '-panel').hidden) drawGraph(id);
    drawCursors();
  }

