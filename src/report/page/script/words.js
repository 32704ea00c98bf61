  // ---- Words.
  const seconds = (t) => ((t - first) / 1e9).toFixed(6);
  const name = (i) => P.frame[i] !== null ? '#' + P.frame[i] : 'e' + P.id[i];
  const eventName = (k) => E.id[k] === null ? 'an event' : 'e' + E.id[k];

  // tcpdump's letters as words.
  const LETTERS = { S: 'SYN', F: 'FIN', R: 'RST', P: 'PSH', '.': 'ACK', U: 'URG', E: 'ECE', W: 'CWR' };
  const flagWords = (flags) => [...(flags || '')].map((letter) => LETTERS[letter] || letter).join(',');
  const isTcp = (i) => P.seq[i] !== null;

  function describe(i) {
    if (!isTcp(i)) return word(P.protocol[i]) + ', ' + grouped(P.bytes[i]) + ' B';
    const flags = word(P.flags[i]) || '', plain = flags === '.' || flags === 'P.';
    let line = '';
    if (P.resent[i] !== null) line = 'RETRANSMIT ' + word(P.resent[i]) + ' ';
    if (!plain) line += flagWords(flags) + ' ';
    if (P.len[i]) line += grouped(P.len[i]) + ' B  seq ' + P.seq[i] + '..' + (P.seq[i] + P.len[i] - 1);
    else line += (plain ? 'ACK ' + P.ack[i] : 'seq ' + P.seq[i]);
    if (P.ack[i] !== null && (P.len[i] || !plain)) line += '  ack ' + P.ack[i];
    if (!P.len[i] && word(P.reason[i]) === 'duplicate_ack') line += '  duplicate';
    if (isZeroWindow(i)) line += '  ZERO WINDOW';
    return line;
  }
  const isLost = (i) => (word(P.fate[i]) || '').startsWith('dropped:');
  const isLostInPart = (i) => (word(P.fate[i]) || '').startsWith('dropped in part');
  const hasLoss = (i) => isLost(i) || isLostInPart(i);
  const isDropped = (i) => !P.out[i] && ['dropped', 'out_of_window', 'challenged'].includes(word(P.kind[i]));
  const isZeroWindow = (i) => P.window[i] === 0 && !/[RS]/.test(word(P.flags[i]) || '');
  // Sent again though a copy had arrived: only a link that says what it delivered can tell.
  const spurious = new Set();
  if (P.fate.some((fate) => fate !== null)) {
    const arrived = new Set();
    for (let i = 0; i < count; i++) {
      if (!P.out[i] || !isTcp(i)) continue;
      const range = P.conn[i] + ' ' + P.seq[i] + ' ' + P.len[i];
      if (P.resent[i] !== null && arrived.has(range)) spurious.add(i);
      if (word(P.fate[i]) === 'delivered') arrived.add(range);
    }
  }
  // What is out of the ordinary, in a few words; null of all else.
  function oddity(i) {
    if (isLost(i)) return 'lost on the link';
    if (isLostInPart(i)) return 'in part lost on the link';
    if (P.resent[i] !== null) return 'retransmission';
    if (isDropped(i)) return word(P.kind[i]).replace(/_/g, ' ');
    if (!P.out[i] && word(P.kind[i]) === 'duplicate') return 'duplicate';
    if ((word(P.flags[i]) || '').includes('R')) return 'reset';
    if (isTcp(i) && isZeroWindow(i)) return 'zero window';
    if (P.ecn[i] === 3) return 'congestion experienced';
    return null;
  }
  const odd = [];
  for (let i = 0; i < count; i++) if (oddity(i) !== null) odd.push(i);

  // What a connection knew, as `ss` names it.
  const ms = (ns) => String(ns / 1e6);
  function stateWords(i) {
    const s = P.state;
    if (s.st[i] === null) return null;
    const threshold = s.ssthresh[i] === null ? '∞' : grouped(s.ssthresh[i]);
    return ['cwnd ' + grouped(s.cwnd[i]), 'ssthresh ' + threshold, 'in flight ' + grouped(s.inflight[i]),
      'rto ' + ms(s.rto[i]) + ' ms', word(s.st[i]) + ', ' + word(s.ca[i])];
  }

