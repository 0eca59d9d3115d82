// The page of a replay: what is shown, which hour, in which language.
"use strict";

const CHARTS = [
  { key: "voice", keys: ["voice"] },
  { key: "seen", keys: ["seen"] },
  { key: "climate", keys: ["climate", "true_support"], top: 1, percent: true },
  { key: "withheld", keys: ["withheld"], stack: Object.keys(CAUSES) },
  { key: "changes", keys: ["lost", "gained"] },   // of two worlds with the same intentions
];
const SPEEDS = [3, 6, 12, 24, 48];   // hours a second

class Player {
  constructor(about, arrays, words) {
    Object.assign(this, { about, arrays, words });
    this.t = 0;
    this.playing = false;
    this.truth = false;
    this.speed = 12;
    this.chosen = -1;
    this.language = about.language;
    this.scenes = about.scenes.map((scene, number) => this.scene(scene, number));
    this.wire();
    if (this.scenes.length) this.show(0);
    this.speak(this.language);
  }

  get scene_() { return this.scenes[this.number]; }
  get last() { return this.scene_.hours - 1; }

  /** What is charted: what every page has curves of, and what the scenario has of its own. */
  get specs() {
    const { curves } = this.scene_.worlds[this.scene_.worlds.length - 1];
    const shown = CHARTS.filter(({ keys, stack }) => curves[(stack || keys)[0]]);
    return [...shown, ...(this.scene_.own || []).map(key => ({ key, keys: [key], own: true }))];
  }

  scene(scene, number) {
    const { arrays } = this;
    const worlds = scene.worlds.map((world, place) => {
      const of = name => arrays[`${number}/${place}/${name}`];
      const shared = name => of(name) || arrays[`${number}/0/${name}`];
      const events = of("events");
      if (world.like !== null) {
        const first = arrays[`${number}/${world.like}/events`];
        for (let k = 0; k < events.length; k++) events[k] ^= first[k];
      }
      const size = shared("side").length, ties = shared("count") && { count: shared("count"), low: shared("low"), high: shared("high") };
      const cast = { people: world.people, x: shared("x"), y: shared("y"), side: of("side"), stance: of("stance"), role: of("role"), ties };
      cast.ids = shared("ids");
      const levels = ["fear", "climate", "reach"].map(name => summed(of(name), scene.hours));
      const film = new Film(cast).load([events, ...levels], scene.hours);
      const lines = kind => Object.fromEntries(scene.curves.map(key => [key, of(`${kind}/${key}`)]).filter(([, line]) => line));
      return { arm: world.arm, film, size, curves: lines("curves"), low: lines("low"), high: lines("high") };
    });
    return { ...scene, worlds };
  }

  /** Show the scene with this number from the hour at which the player stands. */
  show(number) {
    this.number = number;
    const { worlds, campaign, hours } = this.scene_, stages = document.getElementById("stages"), charts = document.getElementById("charts");
    stages.replaceChildren();
    charts.replaceChildren();
    const canvases = worlds.map((world, place) => {
      const figure = make("figure", stages, { class: "world" });
      make("h2", figure, { "data-word": `arm_${world.arm}` });
      const canvas = make("canvas", figure, { role: "img", tabindex: "0", "data-label": `picture_${world.arm}` });
      canvas.addEventListener("pointermove", event => this.point(place, event));
      canvas.addEventListener("pointerleave", () => this.choose(-1));
      canvas.addEventListener("keydown", event => this.walk(place, event));
      return canvas;
    });
    const shown = this.specs.map(spec => {
      const figure = make("figure", charts, { class: "chart" });
      make("h3", figure, { "data-word": `chart_${spec.key}` });
      const values = make("p", figure, { class: "values", dir: "ltr" });
      const outputs = worlds.map(({ arm }) => make("output", values, { class: arm, "aria-live": "off", "data-chart": spec.key, "data-arm": arm }));
      return { spec, outputs, canvas: make("canvas", figure, { role: "img", dir: "ltr", "data-label": `chart_${spec.key}` }) };
    });
    // Pictures take their size from the page, so they come when all of it is there.
    this.stages = canvases.map((canvas, place) => new Stage(canvas, worlds[place].film));
    this.charts = shown.map(({ spec, outputs, canvas }) => ({ spec, outputs, chart: new Chart(canvas, spec, worlds, campaign, hours) }));
    document.getElementById("hour").max = this.last;
    document.querySelectorAll("[data-scene]").forEach(button => {
      button.setAttribute("aria-pressed", String(Number(button.dataset.scene) === number));
    });
    this.chosen = -1;
    this.order = null;
    this.speak(this.language);
    this.seek(Math.min(this.t, this.last));
  }

  /** Stand still at hour t. */
  seek(t) {
    this.t = Math.max(0, Math.min(this.last, t));
    this.draw();
  }

  play(on = !this.playing) {
    if (on && this.t >= this.last) this.t = 0;
    this.playing = on;
    const button = document.getElementById("play");
    button.textContent = on ? "❚❚" : "▶";
    button.setAttribute("aria-label", this.say(on ? "pause" : "play"));
    let before = performance.now();
    const step = now => {
      if (!this.playing) return;
      this.t = Math.min(this.last, this.t + this.speed * Math.max(0, now - before) / 1000);   // a frame may have begun before
      before = now;
      this.draw();
      this.t >= this.last ? this.play(false) : requestAnimationFrame(step);
    };
    if (on) requestAnimationFrame(step);
  }

  draw() {
    const t = Math.floor(this.t), part = this.t - t;
    for (const stage of this.stages) stage.draw(t, { truth: this.truth, chosen: this.chosen, part });
    for (const { spec, outputs, chart } of this.charts) {
      chart.draw(t);
      const values = this.values(spec, t);
      outputs.forEach((output, place) => { output.value = short(values[place], spec.percent, chart.top - chart.bottom); });
    }
    const hour = document.getElementById("hour");
    hour.value = t;
    const [first, end] = this.scene_.campaign, phase = t < first ? "before" : t < end ? "during" : "after";
    const when = this.say("when").replace("{day}", Math.floor(t / 24) + 1).replace("{hour}", t % 24);
    document.getElementById("when").textContent = first < end ? `${when} · ${this.say(phase)}` : when;
    hour.setAttribute("aria-valuetext", document.getElementById("when").textContent);
    if (this.chosen >= 0) this.describe(t);
  }

  /** Values of one chart in hour t, an entry a world. */
  values(spec, t = Math.floor(this.t)) {
    return this.scene_.worlds.map(({ curves }) => {
      return (spec.stack || spec.keys.slice(0, 1)).reduce((sum, key) => sum + (curves[key] ? curves[key][t] : NaN), 0);
    });
  }

  /** All values of hour t by chart; what a test reads. */
  readout(t = Math.floor(this.t)) {
    return Object.fromEntries(this.specs.map(spec => [spec.key, this.values(spec, t)]));
  }

  /** Milliseconds that one picture takes, mean of `count` different hours. */
  cost(count = 60) {
    const begun = performance.now(), was = this.t;
    for (let k = 0; k < count; k++) { this.t = k * this.last / count; this.draw(); }
    this.stages.forEach(stage => stage.pen.getImageData(0, 0, 1, 1));
    this.seek(was);
    return (performance.now() - begun) / count;
  }

  point(place, event) {
    const box = event.target.getBoundingClientRect();
    this.place = place;
    this.choose(this.stages[place].at(event.clientX - box.left, event.clientY - box.top));
  }

  /** Arrow keys on a picture walk from account to account, in the order of stance. */
  walk(place, event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const { x } = this.stages[place].film.cast;
    this.order ??= Array.from(x.keys()).sort((a, b) => x[a] - x[b]);
    const now = this.order.indexOf(this.chosen);
    this.place = place;
    this.choose(this.order[(now + step + this.order.length) % this.order.length]);
  }

  choose(i) {
    this.chosen = i;
    if (!this.playing && this.stages) this.draw();
    if (i < 0) document.getElementById("who").textContent = this.say("hover");
  }

  /** Say of the chosen account what the chosen view knows of it. */
  describe(t) {
    const i = this.chosen, lines = [];
    this.scene_.worlds.forEach(({ arm, film }) => {
      if (i >= film.size) return;
      const frame = film.frames[t], parts = [];
      const side = this.truth || frame.spoke[i] < NEVER ? film.cast.side[i] : 0;
      parts.push(this.say(this.truth && film.cast.role[i] ? `role_${film.cast.role[i]}` : `side_${side}`));
      if (this.truth && frame.events[i] & LEFT) parts.push(this.say("has_left"));
      if (frame.events[i] & SUSPENDED) parts.push(this.say("is_suspended"));
      parts.push(`${this.say("said")} ${film.count(SPOKE, i, t - DAY + 1, t)} ${this.say("hours_of_day")}`);
      parts.push(`${this.say("seen_by")} ≈${2 ** frame.reach[i] - 1}`);
      if (this.truth && !film.cast.role[i]) {
        parts.push(`${this.say("kept")} ${film.count(WITHHELD, i, t - DAY + 1, t)}`);
        parts.push(`${this.say("fear")} ${(100 * frame.fear[i] / 31).toFixed(0)}%`);
        parts.push(`${this.say("believes")} ${(100 * frame.climate[i] / 63).toFixed(0)}%`);
        if (film.count(ABUSED, i, 0, t)) parts.push(`${this.say("abused")} ${film.count(ABUSED, i, 0, t)}`);
      }
      lines.push(`${this.scene_.worlds.length > 1 ? `${this.say(`arm_${arm}`)}: ` : ""}${parts.join(" · ")}`);
    });
    const who = document.getElementById("who"), said = `#${this.scene_.worlds[this.place || 0].film.cast.ids[i]} – ${lines.join("  |  ")}`;
    if (who.textContent !== said) who.textContent = said;   // what is read aloud is read once
  }

  say(key) { return this.words[this.language][key] ?? key; }

  speak(language) {
    this.language = language;
    document.documentElement.lang = language;
    document.documentElement.dir = language === "ar" ? "rtl" : "ltr";
    document.querySelectorAll("[data-word]").forEach(node => { node.textContent = this.say(node.dataset.word); });
    document.querySelectorAll("[data-label]").forEach(node => node.setAttribute("aria-label", this.say(node.dataset.label)));
    const told = this.about.lesson && this.about.lesson[language];
    document.getElementById("title").textContent = told ? told.title : this.about.title || this.say("title");
    document.getElementById("lesson").hidden = !told;
    if (told) {
      for (const part of ["question", "setting", "look", "answer", "variation"]) {
        document.getElementById(`lesson-${part}`).textContent = told[part];
      }
    }
    document.getElementById("band").textContent = this.band_();
    const hexagons = document.getElementById("hexagons");
    hexagons.hidden = !(this.stages || []).some(stage => stage.binned);
    hexagons.textContent = this.say("hexagons").replaceAll("{dots}", PEOPLE_DRAWN);
    this.choose(this.chosen);
  }

  /** What the bands are of; nothing if there are none. */
  band_() { return this.about.seeds > 1 ? this.say("band").replace("{seeds}", this.about.seeds) : ""; }

  wire() {
    const on = (id, event, act) => document.getElementById(id).addEventListener(event, act);
    on("play", "click", () => this.play());
    on("hour", "input", event => { this.play(false); this.seek(Number(event.target.value)); });
    on("truth", "change", event => { this.truth = event.target.checked; this.reveal(); });
    on("speed", "change", event => { this.speed = Number(event.target.value); });
    on("language", "click", () => this.speak(this.language === "en" ? "ar" : "en"));
    document.querySelectorAll("[data-scene]").forEach(button => {
      button.addEventListener("click", () => this.show(Number(button.dataset.scene)));
    });
    document.addEventListener("keydown", event => this.key(event));
    window.addEventListener("resize", () => this.refit());
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.refit());
    this.reveal();
  }

  refit() {
    [...this.stages, ...this.charts.map(({ chart }) => chart)].forEach(picture => picture.resize());
    this.draw();
  }

  reveal() {
    document.body.classList.toggle("truth", this.truth);
    if (this.stages) this.draw();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, textarea, input:not([type=range], [type=checkbox])")) return;
    const far = event.shiftKey ? 24 : 1, bare = !/^(INPUT|BUTTON|SUMMARY)$/.test(event.target.tagName);
    const moves = { ArrowLeft: -far, ArrowRight: far, Home: -1e9, End: 1e9 };
    if (event.key in moves && bare) { event.preventDefault(); this.play(false); this.seek(Math.floor(this.t) + moves[event.key]); }
    if (event.key === " " && bare) { event.preventDefault(); this.play(); }
    if (event.key === "t") { document.getElementById("truth").click(); }
    if (event.key === "l") { document.getElementById("language").click(); }
  }
}

function make(tag, parent, attributes = {}) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}

const read = id => document.getElementById(id).textContent;

async function begin() {
  if (!("DecompressionStream" in window)) {
    document.getElementById("state").textContent = "This page needs a browser of 2023 or later. تحتاج هذه الصفحة إلى متصفح من عام 2023 أو أحدث.";
    return;
  }
  const about = JSON.parse(read("about"));
  window.replay = new Player(about, await unpack(read("film"), about.index), JSON.parse(read("words")));
  document.getElementById("state").hidden = true;
}
