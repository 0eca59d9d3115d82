// A film of one world: frames of an hour each. A replay pushes them all at once, a live page one by one.
"use strict";

const AWAKE = 1, SPOKE = 2, WITHHELD = 4, ABUSED = 8, LEFT = 16, SUSPENDED = 32;
const NEVER = 255;          // hours since something that did not happen yet
const DAY = 24;
const ORGANISED = [1, 2, 3, 4];   // army, extremists, committee, sleepers; fans and news bots serve nobody

/** Return the arrays that `packing.Pack` wrote, by name. */
async function unpack(text, index) {
  const bytes = Uint8Array.from(atob(text.trim()), letter => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const kinds = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array };
  return Object.fromEntries(Object.entries(index).map(([name, [kind, first, shape]]) =>
    [name, new kinds[kind](buffer, first, shape.reduce((a, b) => a * b, 1))]));
}

/** Undo `packing.steps`: person by person [n * hours], in place. */
function summed(levels, hours) {
  for (let k = 0; k < levels.length; k++) if (k % hours) levels[k] += levels[k - 1];
  return levels;
}

class Film {
  /** cast: {people, x, y, side, stance, role, ties} with an entry for each account; people come first. */
  constructor(cast) {
    this.cast = cast;
    this.size = cast.side.length;
    this.frames = [];
    this.organised = cast.role.map(role => ORGANISED.includes(role));
  }

  get hours() { return this.frames.length; }

  /** Add one hour: columns of this hour, Uint8Array of `size` each. */
  push(events, fear, climate, reach) {
    const last = this.frames[this.hours - 1];
    const since = (flag, former) => {
      const hours = new Uint8Array(this.size);
      for (let i = 0; i < this.size; i++) {
        hours[i] = events[i] & flag ? 0 : former ? Math.min(NEVER, former[i] + 1) : NEVER;
      }
      return hours;
    };
    this.frames.push({
      events, fear, climate, reach,
      spoke: since(SPOKE, last && last.spoke),
      withheld: since(WITHHELD, last && last.withheld),
    });
  }

  /** Push every hour of columns that are packed person by person. */
  load(planes, hours) {
    for (let t = 0; t < hours; t++) {
      this.push(...planes.map(plane => {
        const frame = new Uint8Array(this.size);
        for (let i = 0; i < this.size; i++) frame[i] = plane[i * hours + t];
        return frame;
      }));
    }
    return this;
  }

  /** How many accounts have events with all of these bits in the hours first .. last. */
  count(flag, i, first, last) {
    let n = 0;
    for (let t = Math.max(0, first); t <= last; t++) n += (this.frames[t].events[i] & flag) === flag;
    return n;
  }

  /** Numbers of those whom account i follows. */
  follows(i) {
    const { ties } = this.cast;
    if (!ties) return [];
    if (!this.starts) {
      this.starts = new Uint32Array(this.size + 1);
      for (let k = 0; k < this.size; k++) this.starts[k + 1] = this.starts[k] + ties.count[k];
    }
    const found = [];
    for (let k = this.starts[i], at = 0; k < this.starts[i + 1]; k++) {
      at += ties.low[k] + 256 * ties.high[k];
      found.push(at);
    }
    return found;
  }
}
