  // ---- Queries: what `pellucid events` calls a selection, `kind where …`, over what the page
  // holds. Aggregates like count(…) and the kind tcp:metrics_updated are left to the program.
  const UNITS = { us: 1e-3, ms: 1, s: 1e3, B: 1, KiB: 1024, MiB: 1024 * 1024 };
  const SPELLINGS = { congestion_window: 'cwnd', bytes_in_flight: 'inflight', smoothed_rtt: 'srtt' };
  const CALLS = ['count', 'first', 'last', 'nth', 'max', 'min', 'sum', 'mean', 'p50', 'p95', 'between', 'at'];

  const WORDS = ['and', 'or', 'not', 'where'];

  class Misunderstood extends Error {
    constructor(what, at) { super(what); this.at = at; }
  }
  function tokens(text) {
    const list = [], pattern = /\s*(?:(\d+(?:\.\d+)?)\s*(us|ms|s|B|KiB|MiB|mss)?(?![a-zA-Z_])|'([^']*)'|([a-z_][a-z0-9_]*(?::(?:[a-z0-9_]+|\*))?(?:\.[a-z0-9_]+)*)|(!=|<=|>=|[=<>~+\-*/()]))/y;
    while (pattern.lastIndex < text.length) {
      const at = pattern.lastIndex, found = pattern.exec(text);
      if (found === null) {
        if (/^\s*$/.test(text.slice(at))) break;
        const from = at + text.slice(at).search(/\S/);
        throw new Misunderstood('expected a value, found ' + (text[from] === "'" ? 'a text without its closing quote' : text[from]), from);
      }
      const [, number, unit, quoted, name, mark] = found, begin = pattern.lastIndex - found[0].trimStart().length;
      if (number !== undefined) list.push({ number: Number(number), unit, at: begin });
      else if (quoted !== undefined) list.push({ quoted, at: begin });
      else list.push({ name, mark, at: begin });
    }
    return list;
  }

  // Fields by the event: of a packet, of its connection's state, of the event itself.
  const OF_PACKET = {
    frame: (i) => P.frame[i], bytes: (i) => P.bytes[i], seq: (i) => P.seq[i], ack: (i) => P.ack[i],
    len: (i) => isTcp(i) ? P.len[i] : null, flags: (i) => word(P.flags[i]), window: (i) => P.window[i],
    protocol: (i) => word(P.protocol[i]), retransmit: (i) => word(P.resent[i]), reason: (i) => word(P.reason[i]),
    purpose: (i) => P.out[i] ? word(P.kind[i]) : null, disposition: (i) => P.out[i] ? null : word(P.kind[i]),
    st: (i) => word(P.state.st[i]), cwnd: (i) => P.state.cwnd[i], ssthresh: (i) => P.state.ssthresh[i],
    inflight: (i) => P.state.inflight[i], ca: (i) => word(P.state.ca[i]),
    rto: (i) => P.state.rto[i] === null ? null : P.state.rto[i] / 1e6,
    srtt: (i) => P.state.srtt[i] === null ? null : P.state.srtt[i] / 1e6,
    id: (i) => P.id[i], time: (i) => P.t[i] / 1e6, name: (i) => word(P.name[i]),
    tuple: (i) => P.conn[i] === null ? null : data.connections[P.conn[i]].id,
    'why.text': (i) => word(P.text[i]),
  };
  const OF_EVENT = {
    id: (k) => E.id[k], time: (k) => E.t[k] / 1e6, name: (k) => S[E.name[k]], cause: (k) => E.cause[k],
    tuple: (k) => E.conn[k] === null ? null : data.connections[E.conn[k]].id,
  };
  const fieldNames = new Set([...Object.keys(OF_PACKET), ...Object.keys(OF_EVENT)]);
  const kinds = new Set([...named.keys(), ...P.name.map(word)]);
  const KNOWN_FIELDS = ['old', 'new', 'trigger', 'timer', 'event', 'delta', 'call', 'proof', 'local', 'remote',
    'congestion_window', 'offset', 'link', 'way', 'packet', 'reason'];
  for (const known of KNOWN_FIELDS) fieldNames.add(known);
  function field(path, at) {
    const short = SPELLINGS[path] || path;
    if (path === 'mss') return mss;
    if (!fieldNames.has(path) && !fieldNames.has(short)) {
      throw new Misunderstood(`this page holds no field ${path}; pellucid events may`, at);
    }
    return (it) => {
      if (it.packet !== null) return (OF_PACKET[short] || (() => null))(it.packet);
      const fields = it.fields || (it.fields = eventFields(it.event));
      for (const spelt of [path, short, Object.keys(SPELLINGS).find((long) => SPELLINGS[long] === path)]) {
        if (spelt && fields[spelt] !== undefined) return fields[spelt];
      }
      return OF_EVENT[path] ? OF_EVENT[path](it.event) : null;
    };
  }
  // The longest text of a segment, as the connection knew it at that moment.
  function mss(it) {
    const [conn, t] = it.packet !== null ? [P.conn[it.packet], P.t[it.packet]] : [E.conn[it.event], E.t[it.event]];
    if (conn === null) return null;
    const v = data.connections[conn].variables;
    return v.mss[placeOf(v.t.length, (k) => v.t[k], t + 1) - 1] ?? null;
  }
  // Null is no value: a comparison with it is false, unless null itself is written there.
  function compare(mark, a, b, asked) {
    if (asked && mark === '=') return a === null === (b === null) && (a === null || a === b);
    if (asked && mark === '!=') return (a === null) !== (b === null);
    if (a === null || b === null || typeof a !== typeof b) return false;
    if (mark === '=') return a === b;
    if (mark === '!=') return a !== b;
    if (mark === '~') return typeof a === 'string' && a.includes(b);
    if (typeof a !== 'number') return false;
    return { '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[mark];
  }
  function selection(text) {
    const list = tokens(text), end = text.length;
    let next = 0;
    const peek = () => list[next], place = () => peek() ? peek().at : end;
    const eat = (what) => peek() && (peek().name === what || peek().mark === what) ? list[next++] : null;
    const unexpected = (wanted, token, at) => {
      const found = !token ? 'the end' : token.name ?? token.mark ?? (token.quoted !== undefined ? 'a text' : String(token.number));
      return new Misunderstood(`expected ${wanted}, found ${found}`, at);
    };
    const expect = (what) => { if (!eat(what)) throw unexpected(what, peek(), place()); };
    function or() {
      const parts = [and()];
      while (eat('or')) parts.push(and());
      return parts.length === 1 ? parts[0] : (it) => parts.some((part) => part(it));
    }
    function and() {
      const parts = [not()];
      while (eat('and')) parts.push(not());
      return parts.length === 1 ? parts[0] : (it) => parts.every((part) => part(it));
    }
    function not() {
      if (!eat('not')) return comparison();
      const inner = not();
      return (it) => !inner(it);
    }
    function comparison() {
      const left = sum(), mark = ['=', '!=', '<', '<=', '>', '>=', '~'].find((m) => peek() && peek().mark === m);
      if (!mark) return left;
      next++;
      const right = sum(), asked = left.isNull || right.isNull;
      return (it) => compare(mark, left(it), right(it), asked);
    }
    function folded(inner, marks) {
      let value = inner();
      for (;;) {
        const mark = marks.find((m) => peek() && peek().mark === m);
        if (!mark) return value;
        next++;
        const a = value, b = inner();
        value = (it) => {
          const [x, y] = [a(it), b(it)];
          if (typeof x !== 'number' || typeof y !== 'number') return null;
          const result = { '+': x + y, '-': x - y, '*': x * y, '/': x / y }[mark];
          return Number.isFinite(result) ? result : null;
        };
      }
    }
    const sum = () => folded(product, ['+', '-']), product = () => folded(atom, ['*', '/']);
    function atom() {
      const at = place(), token = list[next++];
      if (!token) throw unexpected('a value', token, at);
      if (token.mark === '(') { const inner = or(); expect(')'); return inner; }
      if (token.quoted !== undefined) return () => token.quoted;
      if (token.number !== undefined) {
        if (token.unit === 'mss') return (it) => { const one = mss(it); return one === null ? null : token.number * one; };
        const value = token.number * (UNITS[token.unit] || 1);
        return () => value;
      }
      if (token.name === undefined || WORDS.includes(token.name)) throw unexpected('a value', token, at);
      if (token.name === 'null') { const nothing = () => null; nothing.isNull = true; return nothing; }
      if (CALLS.includes(token.name) && peek() && peek().mark === '(') {
        throw new Misunderstood(`${token.name}(…) is answered by pellucid events`, at);
      }
      return field(token.name, at);
    }
    const kind = list[next++];
    if (kind && CALLS.includes(kind.name)) throw new Misunderstood(`${kind.name}(…) is answered by pellucid events`, kind.at);
    if (!kind || !kind.name || !kind.name.includes(':')) throw unexpected('a kind of event', kind, kind ? kind.at : end);
    const all = kind.name.endsWith(':*') ? kind.name.slice(0, -1) : null;
    if (all === null && !kinds.has(kind.name)) {
      const near = [...kinds].find((known) => known.startsWith(kind.name.slice(0, -2)) || known.split(':')[1].startsWith(kind.name.split(':')[1].slice(0, 4)));
      throw new Misunderstood(`this page holds no event ${kind.name}` + (near ? `; did you mean ${near}?` : ''), kind.at);
    }
    const filter = eat('where') ? or() : () => true;
    if (peek()) throw unexpected('where, and, or, or the end', peek(), place());
    return (it) => {
      const called = it.packet !== null ? word(P.name[it.packet]) : S[E.name[it.event]];
      return (all === null ? called === kind.name : called.startsWith(all)) && Boolean(filter(it));
    };
  }
  // What a selection takes, in the order of time.
  function selected(text) {
    const takes = selection(text), found = [];
    for (let i = 0; i < count; i++) if (takes({ packet: i, event: null })) found.push({ packet: i, t: P.t[i] });
    for (let k = 0; k < E.t.length; k++) if (takes({ packet: null, event: k })) found.push({ event: k, t: E.t[k] });
    return found.sort((a, b) => a.t - b.t);
  }

