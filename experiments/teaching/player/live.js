// The same page on a world that runs elsewhere: frames come one by one, and each is answered when it has been drawn.
"use strict";

const LEAST_HOURS = 264;   // the axis of time until more has been played
const BAND_SEEDS = 8, MOST_BANDED = 5000;   // as in bands.py

/** Bytes of a text in base64. */
function bytesOf(text) { return Uint8Array.from(atob(text), letter => letter.charCodeAt(0)); }

class Live extends Player {
  /** tell(name, value): says to the server that something was drawn or chosen. */
  constructor(words, language, tell) {
    super({ language, title: "", lesson: null, seeds: 1, scenes: [] }, {}, words);
    this.tell = tell;
  }

  /** Show other worlds. setting: {worlds: [{arm, people, side, role, x, y, ids, frames, curves}], campaign}. */
  begin(setting) {
    const worlds = setting.worlds.map(world => {
      const floats = name => new Float32Array(bytesOf(world[name]).buffer);
      const cast = { people: world.people, accounts: world.accounts, x: floats("x"), y: floats("y"), ids: world.ids,
        side: bytesOf(world.side), stance: floats("stance"), role: bytesOf(world.role), ties: null };
      const curves = Object.fromEntries(Object.entries(world.curves).map(([key, line]) => [key, [...line]]));
      const shown = { arm: world.arm, film: new Film(cast), curves, low: {}, high: {} };
      for (const frame of world.frames) this.push(shown, frame);
      return shown;
    });
    this.scenes = [{ worlds, campaign: setting.campaign, own: setting.own, hours: LEAST_HOURS }];
    this.called = setting.words;
    this.shown = setting.number;
    this.banded = setting.banded;
    this.about.seeds = 1;
    this.show(0);
    this.t = Math.max(0, this.hours - 1);
    this.draw();
  }

  /** The usual word, or the one of this scenario. */
  say(key) { return this.called?.[this.language]?.[key] ?? super.say(key); }

  get hours() { return this.scenes[0].worlds[0].film.hours; }
  get last() { return Math.max(0, this.hours - 1); }

  push(world, { columns, side }) {
    const all = bytesOf(columns), size = world.film.size;
    world.film.cast.side = bytesOf(side);
    world.film.push(...[0, 1, 2, 3].map(k => all.slice(k * size, (k + 1) * size)));
  }

  /** Take the next hour of every world. A frame of worlds that are no longer shown is left alone. */
  take(frame) {
    if (frame.setting !== this.shown || !this.scenes.length) return;
    const follows = this.t >= this.last - 1, scene = this.scenes[0];
    scene.worlds.forEach((world, place) => {
      this.push(world, frame.worlds[place]);
      for (const [key, value] of Object.entries(frame.worlds[place].curves)) world.curves[key].push(value ?? NaN);
    });
    scene.hours = Math.max(LEAST_HOURS, this.hours);
    document.getElementById("hour").max = this.last;
    for (const { chart } of this.charts) { chart.hours = scene.hours; chart.range(); }
    if (follows) this.t = this.last;
    this.told = frame;
    this.draw();
    this.tell("drawn", frame.number);
  }

  /** Take the band of several seeds, one a world: {low: {key: [...]}, high: {...}}. */
  band(bands) {
    if (!this.scenes.length || bands.setting !== this.shown) return;
    this.about.seeds = bands.seeds;
    this.scenes[0].worlds.forEach((world, place) => {
      const mine = bands.worlds[world.arm === "without" ? 0 : 1];
      world.low = mine.low;
      world.high = mine.high;
    });
    for (const { chart } of this.charts) chart.range();
    this.speak(this.language);
    this.draw();
  }

  /** What the bands are of, or why there are none. */
  band_() {
    if (!this.scenes.length || this.about.seeds > 1) return super.band_();
    return this.banded ? this.say("waiting").replace("{seeds}", BAND_SEEDS) : this.say("no_band").replace("{people}", MOST_BANDED);
  }

  /** What the world does is decided elsewhere: the button only asks. */
  play(on = !this.playing) { if (this.tell) this.tell("play", on); }

  /** The server says whether the world runs. */
  runs(on) {
    this.playing = on;
    const button = document.getElementById("play");
    button.textContent = on ? "❚❚" : "▶";
    button.setAttribute("aria-label", this.say(on ? "pause" : "play"));
  }

  draw() {
    if (!this.scenes.length || !this.hours) return;
    super.draw();
    this.tables();
  }

  /** The topic as people see it, and what a detector says; who is organised only with the truth. */
  tables() {
    if (!this.told) return;
    const list = (id, lines) => document.getElementById(id).replaceChildren(...lines.map(line => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }));
    list("stream", this.told.stream.map(post => {
      const side = this.say(post.stance < -0.1 ? "side_1" : post.stance > 0.1 ? "side_2" : "side_0");
      const marks = ["toxic", "copied"].filter(mark => post[mark]).map(mark => this.say(mark));
      return [`#${post.author}`, this.say(post.kind), side, ...marks, `↻ ${post.reposts}`].join(" · ");
    }));
    const suspects = this.told.suspects.map(({ account, score, organised }) => {
      const known = this.truth ? [this.say(organised ? "is_organised" : "is_genuine")] : [];
      return [`#${account}`, `${score} ${this.say("score")}`, ...known].join(" · ");
    });
    list("suspects", suspects.length ? suspects : [this.say("nobody")]);
  }

  speak(language) {
    super.speak(language);
    if (this.tell) this.tell("language", language);
  }
}
