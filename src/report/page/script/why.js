  // ---- Why: the clause, what was known before and after, and what led here.
  const link = (i) => button(name(i) + ' ' + describe(i), () => choose(i), 'link');
  function input(from) {
    const place = from >> 1, said = html('span');
    if (from % 2 === 0) {
      said.append(link(place), '  ' + word(P.kind[place]).replace(/_/g, ' ') + ': ' + word(P.text[place]));
      return { said, packet: place };
    }
    said.append(button(eventName(place), () => chooseEvent(place), 'link'), ' ' + S[E.text[place]] + ' at +' + seconds(E.t[place]) + ' s');
    return { said, packet: null };
  }
  // What was decided because of the same input, before the packet left.
  function decided(from, before) {
    const place = from >> 1, cause = from % 2 ? E.id[place] : P.came[place], list = html('ul');
    for (const k of effects.get(cause) || []) {
      const kind = S[E.name[k]];
      if (E.id[k] === null || E.id[k] > before) continue;
      if (kind.endsWith('timer_updated') && !S[E.text[k]].endsWith('expired')) continue;
      const by = E.rule[k] === null ? '' : ' (' + S[E.rule[k]] + ')', item = html('li');
      item.append(S[E.text[k]] + by);
      list.append(item);
    }
    return list.childNodes.length ? [list] : [];
  }
  function entry(list, term, ...content) {
    const said = html('dd');
    said.append(...content);
    list.append(html('dt', term), said);
  }
  // Which of the words of a state are others than before.
  function compared(words, before) {
    const line = html('span');
    words.forEach((piece, at) => {
      if (at) line.append(' · ');
      line.append(before && before[at] !== piece ? html('b', piece) : piece);
    });
    return line;
  }
  function causes(list, i) {
    let effect = i;
    if (!P.out[i]) {
      effect = P.answers[i];
      if (effect !== null) entry(list, 'answers', link(effect));
    }
    for (let steps = 0; effect !== null && P.from[effect] !== null && steps < 6; steps++) {
      const { said, packet } = input(P.from[effect]);
      const content = [said, ...decided(P.from[effect], P.id[effect])];
      const answered = packet === null ? null : P.answers[packet];
      if (answered !== null) {
        const line = html('span', ', which answers ');
        line.append(link(answered));
        content.splice(1, 0, line);
      }
      entry(list, steps ? 'and that' : P.out[i] ? 'because of' : 'sent for', ...content);
      effect = answered;
    }
  }
  function explain(i) {
    const list = html('dl');
    const because = html('strong', (P.out[i] ? '' : word(P.kind[i]).replace(/_/g, ' ') + ': ') + word(P.text[i]));
    entry(list, inferred ? 'inferred' : P.out[i] ? 'why' : 'ended', because);
    entry(list, 'clause', html('code', word(P.rule[i])));
    if (P.fate[i] !== null) entry(list, 'the link', word(P.fate[i]));
    if (spurious.has(i)) entry(list, 'needless', 'an earlier copy had arrived');
    let before = null;
    for (let k = i - 1; k >= 0 && before === null; k--) {
      if (P.conn[k] === P.conn[i] && P.conn[k] !== null && P.state.st[k] !== null) before = stateWords(k);
    }
    const after = stateWords(i);
    if (before !== null) entry(list, 'before', compared(before));
    if (after !== null) entry(list, 'after', compared(after, before));
    causes(list, i);
    const who = word(P.protocol[i]) + (P.out[i] ? ' sent' : ' received');
    el('why').replaceChildren(html('h3', name(i) + '  +' + seconds(P.t[i]) + ' s  ' + who), html('p', describe(i), 'mono'), list);
  }
  function explainEvent(k) {
    const list = html('dl');
    entry(list, 'what', html('strong', S[E.text[k]]));
    if (E.rule[k] !== null) entry(list, 'clause', html('code', S[E.rule[k]]));
    if (E.cause[k] !== null) {
      const i = takenBy(k);
      if (i !== null) entry(list, 'with', link(i));
    }
    const fields = eventFields(k);
    entry(list, 'fields', Object.keys(fields).map((key) => key + ' ' + fields[key]).join(' · '));
    el('why').replaceChildren(html('h3', eventName(k) + '  +' + seconds(E.t[k]) + ' s  ' + S[E.name[k]]), list);
  }
  function explainNothing() {
    const hint = html('p', 'Select a packet: in the ladder, on a graph, or with j.');
    const list = html('ul');
    odd.slice(0, 12).forEach((i) => {
      const item = html('li', oddity(i) + ': ');
      item.append(link(i));
      list.append(item);
    });
    const more = odd.length > 12 ? [html('p', 'and ' + grouped(odd.length - 12) + ' more: n goes from one to the next')] : [];
    el('why').replaceChildren(hint, ...(odd.length ? [html('p', 'Out of the ordinary:'), list, ...more] : []));
  }

