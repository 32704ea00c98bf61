  // ---- Tables. Rows are made when they are shown; a click on a head sorts.
  const ROWS_MORE = 200;
  // `rows` are rows, or what `make` makes one of.
  function table(box, heads, rows, empty, make = (row) => row) {
    const order = rows.map((_, at) => at);
    let by = null, down = false, shown = ROWS_MORE;
    function fill() {
      if (!rows.length) return box.replaceChildren(html('p', empty, 'faint'));
      const made = html('table'), head = html('thead'), line = html('tr'), body = html('tbody');
      heads.forEach(([label, kind], at) => {
        const cell = html('th', null, kind);
        cell.scope = 'col';
        if (by === at) cell.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        cell.append(button(label + (by === at ? down ? ' ▾' : ' ▴' : ''), () => {
          down = by === at ? !down : false;
          by = at;
          const values = rows.map((row) => make(row).cells[at]), value = (row) => values[row];
          const sign = down ? -1 : 1, numbers = kind === 'number';
          order.sort((a, b) => sign * (numbers ? (value(a) ?? -1) - (value(b) ?? -1) : String(value(a)).localeCompare(String(value(b)))) || a - b);
          fill();
        }, 'sort'));
        line.append(cell);
      });
      head.append(line);
      for (const at of order.slice(0, shown)) {
        const row = html('tr'), { cells, go, to } = make(rows[at]);
        cells.forEach((value, k) => {
          const cell = html('td', null, heads[k][1]), text = value === null || value === undefined ? '' : heads[k][2] ? heads[k][2](value) : value;
          if (go && k === (to || 0)) cell.append(button(text, go, 'link')); else cell.textContent = text;
          row.append(cell);
        });
        body.append(row);
      }
      made.append(head, body);
      const rest = order.length - shown;
      const more = rest > 0 ? [button(`show ${grouped(Math.min(rest, 5 * ROWS_MORE))} more of ${grouped(rest)}`, () => { shown += 5 * ROWS_MORE; fill(); })] : [];
      box.replaceChildren(made, ...more);
    }
    fill();
  }
  const NUMBER = 'number', at = (t) => '+' + seconds(t);

  function packetRow(i) {
    return {
      cells: [P.frame[i], P.t[i], P.out[i] ? 'out' : 'in', P.conn[i] === null ? '' : data.connections[P.conn[i]].id, P.bytes[i], describe(i),
        (P.out[i] ? word(P.text[i]) : word(P.kind[i]).replace(/_/g, ' ') + ': ' + word(P.text[i])), word(P.rule[i])],
      go: () => choose(i),
    };
  }
  function eventRow(k) {
    return {
      cells: [null, E.t[k], '', E.conn[k] === null ? '' : data.connections[E.conn[k]].id, null, S[E.name[k]], S[E.text[k]], E.rule[k] === null ? '' : S[E.rule[k]]],
      go: () => chooseEvent(k), to: 1,
    };
  }
  const PACKET_HEADS = [['frame', NUMBER, (v) => '#' + v], ['s', NUMBER, at], ['way'], ['conn'], ['bytes', NUMBER, grouped], ['what'], ['why, or how it ended'], ['clause']];
  function packetsTable(box) {
    const text = el('query').value.trim();
    let rows = null;
    el('query-said').textContent = '';
    el('query').removeAttribute('aria-invalid');
    if (text) {
      try {
        const found = selected(text);
        rows = found;
        el('query-said').textContent = counted(found.length, 'match', 'matches');
      } catch (error) {
        if (!(error instanceof Misunderstood)) throw error;
        el('query').setAttribute('aria-invalid', 'true');
        el('query-said').textContent = `column ${error.at + 1}: ${error.message}`;
      }
    }
    const make = (one) => typeof one === 'number' ? packetRow(one) : one.packet !== undefined ? packetRow(one.packet) : eventRow(one.event);
    table(box, PACKET_HEADS, rows || allPackets, 'nothing matches', make);
  }
  // How many of each, and the first and the last of them.
  function tally(list, keyOf) {
    const groups = new Map();
    for (const one of list) {
      const key = keyOf(one);
      if (key === null) continue;
      const text = key.join('\u0000');
      if (!groups.has(text)) groups.set(text, { key, all: [] });
      groups.get(text).all.push(one);
    }
    return [...groups.values()].sort((a, b) => b.all.length - a.all.length);
  }
  const allPackets = Array.from({ length: count }, (_, i) => i);
  function dispositionsTable(box) {
    const groups = tally(allPackets, (i) => P.out[i] ? null : [word(P.kind[i]), word(P.reason[i]) || '', word(P.text[i])]);
    table(box, [['disposition'], ['reason'], ['in words'], ['packets', NUMBER, grouped], ['first'], ['last']],
      groups.map(({ key, all }) => ({ cells: [...key.map((k) => k.replace(/_/g, ' ')), all.length, name(all[0]), name(all[all.length - 1])], go: () => choose(all[0]), to: 4 })),
      'no packet came in');
  }
  function timersTable(box) {
    const list = [...named.entries()].filter(([kind]) => kind.endsWith(':timer_updated')).flatMap(([, all]) => all);
    const fields = new Map(list.map((k) => [k, eventFields(k)]));
    const groups = tally(list, (k) => [E.conn[k] === null ? '' : data.connections[E.conn[k]].id, fields.get(k).timer]);
    table(box, [['conn'], ['timer'], ['set', NUMBER], ['stopped', NUMBER], ['expired', NUMBER], ['first expired']],
      groups.map(({ key, all }) => {
        const many = (what) => all.filter((k) => fields.get(k).event === what), expired = many('expired');
        return { cells: [...key, many('set').length, many('cancelled').length, expired.length, expired.length ? at(E.t[expired[0]]) + ' s' : ''], go: expired.length ? () => chooseEvent(expired[0]) : null, to: 5 };
      }), 'no timer ran');
  }
  function clausesTable(box) {
    const list = [];
    for (let i = 0; i < count; i++) list.push({ rule: word(P.rule[i]), text: word(P.text[i]), packet: i, t: P.t[i] });
    for (let k = 0; k < E.t.length; k++) if (E.rule[k] !== null) list.push({ rule: S[E.rule[k]], text: S[E.text[k]], event: k, t: E.t[k] });
    const groups = tally(list, (one) => one.rule ? [one.rule] : null);
    table(box, [['clause'], ['times', NUMBER, grouped], ['first'], ['as in']],
      groups.map(({ key, all }) => {
        const one = all.reduce((a, b) => b.t < a.t ? b : a);
        return {
          cells: [key[0], all.length, one.packet !== undefined ? name(one.packet) : eventName(one.event), one.text],
          go: () => one.packet !== undefined ? choose(one.packet) : chooseEvent(one.event), to: 2,
        };
      }), 'no clause was cited');
  }
  function checksTable(box) {
    const checks = (data.summary || {}).checks || {}, list = [];
    for (const kind of ['sim:check_passed', 'sim:check_failed']) {
      for (const k of eventsOf(kind, null)) {
        const fields = eventFields(k);
        list.push({ cells: [kind.endsWith('passed') ? '✓ passed' : '✗ failed', fields.query || S[E.text[k]], at(E.t[k])], go: () => chooseEvent(k), to: 2 });
      }
    }
    table(box, [['result'], ['check'], ['s']], list, checks.passed === undefined ? 'this run made no checks' :
      `${checks.passed} passed, ${checks.failed} failed; their texts are not among the events`);
  }
  function scenarioTable(box) {
    box.replaceChildren(data.scenario === null ? html('p', 'this run has no run.toml', 'faint') : html('pre', data.scenario));
  }
  const TABLES = { packets: packetsTable, dispositions: dispositionsTable, timers: timersTable, clauses: clausesTable, checks: checksTable, scenario: scenarioTable };
  let tab = 'packets';
  function showTable(which) {
    tab = which;
    for (const id in TABLES) {
      el('tab-' + id).setAttribute('aria-selected', String(id === which));
      el('tab-' + id).tabIndex = id === which ? 0 : -1;
    }
    el('table').setAttribute('aria-labelledby', 'tab-' + which);
    TABLES[which](el('table'));
  }

