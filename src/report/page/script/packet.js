  // ---- Packet: what its bytes mean, beside them; what is pointed at lights up on both sides.
  const OPTIONS = { 0: 'end of options', 1: 'no operation', 2: 'maximum segment size', 3: 'window scale', 4: 'SACK permitted', 5: 'SACK', 8: 'timestamps', 34: 'Fast Open cookie' };
  const PROTOCOLS = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6' };
  const ECN = ['not ECN-capable', 'ECT(1)', 'ECT(0)', 'CE: congestion experienced'];

  // A reader of one packet: fields of what is there; what is cut off has none.
  function decode(b) {
    const u16 = (at) => b[at] << 8 | b[at + 1], u32 = (at) => u16(at) * 65536 + u16(at + 2);
    const hex = (n, digits) => '0x' + n.toString(16).padStart(digits, '0');
    const tree = [];
    let open = null;
    const group = (label, from, to) => { open = { label, from, to, fields: [] }; tree.push(open); };
    const field = (label, from, to, value) => { if (to <= b.length) open.fields.push({ label, from, to, value: value() }); };
    const v4 = (at) => b.slice(at, at + 4).join('.');
    const v6 = (at) => {
      const parts = [];
      for (let k = 0; k < 16; k += 2) parts.push(u16(at + k).toString(16));
      return parts.join(':').replace(/\b(0(:|$)){2,}/, ':').replace(/:{3,}/, '::');
    };
    function ip4() {
      const length = (b[0] & 15) * 4;
      group('Internet Protocol 4 (RFC 791)', 0, length);
      field('header length', 0, 1, () => length + ' B');
      field('DSCP and ECN', 1, 2, () => (b[1] >> 2) + ', ' + ECN[b[1] & 3]);
      field('total length', 2, 4, () => grouped(u16(2)) + ' B');
      field('identification', 4, 6, () => hex(u16(4), 4));
      field('flags, fragment', 6, 8, () => (b[6] & 64 ? 'do not fragment, ' : '') + (b[6] & 32 ? 'more follow, ' : '') + 'offset ' + (u16(6) & 8191) * 8);
      field('time to live', 8, 9, () => b[8]);
      field('protocol', 9, 10, () => PROTOCOLS[b[9]] || b[9]);
      field('header checksum', 10, 12, () => hex(u16(10), 4));
      field('source', 12, 16, () => v4(12));
      field('destination', 16, 20, () => v4(16));
      return [b[9], length];
    }
    function ip6() {
      group('Internet Protocol 6 (RFC 8200)', 0, 40);
      field('traffic class', 0, 2, () => { const c = (u16(0) >> 4) & 255; return (c >> 2) + ', ' + ECN[c & 3]; });
      field('flow label', 1, 4, () => hex(u32(0) & 0xfffff, 5));
      field('payload length', 4, 6, () => grouped(u16(4)) + ' B');
      field('next header', 6, 7, () => PROTOCOLS[b[6]] || b[6]);
      field('hop limit', 7, 8, () => b[7]);
      field('source', 8, 24, () => v6(8));
      field('destination', 24, 40, () => v6(24));
      return [b[6], 40];
    }
    function tcp(at) {
      const length = (b[at + 12] >> 4) * 4, end = Math.min(b.length, at + length);
      group('Transmission Control Protocol (RFC 9293)', at, end);
      field('source port', at, at + 2, () => u16(at));
      field('destination port', at + 2, at + 4, () => u16(at + 2));
      field('sequence number', at + 4, at + 8, () => u32(at + 4));
      field('acknowledgment', at + 8, at + 12, () => u32(at + 8));
      field('data offset', at + 12, at + 13, () => length + ' B');
      field('control bits', at + 13, at + 14, () => ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'].filter((_, bit) => b[at + 13] >> bit & 1).join(', ') || 'none');
      field('window, not scaled', at + 14, at + 16, () => grouped(u16(at + 14)));
      field('checksum', at + 16, at + 18, () => hex(u16(at + 16), 4));
      field('urgent pointer', at + 18, at + 20, () => u16(at + 18));
      for (let o = at + 20; o < end;) {
        const kind = b[o], size = kind < 2 ? 1 : b[o + 1], begin = o;
        if (!size || o + size > end) break;
        field(OPTIONS[kind] || 'option ' + kind, begin, begin + size, () => {
          if (kind === 2) return u16(begin + 2) + ' B';
          if (kind === 3) return 'shift by ' + b[begin + 2];
          if (kind === 8) return u32(begin + 2) + ', echo ' + u32(begin + 6);
          if (kind !== 5) return size + ' B';
          const ranges = [];
          for (let r = begin + 2; r + 8 <= begin + size; r += 8) ranges.push(u32(r) + '–' + u32(r + 4));
          return ranges.join(', ');
        });
        o += size;
      }
      return at + length;
    }
    if (!b.length) return tree;
    const [protocol, at] = b[0] >> 4 === 4 ? ip4() : b[0] >> 4 === 6 ? ip6() : [null, b.length];
    let rest = at;
    if (protocol === 6 && b.length >= at + 20) rest = tcp(at);
    else if (protocol === 17 && b.length >= at + 8) {
      group('User Datagram Protocol (RFC 768)', at, at + 8);
      field('source port', at, at + 2, () => u16(at));
      field('destination port', at + 2, at + 4, () => u16(at + 2));
      field('length', at + 4, at + 6, () => u16(at + 4) + ' B');
      field('checksum', at + 6, at + 8, () => hex(u16(at + 6), 4));
      rest = at + 8;
    } else if ((protocol === 1 || protocol === 58) && b.length >= at + 4) {
      group(PROTOCOLS[protocol], at, at + 4);
      field('type', at, at + 1, () => b[at]);
      field('code', at + 1, at + 2, () => b[at + 1]);
      field('checksum', at + 2, at + 4, () => hex(u16(at + 2), 4));
      rest = at + 4;
    }
    if (rest < b.length) {
      group('Text', rest, b.length);
      const plain = b.slice(rest).every((byte) => byte >= 32 && byte < 127 || byte === 10 || byte === 13 || byte === 9);
      field(plain ? 'begins' : 'bytes', rest, b.length, () => plain ? String.fromCharCode(...b.slice(rest)) : b.length - rest + ' of them here');
    }
    return tree;
  }

  function light(from, to) {
    for (const part of el('packet').querySelectorAll('[data-from]')) {
      const a = Number(part.dataset.from), z = Number(part.dataset.to);
      part.classList.toggle('pointed', from !== null && a < to && z > from);
    }
  }
  function lights(part, from, to) {
    part.dataset.from = from;
    part.dataset.to = to;
  }
  async function showPacket(i) {
    const box = el('packet');
    if (i === null) return box.replaceChildren(html('p', 'No packet is selected.', 'faint'));
    const b = await bytesOf(i);
    if (view.chosen !== i) return;
    if (!b.length) {
      const why = P.kept.some((kept) => kept) ? 'This page holds the bytes of 20 000 packets: of what is out of the ordinary and 200 neighbours each side. All of them: ' : 'No capture lies beside the events of this run. To see bytes: ';
      const line = html('p', why, 'faint');
      line.append(html('code', `wireshark ${data.run}/capture.pcapng`));
      return box.replaceChildren(line);
    }
    const tree = html('ul', null, 'tree'), dump = html('pre', null, 'hex');
    for (const { label, from, to, fields } of decode(b)) {
      const item = html('li'), head = html('span', label, 'group'), inner = html('ul');
      head.tabIndex = 0;
      lights(head, from, to);
      for (const { label: key, from: a, to: z, value } of fields) {
        const leaf = html('li', null, 'field');
        leaf.tabIndex = 0;
        lights(leaf, a, z);
        leaf.append(html('span', key, 'key'), html('span', value, 'value'));
        inner.append(leaf);
      }
      item.append(head, inner);
      tree.append(item);
    }
    for (let row = 0; row < b.length; row += 16) {
      dump.append(html('span', row.toString(16).padStart(4, '0') + '  ', 'faint'));
      for (let k = row; k < row + 16; k++) {
        if (k < b.length) {
          const byte = html('span', b[k].toString(16).padStart(2, '0'));
          lights(byte, k, k + 1);
          dump.append(byte, k % 8 === 7 ? '  ' : ' ');
        } else dump.append(k % 8 === 7 ? '    ' : '   ');
      }
      for (let k = row; k < Math.min(row + 16, b.length); k++) {
        const letter = html('span', b[k] >= 32 && b[k] < 127 ? String.fromCharCode(b[k]) : '·');
        lights(letter, k, k + 1);
        dump.append(letter);
      }
      dump.append('\n');
    }
    const whole = b.length < P.bytes[i] ? `the first ${b.length} of ${grouped(P.bytes[i])} bytes` : counted(b.length, 'byte') + ', all of it';
    box.replaceChildren(html('p', name(i) + ': ' + whole, 'faint'), tree, dump);
  }

