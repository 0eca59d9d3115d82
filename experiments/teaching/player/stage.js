// Draws one hour of a film: every account a dot, or hexagons where there are too many.
"use strict";

const COLOURS = ["#a6abb3", "#0072b2", "#e69f00", "#ee3377"];   // third, dissent, loyal, extreme: tests/test_colours.py
const PEOPLE_DRAWN = 5000;   // more dots than this are drawn as hexagons
const TURN = 2 * Math.PI;

class Stage {
  constructor(canvas, film) {
    this.canvas = canvas;
    this.film = film;
    this.resize();
  }

  resize() {
    const box = this.canvas.getBoundingClientRect(), ratio = Math.min(2, window.devicePixelRatio || 1);
    this.width = Math.max(50, box.width);
    this.height = Math.max(50, box.height);
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.pen = this.canvas.getContext("2d");
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { x, y } = this.film.cast, half = Math.min(this.width, this.height) / 2 - 8;
    this.dot = Math.max(1.1, 0.42 * half / Math.sqrt(this.film.size / 3));
    this.x = Float32Array.from(x, value => this.width / 2 + half * value);
    this.y = Float32Array.from(y, value => this.height / 2 + half * value);
    const style = getComputedStyle(this.canvas);
    this.ink = style.getPropertyValue("--ink").trim() || "#22262b";
    this.faint = style.getPropertyValue("--dots").trim() || "#c4c9d0";
  }

  /** Number of the account under a point of the canvas, or -1. */
  at(px, py) {
    let best = -1, least = 144;
    for (let i = 0; i < this.film.size; i++) {
      const far = (this.x[i] - px) ** 2 + (this.y[i] - py) ** 2;
      if (far < least) { least = far; best = i; }
    }
    return best;
  }

  radius(frame, i) { return this.dot * (0.75 + 0.16 * frame.reach[i]); }

  /** Colour number of an account: what it is, or for outsiders what it has shown itself to be. */
  side(frame, i, truth) { return truth || frame.spoke[i] < NEVER ? this.film.cast.side[i] : 0; }

  /** Draw hour t. view: {truth, chosen: account number or -1, part: of the hour that has gone by, 0 .. 1}. */
  draw(t, view) {
    const pen = this.pen, frame = this.film.frames[t];
    pen.clearRect(0, 0, this.width, this.height);
    if (!frame) return;
    if (this.binned) { this.hexagons(frame, view.truth); return; }
    this.dots(frame, view);
    if (view.truth) this.marks(frame);
    this.pulses(frame, view);
    if (view.chosen >= 0 && view.chosen < this.film.size) this.chosen(view.chosen);
  }

  /** Whether accounts are counted in hexagons: a live page shows a sample of a large world. */
  get binned() { return (this.film.cast.accounts ?? this.film.size) > PEOPLE_DRAWN; }

  outline(i, r) {
    const { pen } = this, x = this.x[i], y = this.y[i];
    pen.moveTo(x + r, y);
    pen.arc(x, y, r, 0, TURN);
  }

  diamond(i, r) {
    const { pen } = this, x = this.x[i], y = this.y[i];
    pen.moveTo(x, y - r); pen.lineTo(x + r, y); pen.lineTo(x, y + r); pen.lineTo(x - r, y); pen.closePath();
  }

  dots(frame, view) {
    const { pen, film } = this, { organised } = film;
    const full = [[], [], [], []], hollow = [[], [], [], []];
    for (let i = 0; i < film.size; i++) {
      if (view.truth && frame.events[i] & LEFT) continue;
      (frame.spoke[i] < DAY ? full : hollow)[this.side(frame, i, view.truth)].push(i);
    }
    pen.lineWidth = 0.9;
    hollow.forEach((group, side) => {
      pen.strokeStyle = side ? COLOURS[side] : this.faint;
      pen.globalAlpha = side ? 0.55 : 0.8;
      pen.beginPath();
      for (const i of group) this.shape(i, this.radius(frame, i), view.truth && organised[i]);
      pen.stroke();
    });
    pen.globalAlpha = 0.92;
    full.forEach((group, side) => {
      pen.fillStyle = COLOURS[side];
      pen.beginPath();
      for (const i of group) this.shape(i, this.radius(frame, i) + 0.6, view.truth && organised[i]);
      pen.fill();
    });
    pen.globalAlpha = 1;
  }

  shape(i, r, organised) { organised ? this.diamond(i, 1.5 * r) : this.outline(i, r); }

  /** What only the truth knows: who is organised, who kept silent against their wish, who has gone. */
  marks(frame) {
    const { pen, film } = this, { organised } = film, r = 0.8 * this.dot;
    pen.lineWidth = 1.1;
    pen.strokeStyle = this.ink;
    pen.beginPath();
    for (let i = film.cast.people; i < film.size; i++) if (organised[i]) this.diamond(i, 1.5 * this.radius(frame, i) + 2);
    for (let i = 0; i < film.cast.people; i++) {
      if (frame.withheld[i] < DAY && frame.withheld[i] < frame.spoke[i]) {   // a bar across: wanted to, did not
        const x = this.x[i], y = this.y[i], w = this.radius(frame, i) + 2;
        pen.moveTo(x - w, y); pen.lineTo(x + w, y);
      }
    }
    pen.stroke();
    pen.globalAlpha = 0.45;
    pen.beginPath();
    for (let i = 0; i < film.cast.people; i++) {
      if (frame.events[i] & LEFT) {
        const x = this.x[i], y = this.y[i];
        pen.moveTo(x - r, y - r); pen.lineTo(x + r, y + r); pen.moveTo(x + r, y - r); pen.lineTo(x - r, y + r);
      }
    }
    pen.stroke();
    pen.globalAlpha = 1;
  }

  /** A ring that opens around whoever posts in this hour. */
  pulses(frame, view) {
    const { pen, film } = this;
    pen.lineWidth = 1.2;
    pen.globalAlpha = 0.7 * (1 - view.part);
    for (let side = 0; side < 4; side++) {
      pen.strokeStyle = COLOURS[side];
      pen.beginPath();
      for (let i = 0; i < film.size; i++) {
        if (frame.events[i] & SPOKE && film.cast.side[i] === side) {
          this.outline(i, this.radius(frame, i) + 1 + 7 * view.part);
        }
      }
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  /** The account under the pointer, and whom it follows. */
  chosen(i) {
    const { pen } = this;
    pen.strokeStyle = this.ink;
    pen.globalAlpha = 0.25;
    pen.lineWidth = 0.8;
    pen.beginPath();
    for (const j of this.film.follows(i)) {
      if (j < this.film.size) { pen.moveTo(this.x[i], this.y[i]); pen.lineTo(this.x[j], this.y[j]); }
    }
    pen.stroke();
    pen.globalAlpha = 1;
    pen.lineWidth = 2;
    pen.beginPath();
    this.outline(i, 3 * this.dot + 4);
    pen.stroke();
  }

  /** Where dots would overlap: each hexagon is as full as its share of people who spoke within a day. */
  hexagons(frame, truth) {
    const { pen, film } = this, r = Math.max(6, Math.min(this.width, this.height) / 44), bins = new Map();
    const w = Math.sqrt(3) * r, h = 1.5 * r;
    for (let i = 0; i < film.size; i++) {
      const row = Math.round(this.y[i] / h), shift = row % 2 ? w / 2 : 0;
      const column = Math.round((this.x[i] - shift) / w), key = row * 4096 + column;
      if (!bins.has(key)) bins.set(key, { x: column * w + shift, y: row * h, n: 0, loud: [0, 0, 0, 0], army: 0 });
      const bin = bins.get(key);
      bin.n++;
      if (frame.spoke[i] < DAY) bin.loud[film.cast.side[i]]++;
      if (truth && film.organised[i]) bin.army++;
    }
    for (const bin of bins.values()) {
      const loud = Math.max(...bin.loud), total = bin.loud.reduce((a, b) => a + b, 0);
      const six = scale => {
        pen.beginPath();
        for (let k = 0; k < 6; k++) {
          const angle = Math.PI / 6 + k * Math.PI / 3;
          pen.lineTo(bin.x + scale * r * Math.cos(angle), bin.y + scale * r * Math.sin(angle));
        }
        pen.closePath();
      };
      six(0.94);
      pen.strokeStyle = this.faint;
      pen.lineWidth = 0.8;
      pen.stroke();
      if (total) {
        six(0.94 * Math.sqrt(Math.min(1, 2.5 * total / bin.n)));
        pen.fillStyle = COLOURS[bin.loud.indexOf(loud)];
        pen.fill();
      }
      if (bin.army) { six(0.94); pen.strokeStyle = this.ink; pen.lineWidth = 1.6; pen.stroke(); }
    }
  }
}
