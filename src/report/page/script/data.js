  // ---- What the page holds; columns of numbers are differences from the last that is not null.
  function sum(columns) {
    for (const name in columns) {
      const column = columns[name];
      if (!Array.isArray(column)) { if (column && typeof column === 'object') sum(column); continue; }
      let last = 0;
      for (let i = 0; i < column.length; i++) if (column[i] !== null) last = column[i] += last;
    }
  }
  sum(data.packets);
  sum(data.events);
  sum(data.sacks);
  for (const connection of data.connections) {
    sum(connection.variables);
    sum({ t: connection.rtt.t });
    sum(connection.kernel);
  }
  for (const queue of data.links) sum({ t: queue.t, bytes: queue.bytes, packets: queue.packets });
  // A capture that somebody else made: nobody told what is said here.
  const inferred = Boolean(data.summary && data.summary.inferred);
  const P = data.packets, E = data.events, S = data.strings, count = P.id.length;
  const word = (place) => place === null || place === undefined ? null : S[place];

  // Where the bytes of each packet begin in all of them, which are unpacked when first asked for.
  let offsets = null, bytes = null;
  async function bytesOf(i) {
    if (offsets === null) {
      offsets = new Float64Array(count + 1);
      for (let k = 0; k < count; k++) offsets[k + 1] = offsets[k] + P.kept[k];
    }
    if (bytes === null) bytes = new Uint8Array(await (await inflated('bytes')).arrayBuffer());
    return bytes.subarray(offsets[i], offsets[i + 1]);
  }

  // What is looked at: one packet or one event, one connection, one direction, one stretch of time.
  const first = count ? P.t[0] : 0;
  const last = Math.max(count ? P.t[count - 1] : 1, E.t.length ? E.t[E.t.length - 1] : 1, first + 1000);
  // The graphs end with the last packet: TIME-WAIT is long, and empty.
  const closing = Math.max(count ? P.t[count - 1] + (P.t[count - 1] - first) * 0.01 : last, first + 1000);
  const view = { from: first, to: closing, chosen: null, event: null, conn: 0, out: 1 };

  // The packets of a connection and a direction, in order.
  const ways = data.connections.map(() => [[], []]);
  for (let i = 0; i < count; i++) if (P.conn[i] !== null) ways[P.conn[i]][P.out[i]].push(i);
  const eventFields = (k) => JSON.parse(S[E.data[k]] || '{}');
  // Events by name, and by what caused them.
  const named = new Map(), effects = new Map();
  for (let k = 0; k < E.t.length; k++) {
    const name = S[E.name[k]];
    if (!named.has(name)) named.set(name, []);
    named.get(name).push(k);
    if (E.cause[k] === null) continue;
    if (!effects.has(E.cause[k])) effects.set(E.cause[k], []);
    effects.get(E.cause[k]).push(k);
  }
  const eventsOf = (name, conn) => (named.get(name) || []).filter((k) => conn === null || E.conn[k] === conn);

