'use strict';
(async () => {
  // ---- What every page begins with: its data, which is deflated JSON, and pieces of markup. Text
  // of a run becomes text alone, never markup.
  const el = (id) => document.getElementById(id);
  function inflated(id) {
    const text = atob(el(id).textContent);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return new Response(stream);
  }
  // The first place in a sorted list whose time is not before.
  function placeOf(length, timeAt, t) {
    let low = 0, high = length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timeAt(middle) < t) low = middle + 1; else high = middle;
    }
    return low;
  }
  const SVG = 'http://www.w3.org/2000/svg';
  function svg(tag, attributes, text) {
    const made = document.createElementNS(SVG, tag);
    for (const name in attributes) {
      if (attributes[name] !== null && attributes[name] !== undefined) made.setAttribute(name, attributes[name]);
    }
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function html(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined && text !== null) made.textContent = text;
    if (className) made.className = className;
    return made;
  }
  function button(text, act, className) {
    const made = html('button', text, className);
    made.type = 'button';
    made.addEventListener('click', act);
    return made;
  }

  const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, '\u202f');
  const counted = (n, one, many) => grouped(n) + ' ' + (n === 1 ? one : many || one + 's');
  // A span of time, in ns, to three digits.
  function span(ns) {
    const [unit, by] = ns >= 1e9 ? ['s', 1e9] : ns >= 1e6 ? ['ms', 1e6] : ['µs', 1e3];
    return Number((ns / by).toPrecision(3)) + '\u202f' + unit;
  }

  const begun = performance.now();
  const data = await inflated('data').json();
