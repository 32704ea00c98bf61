  // ---- Drawing. A graph is a list of strokes, which become SVG on the page while there are few,
  // a canvas beyond, and always SVG in a file.
  const MARKS_MOST = 5000;
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();

  class Sketch {
    constructor(width, tall, from, to) {
      Object.assign(this, { width, tall, left: 70, right: width - 10, top: 20, bottom: tall - 22, from, to });
      this.strokes = [];
      this.marks = 0;
      this.hits = { x: [], y: [], i: [] };
    }
    x(t) { return this.left + (t - this.from) / (this.to - this.from) * (this.right - this.left); }
    time(x) { return this.from + (x - this.left) / (this.right - this.left) * (this.to - this.from); }
    range(low, high) { this.low = low; this.high = high > low ? high : low + 1; }
    y(v) { return this.bottom - (v - this.low) / (this.high - this.low) * (this.bottom - this.top); }
    // Lines that each go from one point to another: x1, y1, x2, y2.
    lines(list, style) {
      if (!list.length) return;
      this.marks += list.length / 4;
      this.strokes.push({ lines: list, clipped: true, ...style });
    }
    // Lines through points, with nulls where the pen is up.
    path(points, style) {
      if (!points.length) return;
      this.marks += points.length / 8;
      this.strokes.push({ points, clipped: true, ...style });
    }
    text(x, y, text, style) {
      this.marks += 1;
      this.strokes.push({ text, at: [x, y], ...style });
    }
    hit(x, y, i) { this.hits.x.push(x); this.hits.y.push(y); this.hits.i.push(i); }
    nearest(x, y) {
      let best = null, least = Infinity;
      for (let k = 0; k < this.hits.i.length; k++) {
        const dx = this.hits.x[k] - x, dy = (this.hits.y[k] - y) / 3, far = dx * dx + dy * dy;
        if (far < least) { least = far; best = this.hits.i[k]; }
      }
      return best;
    }

    // A value that holds until the next. In each column of pixels no more than its least, its
    // greatest and its last, so that no spike disappears.
    steps(times, values, style, until) {
      const points = [], begin = Math.max(0, placeOf(times.length, (k) => times[k], this.from) - 1);
      let column = null, low = 0, high = 0, now = null;
      const flush = () => {
        if (column !== null && high > low) points.push([column, low], [column, high], [column, now]);
      };
      for (let k = begin; k < times.length && times[k] <= this.to; k++) {
        const value = values[k], x = Math.max(this.left, this.x(times[k]));
        if (value === null || value === undefined || Number.isNaN(value)) {
          flush();
          if (now !== null) points.push([x, now], null);
          column = now = null;
          continue;
        }
        const y = this.y(value);
        if (column !== null && x - column < 0.5) { low = Math.min(low, y); high = Math.max(high, y); now = y; continue; }
        flush();
        if (now !== null) points.push([x, now]);
        points.push([x, y]);
        column = x; low = high = now = y;
      }
      flush();
      if (now !== null) points.push([Math.min(this.right, until === undefined ? this.right : this.x(until)), now]);
      this.path(points, style);
    }

    axes(unit, say) {
      const ticks = (low, high, most) => {
        const rough = (high - low) / most || 1, power = 10 ** Math.floor(Math.log10(rough));
        const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999);
        const list = [];
        for (let n = Math.ceil(low / step - 1e-9); n * step <= high * (1 + 1e-12); n++) list.push(n * step);
        return list;
      };
      const grid = [];
      const saying = say || ((v) => grouped(Number(v.toPrecision(9))));
      for (const v of ticks(this.low, this.high, Math.max(2, this.bottom / 44))) {
        const y = this.y(v);
        grid.push(this.left, y, this.right, y);
        this.text(this.left - 6, y + 4, saying(v), { fill: 'faint', anchor: 'end', size: 11 });
      }
      const spanned = this.to - this.from;
      const [by, of] = spanned > 3e9 ? [1e9, 's'] : spanned > 3e6 ? [1e6, 'ms'] : [1e3, 'µs'];
      const most = Math.max(2, this.width / 110);
      for (const n of ticks((this.from - first) / by, (this.to - first) / by, most)) {
        const x = this.x(first + n * by);
        grid.push(x, this.top, x, this.bottom);
        if (x < this.right - 34) {
          this.text(x, this.bottom + 15, Number(n.toPrecision(9)), { fill: 'faint', anchor: 'middle', size: 11 });
        }
      }
      this.text(this.right, this.bottom + 15, of, { fill: 'faint', anchor: 'end', size: 11, bold: true });
      this.text(4, 11, unit, { fill: 'faint', size: 11, bold: true });
      this.strokes.unshift({ lines: grid, stroke: 'line', width: 1 });
    }

    // `paint` makes a colour of its name: a variable on the page, what it is now in a file.
    svg(paint) {
      const size = { width: this.width, height: this.tall, viewBox: `0 0 ${this.width} ${this.tall}` };
      const drawing = svg('svg', size), clip = 'clip-' + Math.round(this.width) + '-' + this.tall;
      const clipping = svg('clipPath', { id: clip });
      clipping.append(svg('rect', { x: this.left, y: 0, width: this.right - this.left + 4, height: this.bottom + 1 }));
      drawing.append(clipping);
      const short = (n) => Math.round(n * 10) / 10;
      for (const s of this.strokes) {
        if (s.text !== undefined) {
          drawing.append(svg('text', {
            x: short(s.at[0]), y: short(s.at[1]), fill: paint(s.fill), 'text-anchor': s.anchor,
            'font-size': s.size || 11, 'font-weight': s.bold ? 700 : null, 'font-family': 'system-ui, sans-serif',
            class: s.name,
          }, s.text));
          continue;
        }
        let d = '';
        if (s.lines) {
          for (let k = 0; k < s.lines.length; k += 4) {
            d += `M${short(s.lines[k])} ${short(s.lines[k + 1])}L${short(s.lines[k + 2])} ${short(s.lines[k + 3])}`;
          }
        } else {
          let up = true;
          for (const point of s.points) {
            if (point === null) { up = true; continue; }
            d += (up ? 'M' : 'L') + short(point[0]) + ' ' + short(point[1]);
            up = false;
          }
        }
        drawing.append(svg('path', {
          d, fill: s.fill ? paint(s.fill) : 'none', 'fill-opacity': s.faint, stroke: s.stroke ? paint(s.stroke) : 'none',
          'stroke-width': s.width || 1, 'stroke-dasharray': s.dash ? s.dash.join(' ') : null,
          'clip-path': s.clipped ? `url(#${clip})` : null, class: s.name,
        }));
      }
      return drawing;
    }
    canvas() {
      const canvas = html('canvas'), ratio = window.devicePixelRatio || 1, pen = canvas.getContext('2d');
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(this.tall * ratio);
      canvas.style.height = this.tall + 'px';
      pen.scale(ratio, ratio);
      for (const s of this.strokes) {
        pen.save();
        if (s.clipped) {
          pen.beginPath(); pen.rect(this.left, 0, this.right - this.left + 4, this.bottom + 1); pen.clip();
        }
        if (s.text !== undefined) {
          pen.fillStyle = color(s.fill);
          pen.font = (s.bold ? '700 ' : '') + (s.size || 11) + 'px system-ui, sans-serif';
          pen.textAlign = { middle: 'center', end: 'right' }[s.anchor] || 'left';
          pen.fillText(s.text, ...s.at);
          pen.restore();
          continue;
        }
        pen.beginPath();
        if (s.lines) {
          for (let k = 0; k < s.lines.length; k += 4) {
            pen.moveTo(s.lines[k], s.lines[k + 1]); pen.lineTo(s.lines[k + 2], s.lines[k + 3]);
          }
        } else {
          let up = true;
          for (const point of s.points) {
            if (point === null) up = true;
            else if (up) { pen.moveTo(...point); up = false; } else pen.lineTo(...point);
          }
        }
        if (s.dash) pen.setLineDash(s.dash);
        if (s.fill) { pen.globalAlpha = s.faint || 1; pen.fillStyle = color(s.fill); pen.fill(); pen.globalAlpha = 1; }
        if (s.stroke) { pen.strokeStyle = color(s.stroke); pen.lineWidth = s.width || 1; pen.stroke(); }
        pen.restore();
      }
      return canvas;
    }
  }

  function download(text, type, as) {
    const anchor = html('a'), address = URL.createObjectURL(new Blob([text], { type }));
    anchor.href = address;
    anchor.download = as;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }
  // A drawing of the page as a file: with its colours, and the paper that it is on.
  function saveSvg(drawing, as) {
    const copy = drawing.cloneNode(true);
    copy.setAttribute('xmlns', SVG);
    const box = copy.viewBox.baseVal;
    copy.prepend(svg('rect', { x: box.x, y: box.y, width: box.width, height: box.height, fill: color('paper') }));
    const text = new XMLSerializer().serializeToString(copy).replace(/var\(--([a-z-]+)\)/g, (_, name) => color(name));
    download(text, 'image/svg+xml', as);
  }

  // A swatch for a legend: a line, or a letter as it stands in the graph.
  function legend(id, entries) {
    el(id).replaceChildren(...entries.map(([shape, paint, text]) => {
      const item = html('span'), swatch = svg('svg', { viewBox: '0 0 26 12', 'aria-hidden': 'true' });
      const stroke = `var(--${paint})`;
      if (shape.length <= 2) {
        swatch.append(svg('text', { x: 13, y: 11, fill: stroke, 'text-anchor': 'middle', 'font-size': 12, 'font-weight': 700 }, shape));
      } else if (shape === 'bars') {
        for (const x of [7, 13, 19]) swatch.append(svg('line', { x1: x, x2: x, y1: 1, y2: 11, stroke, 'stroke-width': 2 }));
      } else if (shape === 'dots') {
        for (const x of [6, 13, 20]) swatch.append(svg('circle', { cx: x, cy: 6, r: 2, fill: stroke }));
      } else if (shape === 'area') {
        swatch.append(svg('rect', { x: 0, y: 2, width: 26, height: 8, fill: stroke, 'fill-opacity': 0.25 }));
      } else {
        const dash = { dashed: '5 4', dotted: '2 3' }[shape];
        swatch.append(svg('line', { x1: 0, x2: 26, y1: 6, y2: 6, stroke, 'stroke-width': 2.5, 'stroke-dasharray': dash }));
      }
      item.append(swatch, text);
      return item;
    }));
  }

