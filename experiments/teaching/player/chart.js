// A small chart that is drawn up to the hour that is shown.
"use strict";

const INKS = { without: "#22262b", with: "#d55e00", only: "#d55e00", truth: "#009e73" };
// The colours of the reports (experiments/report/figures.py).
const CAUSES = { withheld_fear: "#d55e00", withheld_climate: "#0072b2", withheld_joint: "#cc79a7", withheld_redundant: "#5b3a6e" };

class Chart {
  /**
   * canvas: where; spec: {key, keys, top?, stack?, own?}. An own measure has a scale from its lowest to its highest value.
   * worlds: [{arm, curves: {key: Float32Array}, low: {key}, high: {key}}], campaign: [first, last hour], hours: in all.
   */
  constructor(canvas, spec, worlds, campaign, hours) {
    Object.assign(this, { canvas, spec, worlds, campaign, hours });
    this.resize();
  }

  resize() {
    const box = this.canvas.getBoundingClientRect(), ratio = Math.min(2, window.devicePixelRatio || 1);
    this.width = Math.max(80, box.width);
    this.height = Math.max(60, box.height);
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(this.canvas), of = name => style.getPropertyValue(name).trim();
    this.colours = { ink: of("--ink"), soft: of("--soft"), line: of("--line"), wash: of("--wash") };
    this.colours.without = of("--ink");
    this.range();
  }

  /** Fit the scale to all lines. */
  range() {
    this.bottom = 0;
    if (!this.spec.own) { this.top = this.highest(); return; }
    const key = this.spec.key, lines = this.worlds.flatMap(({ curves, low, high }) => [curves[key], low && low[key], high && high[key]]);
    const values = lines.flatMap(line => line ? Array.from(line) : []).filter(value => value !== null && !Number.isNaN(value));
    const least = values.reduce((a, b) => Math.min(a, b), Infinity), most = values.reduce((a, b) => Math.max(a, b), -Infinity);
    if (least > most) { this.top = 1; return; }
    const room = 0.08 * (most - least) || 0.1 * Math.abs(most) || 1;
    this.bottom = least >= 0 && least - room < 0 ? 0 : least - room;
    this.top = most + room;
  }

  highest() {
    let top = 0;
    for (const { curves, high } of this.worlds) {
      if (this.spec.stack) {
        const length = curves[this.spec.stack[0]].length;
        for (let t = 0; t < length; t++) top = Math.max(top, this.spec.stack.reduce((sum, key) => sum + curves[key][t], 0));
      } else {
        for (const key of this.spec.keys) {
          for (const line of [curves[key], high && high[key]]) {
            if (line) for (const value of line) if (value > top) top = value;
          }
        }
      }
    }
    return this.spec.top || 1.08 * top || 1;
  }

  px(t) { return 34 + (this.width - 40) * t / Math.max(1, this.hours - 1); }
  py(value) { return this.height - 16 - (this.height - 22) * (value - this.bottom) / (this.top - this.bottom); }

  path(line, last) {
    const { pen } = this;
    let begun = false;
    pen.beginPath();
    for (let t = 0; t <= last && t < line.length; t++) {
      if (line[t] === null || Number.isNaN(line[t])) continue;
      begun ? pen.lineTo(this.px(t), this.py(line[t])) : pen.moveTo(this.px(t), this.py(line[t]));
      begun = true;
    }
  }

  between(low, high, last, colour, alpha) {
    const { pen } = this;
    const end = Math.min(last, low.length - 1);
    let first = 0;   // there may be no value yet
    while (first <= end && (low[first] === null || Number.isNaN(low[first]))) first++;
    if (first > end) return;
    pen.beginPath();
    for (let t = first; t <= end; t++) pen.lineTo(this.px(t), this.py(high[t]));
    for (let t = end; t >= first; t--) pen.lineTo(this.px(t), this.py(low[t]));
    pen.closePath();
    pen.globalAlpha = alpha;
    pen.fillStyle = colour;
    pen.fill();
    pen.globalAlpha = 1;
  }

  draw(t) {
    const { pen, colours } = this;
    pen.clearRect(0, 0, this.width, this.height);
    pen.fillStyle = colours.wash;
    const [first, last] = this.campaign;
    pen.fillRect(this.px(first), 4, this.px(Math.min(last, this.hours - 1)) - this.px(first), this.height - 20);
    this.axes();
    this.spec.stack ? this.stack(t) : this.lines(t);
    pen.strokeStyle = colours.soft;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(this.px(t), 4);
    pen.lineTo(this.px(t), this.height - 16);
    pen.stroke();
  }

  axes() {
    const { pen, colours } = this;
    pen.font = "10px system-ui, sans-serif";
    pen.fillStyle = colours.soft;
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const value of [this.bottom, (this.bottom + this.top) / 2, this.top]) {
      pen.beginPath();
      pen.moveTo(34, this.py(value));
      pen.lineTo(this.width - 6, this.py(value));
      pen.stroke();
      pen.fillText(short(value, this.spec.percent, this.top - this.bottom), 30, this.py(value));
    }
    pen.textAlign = "center";
    pen.textBaseline = "top";
    const days = Math.ceil(this.hours / 24), every = Math.max(1, Math.ceil(days / 7));
    for (let day = 0; day < days; day += every) pen.fillText(String(day), this.px(24 * day), this.height - 13);
  }

  lines(t) {
    const { pen, colours } = this;
    for (const { arm, low, high } of this.worlds) {
      const key = this.spec.keys[0];
      if (low && low[key]) this.between(low[key], high[key], t, INKS[arm] === INKS.without ? colours.ink : INKS[arm], 0.15);
    }
    this.worlds.forEach(({ arm, curves }) => this.spec.keys.forEach((key, number) => {
      if (!curves[key] || number && arm !== this.worlds[this.worlds.length - 1].arm) return;
      pen.strokeStyle = number ? INKS.truth : arm === "without" ? colours.ink : INKS[arm];
      pen.lineWidth = number ? 1.4 : 2;
      pen.setLineDash(number ? [2, 3] : arm === "without" ? [6, 3] : []);
      this.path(curves[key], t);
      pen.stroke();
    }));
    pen.setLineDash([]);
  }

  stack(t) {
    const { pen, colours } = this, { curves } = this.worlds[this.worlds.length - 1];
    const length = curves[this.spec.stack[0]].length;
    let floor = new Float32Array(length);
    for (const key of this.spec.stack) {
      const roof = floor.map((value, hour) => value + curves[key][hour]);
      this.between(floor, roof, t, CAUSES[key], 0.9);
      floor = roof;
    }
    if (this.worlds.length > 1) {
      const other = this.worlds[0].curves;
      pen.strokeStyle = colours.ink;
      pen.setLineDash([6, 3]);
      pen.lineWidth = 1.6;
      this.path(other[this.spec.stack[0]].map((_, hour) => this.spec.stack.reduce((sum, key) => sum + other[key][hour], 0)), t);
      pen.stroke();
      pen.setLineDash([]);
    }
  }
}

/** A number in few signs, for an axis or beside a chart; `span` of a scale asks for as many digits as it needs. */
function short(value, percent, span = 10) {
  if (Number.isNaN(value)) return "–";
  if (value < 0) return `\u2212${short(-value, percent, span)}`;
  if (!value) return percent ? "0%" : "0";
  if (percent) return `${(100 * value).toFixed(0)}%`;
  if (Math.abs(value) >= 10000) return `${(value / 1000).toFixed(0)}k`;
  if (Math.abs(value) >= 1000) return `${(value / 1000).toFixed(1)}k`;
  if (span < 0.02) return value.toFixed(3);
  return value.toFixed(span < 2 ? 2 : Math.abs(value) < 10 ? 1 : 0);
}
