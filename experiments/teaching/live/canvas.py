"""The replay's own pictures as a widget: what Python tells it, and what it says back."""

import json
from typing import Any

import traitlets
from ipyvue import VueTemplate
from jinja2 import Environment, PackageLoader

from experiments.teaching.replay import SCRIPTS, read_source

TEMPLATE = """<template><div class="player"><style v-text="css"></style>
<header><h1 id="title"></h1><button id="language" type="button" data-word="other_language"></button></header>
<section id="lesson" hidden></section>
BODY
<div id="told"><section><h3 data-word="stream"></h3><ol id="stream"></ol></section>
<section><h3 data-word="suspects"></h3><ol id="suspects"></ol></section></div>
</div></template>
<script>
SCRIPT
module.exports = {
  mounted() {
    window.live = new Live(JSON.parse(this.words), this.language, (name, value) => this.said([name, value]));
    if (this.cast) this.cast_changed();
    window.live.runs(this.playing);
    this.said(["ready", 0]);
  },
  methods: {
    cast_changed() { window.live.begin(JSON.parse(this.cast)); },
  },
  watch: {
    cast() { this.cast_changed(); },
    picture(value) { window.live.take(JSON.parse(value)); },
    bands(value) { if (value) window.live.band(JSON.parse(value)); },
    playing(value) { window.live.runs(value); },
  },
};
</script>"""


def build_template() -> str:
    """Return the widget: the replay's page body and scripts, and what connects them."""
    loader = Environment(loader=PackageLoader("experiments.teaching", "player"), autoescape=True)
    script = "\n".join(read_source(name).replace('"use strict";', "") for name in (*SCRIPTS, "live.js"))
    return TEMPLATE.replace("BODY", loader.get_template("body.html").render()).replace("SCRIPT", script)


def build_style() -> str:
    """Return the replay's style, light only as the controls around it are."""
    return read_source("replay.css").replace("(prefers-color-scheme: dark)", "not all").replace("light dark", "light")


class Canvas(VueTemplate):  # type: ignore[misc]
    """Draws what it is told; `said` is called with what happens in it."""

    template = traitlets.Unicode(build_template()).tag(sync=True)
    events = traitlets.List(["said"]).tag(sync=True)
    css = traitlets.Unicode(build_style()).tag(sync=True)
    words = traitlets.Unicode(read_source("words.json")).tag(sync=True)
    language = traitlets.Unicode("en").tag(sync=True)
    cast = traitlets.Unicode("").tag(sync=True)
    picture = traitlets.Unicode("").tag(sync=True)
    bands = traitlets.Unicode("").tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    heard = traitlets.Any(None, allow_none=True)

    def vue_said(self, data: list[Any]) -> None:
        """Hand on what the page says: a name and a value."""
        if self.heard:
            self.heard(str(data[0]), data[1])


def to_json(value: Any) -> str:
    """Return a value as the text that the widget reads."""
    return json.dumps(value)
