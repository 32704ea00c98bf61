  // ---- Ladder: a row a packet; long waits between them are folded, and say how long they were.
  const ROW = 18, GAP = 24, GAP_LEAST = 2e6;
  const tops = new Float64Array(count + 1);
  // What a link lost before any of our stacks saw it is no packet here, and has a row all the same.
  const ids = new Set(P.id), strays = [];
  for (const k of named.get('link:dropped') || []) {
    const fields = eventFields(k);
    if (!ids.has(fields.packet)) strays.push({ k, fields, y: 0 });
  }
  let height = 16, placed = 0;
  for (let i = 0; i <= count; i++) {
    while (placed < strays.length && (i === count || E.t[strays[placed].k] <= P.t[i])) {
      strays[placed++].y = height;
      height += ROW;
    }
    if (i === count) break;
    if (i && P.t[i] - P.t[i - 1] > GAP_LEAST) height += GAP;
    tops[i] = height;
    height += ROW;
  }
  el('ladder-space').style.height = height + ROW + 'px';
  // How far down a moment is.
  function depth(t) {
    const i = placeOf(count, (k) => P.t[k], t);
    if (i === 0) return count ? tops[0] - 8 : 8;
    if (i === count) return tops[count - 1] + 6;
    const part = (t - P.t[i - 1]) / (P.t[i] - P.t[i - 1] || 1);
    return tops[i - 1] + part * (tops[i] - tops[i - 1]);
  }

  // From when to when each timer of a connection ran, and whether it expired.
  const LANES = ['rto', 'tlp', 'rack', 'persist', 'delack', 'time_wait'];
  function timersOf(conn) {
    const running = new Map(), spans = [];
    for (const k of eventsOf('tcp:timer_updated', conn)) {
      const { timer, event } = eventFields(k), began = running.get(timer);
      if (began !== undefined) spans.push({ timer, from: began, to: E.t[k], fired: event === 'expired', k });
      if (event === 'set') running.set(timer, E.t[k]); else running.delete(timer);
    }
    const shown = spans.filter((span) => LANES.includes(span.timer));
    for (const span of shown) { span.low = depth(span.from); span.high = depth(span.to); }
    return shown;
  }
  function statesOf(conn) {
    const bands = [];
    for (const k of eventsOf('tcp:state_updated', conn)) {
      const band = bands[bands.length - 1];
      if (band) band.to = E.t[k];
      bands.push({ state: eventFields(k).new, from: E.t[k], to: last });
    }
    return bands;
  }
  let bands = [], timers = [];
  const spoken = (state) => state.toUpperCase().replace(/_/g, '-');

  // Where the ladder was drawn last, and the rows that it has: half a screen more at both ends.
  let drawnAt = 0;
  const rungs = new Map();
  function scrolled() {
    const box = el('ladder');
    if (Math.abs(box.scrollTop - drawnAt) > box.clientHeight / 3) drawLadder();
  }
  // Another row is the chosen one.
  function showChosen(i) {
    if (!rungs.has(i)) return drawLadder();
    scrolled();
    for (const [at, row] of rungs) row.classList.toggle('chosen', at === i);
  }
  function drawLadder() {
    const box = el('ladder'), from = Math.max(0, box.scrollTop - box.clientHeight / 2);
    const to = box.scrollTop + 1.5 * box.clientHeight, width = Math.max(box.clientWidth - 2, 330);
    const narrow = width < 460, left = narrow ? 104 : 186, right = left + (narrow ? 70 : Math.min(150, width / 4));
    const drawing = svg('svg', { width, height: to - from, viewBox: `0 0 ${width} ${to - from}`, 'aria-hidden': 'true' });
    drawing.style.top = from + 'px';
    const seen = (low, high) => high >= from && low <= to;
    bands.forEach((band, at) => {
      const low = depth(band.from), high = depth(band.to);
      if (!seen(low, high) || band.state === 'closed') return;
      drawing.append(svg('rect', { class: 'band b' + at % 2, x: left - 5, width: 10, y: low - from, height: Math.max(2, high - low) }));
    });
    for (const x of [left, right]) drawing.append(svg('line', { class: 'life', x1: x, x2: x, y1: 0, y2: to - from }));
    const running = narrow ? [] : timers.filter((span) => seen(span.low, span.high));
    for (const { timer, low, high, fired } of running) {
      const x = left - 16 - 5 * LANES.indexOf(timer) % 25;
      drawing.append(svg('line', { class: fired ? 'timer fired' : 'timer', x1: x, x2: x, y1: low - from, y2: high - from }));
    }
    rungs.clear();
    for (let i = placeOf(count, (k) => tops[k], from); i < count && tops[i] < to; i++) {
      rungs.set(i, rung(i, tops[i] - from, { width, left, right, narrow }));
      drawing.append(rungs.get(i));
    }
    for (const one of strays) if (seen(one.y, one.y)) drawing.append(strayed(one, one.y - from, { width, left, right, narrow }));
    for (const { timer, high, k } of running.filter((span) => span.fired && seen(span.high, span.high))) {
      const x = left - 22 - 5 * LANES.indexOf(timer);
      const label = svg('text', { class: 'alarm', x, y: high - from - 8, 'text-anchor': 'end' }, timer + ' expired ▸');
      label.addEventListener('click', () => chooseEvent(k));
      drawing.append(label);
    }
    for (const band of bands) {
      const y = depth(band.from);
      if (seen(y, y)) drawing.append(svg('text', { class: 'state', x: left + 9, y: y - from + 12 }, narrow ? '' : spoken(band.state)));
    }
    drawnAt = box.scrollTop;
    el('ladder-space').replaceChildren(drawing);
  }
  // An arrow that comes from the other end and ends on the way.
  function strayed({ k, fields }, y, { width, left, right, narrow }) {
    const row = svg('g', { class: 'row in dropped stray' }), middle = (left + right) / 2;
    row.append(svg('rect', { x: 0, y: y - 13, width, height: ROW }));
    row.append(svg('text', { x: 4, y }, eventName(k)));
    row.append(svg('text', { x: narrow ? 46 : 58, y, class: 'faint' }, narrow ? seconds(E.t[k]).slice(0, -2) : '+' + seconds(E.t[k])));
    row.append(svg('line', { class: 'arrow', x1: right, x2: middle + 5, y1: y - 8, y2: y - 6 }));
    row.append(svg('text', { class: 'cross', x: middle, y: y - 1, 'text-anchor': 'middle' }, '✕'));
    const said = 'lost on its way to us (' + fields.reason + ')' + (fields.bytes ? ', ' + grouped(fields.bytes) + ' B' : '');
    row.append(svg('text', { class: 'words', x: right + 10, y }, said));
    row.addEventListener('click', () => chooseEvent(k));
    return row;
  }
  function rung(i, y, { width, left, right, narrow }) {
    const classes = ['row', P.out[i] ? 'out' : 'in'], lost = isLost(i), wait = i ? P.t[i] - P.t[i - 1] : 0;
    if (i === view.chosen) classes.push('chosen');
    if (P.resent[i] !== null) classes.push('resent');
    if (lost || isDropped(i)) classes.push('dropped');
    if (P.conn[i] !== view.conn) classes.push('other');
    const row = svg('g', { class: classes.join(' ') });
    row.append(svg('rect', { x: 0, y: y - 13, width, height: ROW }));
    row.append(svg('text', { x: 4, y }, name(i)));
    if (wait > GAP_LEAST) {
      row.append(svg('text', { class: 'gap', x: (left + right) / 2, y: y - 18, 'text-anchor': 'middle' }, '⋯ ' + span(wait) + ' ⋯'));
    }
    row.append(svg('text', { x: narrow ? 46 : 58, y, class: 'faint' }, narrow ? seconds(P.t[i]).slice(0, -2) : '+' + seconds(P.t[i])));
    const [x1, end] = P.out[i] ? [left + 5, right] : [right, left + 5];
    const x2 = lost ? (x1 + end) / 2 : end, way = P.out[i] ? 1 : -1;
    row.append(svg('line', { class: 'arrow', x1, x2: x2 - way * 5, y1: y - 8, y2: lost ? y - 6 : y - 4 }));
    if (lost) row.append(svg('text', { class: 'cross', x: x2, y: y - 1, 'text-anchor': 'middle' }, '✕'));
    else row.append(svg('path', { class: 'head', d: `M${x2} ${y - 4}l${-8 * way} -4v8z` }));
    const said = describe(i), note = oddity(i), room = Math.floor((width - right - 18) / 6.7);
    let line = data.connections.length > 1 && P.conn[i] !== null ? data.connections[P.conn[i]].id + '  ' + said : said;
    if (note !== null && P.resent[i] === null) line += '  — ' + note;
    row.append(svg('text', { class: 'words', x: right + 10, y }, line.length > room ? line.slice(0, room - 1) + '…' : line));
    row.addEventListener('click', () => choose(i));
    return row;
  }

