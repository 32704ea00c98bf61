  // ---- Waterfall: the phases of the run, and below them what each connection was doing.
  const PHASE_OF = { syn_sent: 'connect', syn_received: 'connect', established: 'talk', time_wait: 'TIME-WAIT' };
  function phases() {
    const rows = [], told = (data.summary || {}).phases_ms;
    if (told) {
      let from = first;
      const row = [];
      for (const key in told) {
        row.push({ label: key.replace(/_/g, ' '), from, to: from + told[key] * 1e6 });
        from += told[key] * 1e6;
      }
      rows.push({ label: 'phases', bars: row });
    }
    data.connections.slice(0, 8).forEach((c, conn) => {
      const row = [];
      for (const band of statesOf(conn)) {
        if (band.state === 'closed') continue;
        const label = PHASE_OF[band.state] || 'close', before = row[row.length - 1];
        if (before && before.label === label) before.to = band.to;
        else row.push({ label, from: band.from, to: band.to, conn });
      }
      rows.push({ label: c.id, bars: row });
    });
    return rows.filter((row) => row.bars.length);
  }
  function frames({ from, to, conn }) {
    const low = placeOf(count, (k) => P.t[k], from), high = placeOf(count, (k) => P.t[k], to) - 1;
    const mine = (i) => conn === undefined || P.conn[i] === conn;
    let a = low, z = high;
    while (a <= z && !mine(a)) a++;
    while (z >= a && !mine(z)) z--;
    return a > z ? null : [a, z];
  }
  function drawWaterfall() {
    const rows = phases(), box = el('waterfall'), width = Math.max(300, box.clientWidth), left = 54;
    const end = Math.max(last, ...rows.flatMap((row) => row.bars.map((bar) => bar.to)));
    const x = (t) => left + (t - first) / (end - first) * (width - left - 4);
    const tall = rows.length * 24 + 4, drawing = svg('svg', { viewBox: `0 0 ${width} ${tall}`, width, height: tall, role: 'group', 'aria-label': 'Phases of the run' });
    rows.forEach((row, at) => {
      const y = at * 24 + 2;
      drawing.append(svg('text', { x: 2, y: y + 15, 'font-size': 12, fill: 'var(--faint)' }, row.label));
      let shade = 0;
      for (const bar of row.bars) {
        const wide = Math.max(2, x(bar.to) - x(bar.from) - 1), found = frames(bar);
        const says = bar.label + ' ' + span(bar.to - bar.from);
        const where = found ? `, ${name(found[0])}–${name(found[1])}` : '';
        const group = svg('g', { class: 'phase', tabindex: 0, role: 'button', 'aria-label': says + where });
        group.append(svg('title', {}, says + where));
        group.append(svg('rect', { x: x(bar.from), y, width: wide, height: 20, rx: 3, fill: `var(--phase-${shade++ % 4})` }));
        if (wide > says.length * 6.4) group.append(svg('text', { x: x(bar.from) + 6, y: y + 14, 'font-size': 12, fill: 'var(--ink)' }, wide > (says + where).length * 6.6 ? says + where : says));
        else if (wide > bar.label.length * 6.6) group.append(svg('text', { x: x(bar.from) + 5, y: y + 14, 'font-size': 12, fill: 'var(--ink)' }, bar.label));
        const go = () => {
          const room = (bar.to - bar.from) * 0.04 + 1000;
          view.from = Math.max(first, bar.from - room);
          view.to = Math.min(end, bar.to + room);
          if (bar.conn !== undefined) changeConnection(bar.conn);
          if (found) choose(found[0], true);
          draw();
        };
        group.addEventListener('click', go);
        group.addEventListener('keydown', (event) => { if (event.key === 'Enter') go(); });
        drawing.append(group);
      }
    });
    box.replaceChildren(drawing);
  }

  // What to look for, made from the run.
  function findings() {
    const again = allPackets.filter((i) => P.resent[i] !== null), gone = allPackets.filter(hasLoss);
    const list = [];
    const link = (text, called, act) => { const item = html('li', text); if (act) item.append(' ', button(called, act, 'link')); list.push(item); };
    const say = (text, i) => i === undefined ? link(text) : link(text, name(i), () => choose(i));
    if (gone.length) say(counted(gone.length, 'packet') + ' lost on the link, the first', gone[0]);
    if (strays.length) {
      const { k } = strays[0];
      link(counted(strays.length, 'packet') + ' lost on the way to us, the first', eventName(k), () => chooseEvent(k));
    }
    for (const { key, all } of tally(again, (i) => [word(P.resent[i])])) {
      say(`${counted(all.length, 'retransmission')} (${key[0].replace(/_/g, ' ')}), the first at +${seconds(P.t[all[0]])} s`, all[0]);
    }
    if (!again.length) say('nothing was sent again');
    const shut = allPackets.filter((i) => isTcp(i) && isZeroWindow(i));
    if (shut.length) say(counted(shut.length, 'zero window') + ', the first', shut[0]);
    const bad = allPackets.filter(isDropped);
    if (bad.length) say(counted(bad.length, 'packet') + ' not taken in, the first', bad[0]);
    let most = null;
    data.connections.forEach((c, conn) => {
      const lengths = heldBack(conn, first, last);
      const busy = lengths.cwnd + lengths.rwnd + lengths.other;
      if (!most || busy > most.busy) most = { busy, lengths, c, conn };
    });
    if (most && most.busy > 0) {
      const { cwnd, rwnd, other } = most.lengths, share = (part) => Math.round(100 * part / most.busy) + '\u202f%';
      const when = `while ${most.c.id} had text to send, `;
      if (other > cwnd && other > rwnd) say(when + `neither window was full ${share(other)} of the time: pacing, Nagle or the machine itself held it back`);
      else say(when + (cwnd > rwnd ? `cwnd held it back ${share(cwnd)}` : `the peer's window held it back ${share(rwnd)}`) + ' of the time');
    }
    el('findings').replaceChildren(...list);
  }

