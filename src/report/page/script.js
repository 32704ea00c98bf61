'use strict';
(async () => {
  // Deflated JSON; columns of numbers are differences from the last that is not null.
  async function unpacked() {
    const bytes = Uint8Array.from(atob(document.getElementById('data').textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    const data = JSON.parse(await new Response(stream).text());
    const summed = (column) => {
      let last = 0;
      return column.map((value) => value === null ? null : (last += value));
    };
    for (const name in data.packets) data.packets[name] = summed(data.packets[name]);
    for (const { variables, rtt } of data.connections) {
      for (const name in variables) variables[name] = summed(variables[name]);
      rtt.t = summed(rtt.t);
    }
    return data;
  }
  const data = await unpacked();
  const P = data.packets, S = data.strings, count = P.id.length;
  const el = (id) => document.getElementById(id);
  const SVG = 'http://www.w3.org/2000/svg';
  const word = (place) => place === null ? null : S[place];
  const seconds = (t) => (t / 1e9).toFixed(6);
  const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, '\u202f');

  function svg(tag, attributes, text) {
    const made = document.createElementNS(SVG, tag);
    for (const name in attributes) made.setAttribute(name, attributes[name]);
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function html(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  // What is looked at: one packet, one connection, one direction, one stretch of time.
  const first = count ? P.t[0] : 0, last = count ? P.t[count - 1] : 1;
  const view = { from: first, to: Math.max(last, first + 1000), chosen: null, conn: 0, out: 1 };

  const name = (i) => P.frame[i] !== null ? '#' + P.frame[i] : 'e' + P.id[i];
  const isAnomaly = (i) => P.resent[i] !== null ||
    (!P.out[i] && ['dropped', 'out_of_window', 'challenged', 'duplicate'].includes(word(P.kind[i])));

  function describe(i) {
    if (P.seq[i] === null) return word(P.protocol[i]) + ', ' + P.bytes[i] + ' B';
    let line = word(P.flags[i]) + ' seq ' + P.seq[i];
    if (P.len[i]) line += '..' + (P.seq[i] + P.len[i] - 1) + ' (' + P.len[i] + ' B)';
    if (P.ack[i] !== null) line += ' ack ' + P.ack[i];
    if (P.resent[i] !== null) line += '  RETRANSMIT ' + word(P.resent[i]);
    return line;
  }

  // ---- Ladder: rows whose distance grows with the logarithm of the time between them.
  const ROW = 17;
  const tops = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) {
    const gap = i ? P.t[i] - P.t[i - 1] : 0;
    const more = gap > 2e6 ? Math.min(26, 6 * Math.log10(gap / 1e6)) : 0;
    tops[i] = (i ? tops[i - 1] + ROW : 14) + more;
  }
  const height = count ? tops[count - 1] + 2 * ROW : ROW;
  el('ladder-space').style.height = height + 'px';

  function rowAt(y) {
    let low = 0, high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (tops[middle] < y) low = middle + 1; else high = middle;
    }
    return low;
  }
  function drawLadder() {
    const box = el('ladder'), space = el('ladder-space');
    const from = Math.max(0, box.scrollTop - box.clientHeight);
    const to = box.scrollTop + 2 * box.clientHeight;
    const width = Math.max(box.clientWidth - 2, 340);
    const left = 138, right = left + Math.min(120, width / 5), words = right + 12;
    const drawing = svg('svg', { width, height: to - from, 'aria-hidden': 'true' });
    drawing.style.top = from + 'px';
    for (const x of [left, right]) {
      drawing.append(svg('line', { class: 'life', x1: x, x2: x, y1: 0, y2: to - from }));
    }
    for (let i = rowAt(from); i < count && tops[i] < to; i++) {
      const y = tops[i] - from;
      const classes = ['row'];
      if (i === view.chosen) classes.push('chosen');
      if (P.resent[i] !== null) classes.push('resent');
      if (!P.out[i] && word(P.kind[i]) === 'dropped') classes.push('dropped');
      const row = svg('g', { class: classes.join(' ') });
      row.append(svg('rect', { x: 0, y: y - 12, width, height: ROW }));
      row.append(svg('text', { x: 4, y }, name(i)));
      row.append(svg('text', { x: 52, y, class: 'faint' }, '+' + seconds(P.t[i])));
      const [x1, x2] = P.out[i] ? [left, right] : [right, left];
      row.append(svg('line', { class: 'arrow', x1, x2, y1: y - 7, y2: y - 2 }));
      const step = P.out[i] ? -7 : 7;
      row.append(svg('path', { class: 'head', d: `M${x2} ${y - 2}l${step} -4v7z` }));
      row.append(svg('text', { x: words, y }, describe(i)));
      row.addEventListener('click', () => choose(i));
      drawing.append(row);
    }
    space.replaceChildren(drawing);
  }

  // ---- Graphs.
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name);
  function plane(id) {
    const canvas = el(id), ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, tall = canvas.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(tall * ratio);
    const pen = canvas.getContext('2d');
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, tall);
    pen.font = '11px system-ui, sans-serif';
    return { pen, width, tall, left: 64, bottom: tall - 20 };
  }
  const across = (on, t) => on.left + (t - view.from) / (view.to - view.from) * (on.width - on.left - 6);
  const visible = (t) => t >= view.from && t <= view.to;

  // Round numbers within a range: 1, 2 or 5 times a power of ten apart.
  function ticks(low, high, most) {
    const rough = (high - low) / most || 1, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
    const list = [];
    for (let n = Math.ceil(low / step); n * step <= high; n++) list.push(n * step);
    return list;
  }
  function axes(on, low, high) {
    const { pen } = on;
    const up = (v) => on.bottom - (v - low) / (high - low || 1) * (on.bottom - 8);
    pen.fillStyle = color('faint');
    pen.strokeStyle = color('line');
    pen.lineWidth = 1;
    pen.textAlign = 'right';
    for (const v of ticks(low, high, 4)) {
      const y = Math.round(up(v)) + 0.5;
      pen.beginPath(); pen.moveTo(on.left, y); pen.lineTo(on.width, y); pen.stroke();
      pen.fillText(Number.isInteger(v) ? grouped(v) : String(+v.toPrecision(6)), on.left - 4, y + 4);
    }
    pen.textAlign = 'center';
    for (const t of ticks(view.from, view.to, 6)) {
      const x = Math.min(across(on, t), on.width - 26);
      pen.fillText(+(t / 1e9).toPrecision(9) + ' s', x, on.tall - 6);
    }
    return up;
  }
  // A value holds until the next: lines go across, then up or down, never slanted.
  function steps(on, up, times, values, style, dash, wide) {
    const { pen } = on;
    pen.strokeStyle = color(style);
    pen.lineWidth = wide || 1.5;
    pen.setLineDash(dash || []);
    pen.beginPath();
    let drawing = false, before = null;
    for (let i = 0; i < times.length; i++) {
      const until = i + 1 < times.length ? times[i + 1] : view.to;
      if (until < view.from || times[i] > view.to) continue;
      if (values[i] === null) { drawing = false; continue; }
      const x = across(on, Math.max(times[i], view.from)), y = up(values[i]);
      if (drawing) { if (before !== y) { pen.lineTo(x, before); pen.lineTo(x, y); } }
      else pen.moveTo(x, y);
      pen.lineTo(across(on, Math.min(until, view.to)), y);
      drawing = true; before = y;
    }
    pen.stroke();
    pen.setLineDash([]);
  }
  function bounds(times, ...lines) {
    let high = -Infinity, low = Infinity;
    for (let i = 0; i < times.length; i++) {
      const until = i + 1 < times.length ? times[i + 1] : view.to;
      if (until < view.from || times[i] > view.to) continue;
      for (const line of lines) {
        const v = line[i];
        if (v === null) continue;
        if (v > high) high = v;
        if (v < low) low = v;
      }
    }
    return high < low ? [0, 1] : [low, high];
  }
  function cursor(on) {
    if (view.chosen === null || !visible(P.t[view.chosen])) return;
    const x = Math.round(across(on, P.t[view.chosen])) + 0.5;
    on.pen.strokeStyle = color('cwnd');
    on.pen.lineWidth = 1;
    on.pen.beginPath(); on.pen.moveTo(x, 0); on.pen.lineTo(x, on.bottom); on.pen.stroke();
  }

  function drawSequence() {
    const on = plane('sequence'), c = data.connections[view.conn];
    if (!c) return;
    const v = c.variables, sent = view.out === 1;
    const acked = sent ? v.una : v.rcv_nxt, room = sent ? v.snd_wnd : v.rcv_wnd;
    const edge = acked.map((una, i) => una === null ? null : una + room[i]);
    const mine = [];
    let high = 1, low = Infinity, lost = 0;
    for (let i = 0; i < count; i++) {
      if (P.conn[i] !== view.conn || P.out[i] !== view.out || P.seq[i] === null) continue;
      if (P.resent[i] !== null) lost++;
      if (!visible(P.t[i])) continue;
      mine.push(i);
      if (P.seq[i] + P.len[i] > high) high = P.seq[i] + P.len[i];
      if (P.seq[i] < low) low = P.seq[i];
    }
    const [, top] = bounds(v.t, acked);
    if (top > high) high = top;
    if (low > high) low = 0;
    const margin = (high - low) * 0.06 + 1, up = axes(on, Math.max(0, low - margin), high + margin);
    on.pen.save();
    on.pen.beginPath(); on.pen.rect(on.left, 0, on.width - on.left, on.bottom); on.pen.clip();
    steps(on, up, v.t, edge, 'edge', null, 1.5);
    if (sent) steps(on, up, v.t, acked.map((una, i) => una + v.cwnd[i]), 'cwnd', [5, 4], 1.5);
    steps(on, up, v.t, acked, 'acked', null, 1.5);
    for (const i of mine) {
      const again = P.resent[i] !== null;
      const x = across(on, P.t[i]), y1 = up(P.seq[i]), y2 = up(P.seq[i] + Math.max(P.len[i], 1));
      on.pen.strokeStyle = color(again ? 'resent' : 'data');
      on.pen.lineWidth = again || i === view.chosen ? 3 : 1.2;
      on.pen.beginPath(); on.pen.moveTo(x, y1); on.pen.lineTo(x, Math.min(y2, y1 - 2)); on.pen.stroke();
      if (again) {
        on.pen.fillStyle = color('resent');
        on.pen.textAlign = 'center';
        on.pen.fillText('R', x, Math.min(y1, y2) - 4);
      }
    }
    cursor(on);
    on.pen.restore();
    el('sequence-finding').textContent =
      (sent ? 'sent by ' + c.local : 'sent by ' + c.remote) + ': ' + grouped(mine.length) +
      ' segments in view, ' + lost + ' retransmissions in all';
  }
  function drawWindows() {
    const on = plane('windows'), c = data.connections[view.conn];
    if (!c) return;
    const v = c.variables, [, high] = bounds(v.t, v.cwnd, v.in_flight);
    const up = axes(on, 0, high * 1.08);
    steps(on, up, v.t, v.ssthresh.map((s) => s !== null && s > high * 1.08 ? null : s), 'threshold', [2, 3]);
    steps(on, up, v.t, v.in_flight, 'flight');
    steps(on, up, v.t, v.cwnd, 'cwnd', [5, 4], 2);
    cursor(on);
    const [, most] = bounds(v.t, v.in_flight);
    el('window-finding').textContent = 'cwnd up to ' + grouped(bounds(v.t, v.cwnd)[1]) +
      ', in flight up to ' + grouped(most);
  }
  function drawRtt() {
    const on = plane('rtt'), c = data.connections[view.conn];
    if (!c) return;
    const r = c.rtt, [, high] = bounds(r.t, r.latest, r.smoothed);
    const up = axes(on, 0, high * 1.1);
    steps(on, up, r.t, r.smoothed, 'cwnd', null, 2);
    on.pen.fillStyle = color('data');
    for (let i = 0; i < r.t.length; i++) {
      if (visible(r.t[i])) on.pen.fillRect(across(on, r.t[i]) - 1.5, up(r.latest[i]) - 1.5, 3, 3);
    }
    cursor(on);
    const rto = r.rto.length ? r.rto[r.rto.length - 1] : null;
    el('rtt-finding').textContent = r.t.length + ' samples' + (rto === null ? '' : ', RTO ' + rto + ' ms');
  }
  function legend(id, entries) {
    const items = entries.map(([style, dash, text]) => {
      const item = html('span');
      const swatch = svg('svg', { viewBox: '0 0 26 10', 'aria-hidden': 'true' });
      swatch.append(svg('line', {
        x1: 0, x2: 26, y1: 5, y2: 5, stroke: `var(--${style})`, 'stroke-width': 2.5, 'stroke-dasharray': dash,
      }));
      item.append(swatch, text);
      return item;
    });
    el(id).replaceChildren(...items);
  }
  legend('sequence-legend', [['data', '2 3', 'segment'], ['resent', 'none', 'R: sent again'],
    ['acked', 'none', 'acknowledged'], ['edge', 'none', "receiver's window"], ['cwnd', '5 4', 'una + cwnd']]);
  legend('window-legend', [['cwnd', '5 4', 'cwnd'], ['flight', 'none', 'in flight'],
    ['threshold', '2 3', 'ssthresh, where it is in view']]);
  legend('rtt-legend', [['data', '2 3', 'sample'], ['cwnd', 'none', 'SRTT']]);

  let asked = false;
  function draw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      drawLadder(); drawSequence(); drawWindows(); drawRtt();
    });
  }

  // ---- Why.
  const effects = new Map();
  data.events.forEach((event, place) => {
    if (event.cause === null) return;
    if (!effects.has(event.cause)) effects.set(event.cause, []);
    effects.get(event.cause).push(place);
  });
  function link(i) {
    const button = html('button', name(i) + ' ' + describe(i), 'link');
    button.type = 'button';
    button.addEventListener('click', () => choose(i));
    return button;
  }
  function input(from) {
    const place = from >> 1;
    if (from % 2 === 0) {
      const said = html('span');
      said.append(link(place), '  ' + word(P.kind[place]) + ': ' + word(P.text[place]));
      return { said, cause: null, packet: place };
    }
    const event = data.events[place];
    return { said: html('span', S[event.text] + ' at +' + seconds(event.t) + ' s'), cause: event.id, packet: null };
  }
  // What was decided because of the same input, before the packet left.
  function decided(from, before) {
    const place = from >> 1;
    const cause = from % 2 ? data.events[place].id : P.came[place];
    const list = html('ul');
    for (const other of effects.get(cause) || []) {
      const event = data.events[other], kind = S[event.name];
      if (event.id === null || event.id > before) continue;
      if (kind.endsWith('timer_updated') && !S[event.text].endsWith('expired')) continue;
      const by = event.rule === undefined ? '' : ' (' + S[event.rule] + ')';
      list.append(html('li', S[event.text] + by));
    }
    return list;
  }
  function entry(list, term, ...content) {
    const said = html('dd');
    said.append(...content);
    list.append(html('dt', term), said);
  }
  function explain(i) {
    const list = html('dl');
    entry(list, P.out[i] ? 'why' : 'ended', (P.out[i] ? '' : word(P.kind[i]) + ': ') + word(P.text[i]));
    entry(list, 'clause', word(P.rule[i]));
    let before = null;
    for (let k = i - 1; k >= 0 && before === null; k--) {
      if (P.conn[k] === P.conn[i] && P.conn[k] !== null && P.state[k] !== null) before = k;
    }
    if (before !== null) entry(list, 'before', word(P.state[before]));
    if (P.state[i] !== null) entry(list, 'after', word(P.state[i]));
    let effect = i;
    if (!P.out[i]) {
      effect = P.answers[i];
      if (effect !== null) entry(list, 'answers', link(effect));
    }
    for (let depth = 0; effect !== null && P.from[effect] !== null && depth < 6; depth++) {
      const { said, packet } = input(P.from[effect]);
      const content = [said, decided(P.from[effect], P.id[effect])];
      const answered = packet === null ? null : P.answers[packet];
      if (answered !== null) {
        const line = html('span', 'which answers ');
        line.append(link(answered));
        content.push(line);
      }
      entry(list, depth ? 'and that' : 'cause', ...content);
      effect = answered;
    }
    const who = word(P.protocol[i]) + (P.out[i] ? ' sent' : ' received');
    const head = html('h3', name(i) + '  +' + seconds(P.t[i]) + ' s  ' + who + '  ' + describe(i));
    el('why').replaceChildren(head, list);
  }
  function states() {
    const items = data.events
      .filter((event) => event.conn === view.conn && S[event.name] === 'tcp:state_updated')
      .map((event) => {
        const item = html('li', S[event.text] + '  ');
        const i = firstBehind(event.t);
        if (i !== null) {
          const button = html('button', name(i), 'link');
          button.type = 'button';
          button.addEventListener('click', () => choose(i));
          item.append(button);
        }
        return item;
      });
    el('states').replaceChildren(...items);
  }
  function firstBehind(t) {
    for (let i = 0; i < count; i++) {
      if (P.t[i] >= t && P.conn[i] === view.conn) return i;
    }
    return null;
  }

  // ---- One selection for all.
  function choose(i, quietly) {
    view.chosen = i;
    if (i === null) {
      history.replaceState(null, '', '#');
      el('why').replaceChildren(html('p', 'Select a packet: in the ladder, on a graph, or with j.'));
      return draw();
    }
    if (P.conn[i] !== null && P.conn[i] !== view.conn) { view.conn = P.conn[i]; connectionChanged(); }
    if (!visible(P.t[i])) {
      const half = (view.to - view.from) / 2;
      view.from = P.t[i] - half; view.to = P.t[i] + half;
    }
    const box = el('ladder');
    if (tops[i] < box.scrollTop + 2 * ROW || tops[i] > box.scrollTop + box.clientHeight - 2 * ROW) {
      box.scrollTop = tops[i] - box.clientHeight / 2;
    }
    explain(i);
    if (!quietly) history.replaceState(null, '', name(i)[0] === '#' ? name(i) : '#' + name(i));
    draw();
  }
  function connectionChanged() {
    const c = data.connections[view.conn];
    el('connection').value = String(view.conn);
    el('left-end').textContent = c ? c.local : '';
    el('right-end').textContent = c ? c.remote : '';
    states();
  }
  function byHash() {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const number = Number(wanted.replace(/^e/, ''));
    if (!wanted || !Number.isInteger(number)) return;
    const column = wanted[0] === 'e' ? P.id : P.frame;
    const i = column.indexOf(number);
    if (i >= 0 && i !== view.chosen) choose(i, true);
  }

  data.connections.forEach((c, place) => {
    const option = html('option', c.id + '  ' + c.local + ' > ' + c.remote);
    option.value = String(place);
    el('connection').append(option);
  });
  el('connection').addEventListener('change', (event) => {
    view.conn = Number(event.target.value);
    connectionChanged();
    whole();
  });
  el('direction').addEventListener('change', (event) => {
    view.out = Number(event.target.value);
    draw();
  });
  function whole() {
    const mine = [];
    for (let i = 0; i < count; i++) if (P.conn[i] === view.conn) mine.push(P.t[i]);
    view.from = mine.length ? mine[0] : first;
    view.to = mine.length ? Math.max(mine[mine.length - 1], view.from + 1000) : last;
    const margin = (view.to - view.from) * 0.02;
    view.from -= margin; view.to += margin;
    draw();
  }
  el('all').addEventListener('click', whole);
  function help() {
    const text = el('help');
    text.hidden = !text.hidden;
    el('help-button').setAttribute('aria-expanded', String(!text.hidden));
  }
  el('help-button').addEventListener('click', help);
  el('ladder').addEventListener('scroll', draw, { passive: true });
  window.addEventListener('resize', draw);
  window.addEventListener('hashchange', byHash);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

  for (const id of ['sequence', 'windows', 'rtt']) {
    const canvas = el(id);
    let began = null;
    const time = (event) => {
      const box = canvas.getBoundingClientRect(), left = 64;
      const part = (event.clientX - box.left - left) / (box.width - left - 6);
      return view.from + Math.min(1, Math.max(0, part)) * (view.to - view.from);
    };
    canvas.addEventListener('pointerdown', (event) => { began = { t: time(event), x: event.clientX }; });
    canvas.addEventListener('pointerup', (event) => {
      if (began === null) return;
      const t = time(event), moved = Math.abs(event.clientX - began.x) > 5;
      const [from, to] = [Math.min(t, began.t), Math.max(t, began.t)];
      began = null;
      if (moved && to - from > 100) { view.from = from; view.to = to; return draw(); }
      let best = null;
      for (let i = 0; i < count; i++) {
        if (P.conn[i] !== view.conn || (id === 'sequence' && P.out[i] !== view.out)) continue;
        if (best === null || Math.abs(P.t[i] - t) < Math.abs(P.t[best] - t)) best = i;
      }
      if (best !== null) choose(best);
    });
    canvas.addEventListener('dblclick', whole);
  }

  function step(by, wanted) {
    let i = view.chosen === null ? (by > 0 ? -1 : count) : view.chosen;
    for (i += by; i >= 0 && i < count; i += by) if (!wanted || wanted(i)) return choose(i);
  }
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (['SELECT', 'INPUT'].includes(event.target.tagName)) return;
    const acts = {
      j: () => step(1), k: () => step(-1), n: () => step(1, isAnomaly), N: () => step(-1, isAnomaly),
      w: () => el('why-panel').focus(), '?': help, Escape: () => choose(null),
      g: () => {
        const asked = prompt('Go to frame');
        const i = asked === null ? -1 : P.frame.indexOf(Number(asked.replace('#', '')));
        if (i >= 0) choose(i);
      },
    };
    const act = acts[event.key];
    if (act) { act(); event.preventDefault(); }
  });

  let again = 0;
  for (let i = 0; i < count; i++) if (P.resent[i] !== null) again++;
  el('said').textContent = grouped(count) + ' packets · ' + again + ' retransmitted · ' +
    data.connections.length + ' connections · ' + seconds(last - first) + ' s';
  connectionChanged();
  whole();
  byHash();
  // Where a test looks whether all of it came up.
  document.documentElement.dataset.ready = String(count);
})();
