  // ---- Runs over each other. A colour and a dash are a variant; runs of its seeds look alike.
  const first = 0;
  const GRAPHS = ['acknowledged', 'congestion_window', 'wait'];
  const PAINTS = ['cwnd', 'resent', 'acked', 'sack', 'edge', 'data', 'flight', 'threshold'];
  const DASHES = [null, [7, 3], [2, 2], [9, 3, 2, 3]];
  const look = (variant) => ({
    stroke: PAINTS[variant % PAINTS.length],
    dash: DASHES[Math.floor(variant / PAINTS.length + variant) % DASHES.length],
  });
  const shown = new Set(data.variants.map((_, k) => k));

  // A curve as steps: a value a stretch, or where it has several its least, greatest and last.
  for (const line of data.lines) {
    const { width, at, low, high, last } = line.curve;
    line.t = [];
    line.v = [];
    at.forEach((stretch, k) => {
      const values = low[k] === high[k] ? [last[k]] : [low[k], high[k], last[k]];
      for (const value of values) { line.t.push(stretch * width); line.v.push(value); }
    });
    line.end = line.t.length ? line.t[line.t.length - 1] + width : 0;
  }
  const ends = data.lines.filter((line) => line.t.length);
  const opening = ends.length ? Math.min(...ends.map((line) => line.t[0])) : 0;
  const closing = Math.max(opening + 1000, ...ends.map((line) => line.end));
  const view = { from: opening, to: closing };
  const sketches = {};

  const options = (id, list, say) => el(id).replaceChildren(...list.map((value) => {
    const option = html('option', say ? say(value) : value);
    option.value = value;
    return option;
  }));
  const of = (what) => [...new Set(data.lines.filter((line) => line.what === what).map((line) => line.of))];
  // The queue in which packets waited longest comes first, and so does who has sent most.
  const greatest = (what, name) => data.lines.filter((line) => line.what === what && line.of === name)
    .reduce((most, line) => line.v.reduce((m, v) => Math.max(m, v), most), 0);
  const ordered = (what) => of(what).sort((a, b) => greatest(what, b) - greatest(what, a));
  options('host', ordered('acknowledged'));
  options('way', ordered('wait'));
  options('seed', ['all', ...data.drawn.map(String)], (seed) => seed === 'all' ? 'all' : seed);

  function drawn(id) {
    const whose = el(id === 'wait' ? 'way' : 'host').value, seed = el('seed').value;
    return data.lines.filter((line) => line.what === id && line.of === whose && shown.has(line.variant) &&
      (seed === 'all' || String(line.seed) === seed));
  }
  const SAY = {
    acknowledged: (v) => grouped(v) + ' B',
    congestion_window: (v) => grouped(v) + ' B',
    wait: span,
  };
  const UNIT = { acknowledged: 'bytes', congestion_window: 'bytes', wait: 'wait' };
  // The value that holds at a time; null before the first.
  function valueAt(line, t) {
    const place = placeOf(line.t.length, (k) => line.t[k], t + 1) - 1;
    return place < 0 ? null : line.v[place];
  }
  const called = (line) => data.variants[line.variant] + (data.drawn.length > 1 ? ', seed ' + line.seed : '');

  function drawGraph(id) {
    const box = el(id), width = Math.max(300, box.clientWidth), tall = id === 'wait' ? 200 : 260;
    const g = new Sketch(width, tall, view.from, view.to), lines = drawn(id);
    sketches[id] = g;
    let high = 1;
    for (const line of lines) {
      const begin = Math.max(0, placeOf(line.t.length, (k) => line.t[k], view.from) - 1);
      for (let k = begin; k < line.t.length && line.t[k] <= view.to; k++) high = Math.max(high, line.v[k]);
    }
    g.range(0, high * 1.08);
    g.axes(UNIT[id], id === 'wait' ? (v) => v === 0 ? '0' : span(v) : undefined);
    for (const line of lines) {
      g.steps(line.t, line.v, { ...look(line.variant), width: 1.5, name: 'run' }, Math.min(view.to, line.end));
    }
    const drawing = g.marks > MARKS_MOST ? g.canvas() : g.svg((name) => `var(--${name})`);
    const over = svg('svg', { class: 'over', viewBox: `0 0 ${width} ${tall}`, 'aria-hidden': 'true' });
    for (const { variant, at } of data.partings) {
      if (at === null || !shown.has(variant) || at < view.from || at > view.to) continue;
      const x = g.x(at);
      over.append(svg('line', { class: 'parting', x1: x, x2: x, y1: 14, y2: g.bottom, stroke: `var(--${look(variant).stroke})` }));
    }
    over.append(svg('line', { class: 'hover', y1: 0, y2: g.bottom, x1: -9, x2: -9 }),
      svg('rect', { class: 'drag', y: 0, height: g.bottom, x: -9, width: 0 }));
    drawing.setAttribute('role', 'img');
    drawing.setAttribute('aria-labelledby', id + '-finding');
    box.replaceChildren(drawing, over);
    el(id + '-finding').textContent = lines.length ? counted(lines.length, 'run') + ' drawn; point at one to hear of it' : 'nothing to draw';
  }
  function drawGraphs() { GRAPHS.forEach(drawGraph); }
  function see(from, to) {
    [view.from, view.to] = [Math.max(opening, from), Math.min(closing, Math.max(to, from + 1000))];
    drawGraphs();
  }

  // What holds where somebody points, nearest first.
  function point(id, event) {
    const g = sketches[id], box = el(id).getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top, t = g.time(x);
    for (const other of GRAPHS) {
      const line = el(other).querySelector('.hover');
      line.setAttribute('x1', x);
      line.setAttribute('x2', x);
    }
    const values = drawn(id).map((line) => [line, valueAt(line, t)]).filter(([, v]) => v !== null);
    if (!values.length) return;
    values.sort((a, b) => Math.abs(g.y(a[1]) - y) - Math.abs(g.y(b[1]) - y));
    const [line, value] = values[0];
    el(id + '-finding').textContent = called(line) + ': ' + SAY[id](value) + ' at ' + (t / 1e9).toFixed(3) + ' s';
  }
  for (const id of GRAPHS) {
    let begun = null;
    const box = el(id), clipped = (event) => {
      const g = sketches[id];
      return Math.min(g.right, Math.max(g.left, event.clientX - box.getBoundingClientRect().left));
    };
    box.addEventListener('pointermove', (event) => {
      point(id, event);
      if (begun === null) return;
      const x = clipped(event), rect = box.querySelector('.drag');
      rect.setAttribute('x', Math.min(x, begun));
      rect.setAttribute('width', Math.abs(x - begun));
    });
    box.addEventListener('pointerdown', (event) => { if (event.button === 0) begun = clipped(event); });
    window.addEventListener('pointerup', (event) => {
      if (begun === null) return;
      const from = begun, to = clipped(event), g = sketches[id];
      begun = null;
      if (Math.abs(to - from) > 4) see(g.time(Math.min(from, to)), g.time(Math.max(from, to)));
    });
    box.addEventListener('dblclick', () => see(opening, closing));
  }
  for (const one of document.querySelectorAll('[data-save]')) {
    one.addEventListener('click', () => {
      const id = one.dataset.save;
      saveSvg(sketches[id].svg((name) => `var(--${name})`), id + '.svg');
    });
  }

  // ---- What is drawn, and the figures.
  el('variants').append(...data.variants.map((name, k) => {
    const label = html('label'), box = html('input'), swatch = svg('svg', { viewBox: '0 0 34 12', 'aria-hidden': 'true' });
    const { stroke, dash } = look(k);
    box.type = 'checkbox';
    box.checked = true;
    box.addEventListener('change', () => {
      if (box.checked) shown.add(k); else shown.delete(k);
      drawGraphs();
    });
    swatch.append(svg('line', { x1: 0, x2: 34, y1: 6, y2: 6, stroke: `var(--${stroke})`, 'stroke-width': 3,
      'stroke-dasharray': dash ? dash.join(' ') : null }));
    label.append(box, swatch, html('span', name));
    return label;
  }));
  const fixed = (value, digits) => value === null || value === undefined ? '–' : value.toFixed(digits);
  function figures() {
    const table = html('table'), head = html('tr'), body = html('tbody');
    const titles = ['', 'goodput Mbit/s', 'least', 'most', 'queue ms', 'p95', 'max', 'sent again %', 'RTO', 'ends s', 'Jain'];
    head.append(...titles.map((title, k) => html('th', title, k ? 'number' : null)));
    for (const row of data.rows) {
      const line = html('tr'), bps = row.goodput || {}, queue = row.queue_ms || {};
      const mega = (bits) => bits === undefined ? null : bits / 1e6;
      const cells = [fixed(mega(bps.mean), 2), fixed(mega(bps.min), 2), fixed(mega(bps.max), 2), fixed(queue.mean, 1),
        fixed(queue.p95, 1), fixed(queue.max, 1), fixed(row.retrans_percent, 2), fixed(row.rto, 1),
        fixed(row.completion_s, 3), fixed(row.jain, 3)];
      line.append(html('td', row.name), ...cells.map((cell) => html('td', cell, 'number')));
      body.append(line);
    }
    table.append(html('thead'), body);
    table.tHead.append(head);
    el('figures').replaceChildren(table);
    el('claims').replaceChildren(...data.claims.map((one) => html('li', one.that + '   ' + one.values.join(', '), one.held ? 'held' : 'failed')));
  }
  function partings() {
    el('parting-panel').hidden = !data.partings.length;
    el('parting-finding').textContent = `With seed ${data.seed}, held to ${data.variants[0]}, until the first thing that one tells and the other does not.`;
    el('partings').replaceChildren(...data.partings.map(({ variant, at, said }) => {
      const item = html('li'), [head, ...rest] = said, text = data.variants[variant] + ': ' + head;
      item.append(at === null ? html('span', text) : button(text, () => see(at - (closing - opening) / 50, at + (closing - opening) / 50), 'link'));
      item.append(...rest.map((line) => html('p', line, 'mono')));
      return item;
    }));
  }

  const facts = [counted(data.variants.length, 'variant'), counted(data.seeds, 'seed'), 'virtual time'];
  if (data.drawn.length < data.seeds) facts.push(`drawn are the first ${data.drawn.length} seeds`);
  el('said').replaceChildren(...facts.map((fact) => html('span', fact)));
  el('note').textContent = data.note || '';
  el('note').hidden = !data.note;
  for (const id of ['seed', 'host', 'way']) el(id).addEventListener('change', drawGraphs);
  for (const id of ['seed', 'host', 'way']) el(id).parentElement.hidden = el(id).options.length < (id === 'seed' ? 3 : 2);
  el('all').addEventListener('click', () => see(opening, closing));
  el('print').addEventListener('click', () => window.print());
  window.addEventListener('keydown', (event) => { if (event.key === 'Escape') see(opening, closing); });
  let wide = window.innerWidth;
  window.addEventListener('resize', () => { if (window.innerWidth !== wide) { wide = window.innerWidth; drawGraphs(); } });
  figures();
  partings();
  drawGraphs();
  // Where a test looks whether all of it came up.
  document.documentElement.dataset.ready = String(data.lines.length);
})();
