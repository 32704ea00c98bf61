  // ---- One selection for all, keys, and what the mouse does.
  // Of more packets than this a graph of the whole time shows no single one.
  const CROWD = 400;
  let asked = false;
  function draw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; drawLadder(); drawGraphs(); });
  }
  function showAround(t) {
    if (t >= view.from && t <= view.to) return false;
    const half = (view.to - view.from) / 2;
    view.from = t - half;
    view.to = t + half;
    return true;
  }
  function choose(i, quietly) {
    view.chosen = i;
    view.event = null;
    if (i === null) {
      history.replaceState(null, '', '#');
      explainNothing();
      showPacket(null);
      drawLadder();
      return drawCursors();
    }
    let moved = showAround(P.t[i]);
    if (P.conn[i] !== null && P.conn[i] !== view.conn) { changeConnection(P.conn[i]); moved = true; }
    const box = el('ladder');
    if (tops[i] < box.scrollTop + 2 * ROW || tops[i] > box.scrollTop + box.clientHeight - 2 * ROW) {
      box.scrollTop = tops[i] - box.clientHeight / 2;
    }
    box.setAttribute('aria-label', 'Packets in the order of their frames; chosen: ' + name(i));
    explain(i);
    showPacket(i);
    if (!quietly) history.replaceState(null, '', name(i)[0] === '#' ? name(i) : '#' + name(i));
    if (moved) { drawLadder(); drawGraphs(); } else { showChosen(i); drawCursors(); }
  }
  function chooseEvent(k) {
    view.chosen = null;
    view.event = k;
    const moved = showAround(E.t[k]);
    if (E.conn[k] !== null) changeConnection(E.conn[k]);
    el('ladder').scrollTop = depth(E.t[k]) - el('ladder').clientHeight / 2;
    explainEvent(k);
    showPacket(null);
    if (E.id[k] !== null) history.replaceState(null, '', '#e' + E.id[k]);
    drawLadder();
    if (moved || E.conn[k] !== null) drawGraphs(); else drawCursors();
  }
  function changeConnection(conn) {
    view.conn = conn;
    const c = data.connections[conn];
    el('connection').value = String(conn);
    el('left-end').textContent = c ? (inferred ? 'opener  ' : 'us  ') + c.local : '';
    el('right-end').textContent = c ? c.remote + '  peer' : '';
    bands = statesOf(conn);
    timers = timersOf(conn);
    drawStates();
  }
  function byHash() {
    const wanted = decodeURIComponent(location.hash.slice(1)), number = Number(wanted.replace(/^e/, ''));
    if (!wanted || !Number.isInteger(number)) return;
    const i = (wanted[0] === 'e' ? P.id : P.frame).indexOf(number);
    if (i >= 0) { if (i !== view.chosen) { choose(i, true); if (count > CROWD) zoom(); } return; }
    const k = wanted[0] === 'e' ? E.id.indexOf(number) : -1;
    if (k >= 0 && k !== view.event) chooseEvent(k);
  }
  function whole() { view.from = first; view.to = closing; draw(); }
  // So much of the time that the packets around the chosen one can be told apart.
  function zoom() {
    if (view.chosen === null) return;
    const i = view.chosen, low = Math.max(0, i - 60), high = Math.min(count - 1, i + 60);
    view.from = P.t[low] - 1000;
    view.to = Math.max(P.t[high], view.from + 2000) + 1000;
    draw();
  }
  function help() {
    el('help').hidden = !el('help').hidden;
    el('help-button').setAttribute('aria-expanded', String(!el('help').hidden));
  }
  function step(by, list) {
    if (list) {
      const from = view.chosen === null ? (by > 0 ? -1 : count) : view.chosen;
      const next = by > 0 ? list.find((i) => i > from) : list.findLast((i) => i < from);
      if (next !== undefined) choose(next);
      return;
    }
    const i = view.chosen === null ? (by > 0 ? 0 : count - 1) : view.chosen + by;
    if (i >= 0 && i < count) choose(i);
  }

  data.connections.forEach((c, at) => {
    const option = html('option', `${c.id}  ${c.local} > ${c.remote}`);
    option.value = String(at);
    el('connection').append(option);
  });
  el('connection').addEventListener('change', (event) => { changeConnection(Number(event.target.value)); draw(); });
  el('direction').addEventListener('change', (event) => { view.out = Number(event.target.value); legends(); draw(); });
  el('all').addEventListener('click', whole);
  el('zoom').addEventListener('click', zoom);
  el('help-button').addEventListener('click', help);
  el('print').addEventListener('click', () => window.print());
  el('ladder').addEventListener('scroll', scrolled, { passive: true });
  window.addEventListener('resize', () => { drawWaterfall(); draw(); });
  window.addEventListener('hashchange', byHash);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

  for (const made of document.querySelectorAll('[data-save]')) {
    made.addEventListener('click', () => {
      const id = made.dataset.save, as = data.run.replace(/[^A-Za-z0-9-]/g, '-') + '-' + id + '.svg';
      if (sketches[id]) return saveSvg(sketches[id].svg((name) => `var(--${name})`), as);
      saveSvg(el(id).querySelector('svg'), as);
    });
  }
  el('copy-journey').addEventListener('click', async (event) => {
    const said = event.currentTarget;
    try {
      await navigator.clipboard.writeText(data.journey);
      said.textContent = 'copied';
    } catch {
      download(data.journey, 'text/plain', 'journey.mmd');
      said.textContent = 'saved instead';
    }
    setTimeout(() => { said.textContent = 'copy as mermaid'; }, 1500);
  });

  for (const id of GRAPHS) {
    const box = el(id);
    let began = null;
    const place = (event) => {
      const frame = box.getBoundingClientRect(), g = sketches[id];
      return { x: (event.clientX - frame.left) / frame.width * g.width, y: (event.clientY - frame.top) / frame.height * g.tall };
    };
    const clamp = (t) => Math.min(view.to, Math.max(view.from, t));
    box.addEventListener('pointerdown', (event) => { if (event.button === 0) began = place(event); });
    box.addEventListener('pointermove', (event) => {
      const { x } = place(event), t = sketches[id].time(x);
      for (const other of GRAPHS) {
        const line = el(other).querySelector('.hover');
        if (!line) continue;
        const at = t < view.from || t > view.to ? -9 : sketches[other].x(t);
        line.setAttribute('x1', at);
        line.setAttribute('x2', at);
      }
      const drag = box.querySelector('.drag');
      if (began && drag) {
        drag.setAttribute('x', Math.min(x, began.x));
        drag.setAttribute('width', Math.abs(x - began.x));
      }
    });
    box.addEventListener('pointerup', (event) => {
      if (began === null) return;
      const here = place(event), g = sketches[id], from = clamp(g.time(Math.min(began.x, here.x))), to = clamp(g.time(Math.max(began.x, here.x)));
      const moved = Math.abs(here.x - began.x) > 5;
      began = null;
      if (moved && to - from > 100) { view.from = from; view.to = to; return draw(); }
      const best = g.nearest(here.x, here.y);
      if (best !== null) choose(best);
    });
    box.addEventListener('dblclick', whole);
  }
  for (const kind of ['pointerover', 'focusin']) {
    el('packet').addEventListener(kind, (event) => {
      const part = event.target.closest('[data-from]');
      if (part) light(Number(part.dataset.from), Number(part.dataset.to)); else light(null);
    });
  }
  el('packet').addEventListener('pointerleave', () => light(null));
  for (const id in TABLES) {
    el('tab-' + id).addEventListener('click', () => showTable(id));
    el('tab-' + id).addEventListener('keydown', (event) => {
      const ids = Object.keys(TABLES), by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      const next = ids[(ids.indexOf(id) + by + ids.length) % ids.length];
      showTable(next);
      el('tab-' + next).focus();
    });
  }
  el('query').addEventListener('input', () => showTable('packets'));
  el('query').addEventListener('keydown', (event) => { if (event.key === 'Escape') { event.target.value = ''; showTable('packets'); event.target.blur(); } });

  // On paper nothing can be selected: what is out of the ordinary is explained at once.
  window.addEventListener('beforeprint', () => {
    el('explained').replaceChildren(...odd.slice(0, 40).map((i) => html('p', `${name(i)}  +${seconds(P.t[i])} s  ${describe(i)}: ${word(P.text[i])} (${word(P.rule[i])})`)));
  });

  const PANELS = ['ladder-panel', 'graphs', 'states-panel', 'packet-panel', 'tables-panel'];
  const goTo = (id) => { el(id).scrollIntoView({ block: 'start' }); el(id).focus({ preventScroll: true }); };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (['SELECT', 'INPUT'].includes(event.target.tagName)) return;
    const acts = {
      j: () => step(1), k: () => step(-1), n: () => step(1, odd), N: () => step(-1, odd),
      w: () => goTo('why-panel'), z: zoom, '?': help, Escape: () => choose(null),
      '/': () => { goTo('tables-panel'); el('query').focus(); },
      g: () => {
        const wanted = prompt('Go to frame');
        const i = wanted === null ? -1 : P.frame.indexOf(Number(wanted.replace('#', '')));
        if (i >= 0) choose(i);
      },
    };
    PANELS.forEach((id, at) => { acts[at + 1] = () => goTo(id); });
    const act = acts[event.key];
    if (act) { act(); event.preventDefault(); }
  });

  const again = allPackets.filter((i) => P.resent[i] !== null).length, gone = allPackets.filter(hasLoss).length + strays.length;
  const facts = [counted(count, 'packet'), again + ' retransmitted', counted(data.connections.length, 'connection'), span(last - first)];
  if (gone) facts.splice(1, 0, gone + ' lost on the link');
  if (inferred) {
    facts.unshift('all of this is inferred from a capture');
    const [ours, theirs] = el('direction').options;
    ours.textContent = 'what the opener sends';
    theirs.textContent = 'what it receives';
  }
  if (data.summary) {
    if (data.summary.link) facts.push('link ' + data.summary.link);
    if (data.summary.clock) facts.push(data.summary.clock + ' time');
    if (data.summary.seed !== undefined) facts.push('seed ' + data.summary.seed);
    if (data.summary.explained !== undefined) facts.push(`${grouped(data.summary.explained)} of ${grouped(data.summary.packets)} packets explained`);
  }
  el('said').replaceChildren(...facts.map((fact) => html('span', fact)));
  el('queue-panel').hidden = !data.links.length && !named.has('link:dropped');
  el('copy-journey').hidden = !data.journey;
  legends();
  findings();
  drawWaterfall();
  explainNothing();
  showPacket(null);
  if (data.connections.length) changeConnection(0);
  drawLadder();
  drawGraphs();
  byHash();
  requestAnimationFrame(() => setTimeout(() => {
    document.documentElement.dataset.painted = String(Math.round(performance.now()));
    showTable('packets');
    // Where a test looks whether all of it came up.
    document.documentElement.dataset.ready = String(count);
  }));
})();
