"""A replay: films, their curves and a player in one HTML file without dependencies."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from experiments.teaching.changes import CHANGES
from experiments.teaching.curves import CURVES, Curves, compute_band, compute_curves
from experiments.teaching.film import Film
from experiments.teaching.layout import place_accounts
from experiments.teaching.packing import Pack, encode_steps, encode_ties
from experiments.teaching.replay_runs import ReplayRun
from sim.campaigns import Campaign
from sim.state.graph import Graph

PLAYER = files("experiments.teaching") / "player"
SCRIPTS = ("film.js", "stage.js", "chart.js", "player.js")
ARMS = {1: ("only",), 2: ("without", "with")}


@dataclass(frozen=True)
class Scene:
    """One setting: the seed that is shown, and all seeds for the bands."""

    runs: Sequence[ReplayRun]  #: one a seed; the first has the films
    campaign: Campaign  #: whose hours are shaded
    own: tuple[str, ...] = ()  #: further measures that get a chart, columns of a history


@dataclass(frozen=True)
class ReplayPage:
    """All that a replay shows."""

    scenes: Sequence[Scene]
    command: str  #: how it was made
    title: str = ""
    language: str = "en"  #: in which the page opens
    lesson: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  #: language -> part -> text
    words: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict
    )  #: language -> key -> text, instead of the default


def write_replay(page: ReplayPage, path: Path) -> None:
    """Write the page to `path`."""
    path.write_text(render_replay(page), encoding="utf-8")


def render_replay(page: ReplayPage) -> str:
    """Return the page as one HTML file that loads nothing else."""
    pack = Pack()
    scenes = [_pack_scene(pack, number, scene) for number, scene in enumerate(page.scenes)]
    about = {
        "language": page.language,
        "title": page.title,
        "lesson": dict(page.lesson) or None,
        "seeds": len(page.scenes[0].runs),
        "scenes": scenes,
        "index": pack.index,
    }
    environment = Environment(
        loader=PackageLoader("experiments.teaching", "player"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["json"] = lambda value: Markup(escape_json(json.dumps(value, ensure_ascii=False)))
    words = {
        name: {**default, **page.words.get(name, {})} for name, default in json.loads(read_source("words.json")).items()
    }
    title = page.lesson[page.language]["title"] if page.lesson else page.title or words[page.language]["title"]
    return environment.get_template("replay.html").render(
        about=about,
        title=title,
        words=words,
        film=pack.encode(),
        style=Markup(read_source("replay.css")),
        script=Markup("\n".join(map(read_source, SCRIPTS))),
        command=page.command,
    )


def read_source(name: str) -> str:
    """Return the text of one of the player's files."""
    return (PLAYER / name).read_text(encoding="utf-8")


def escape_json(text: str) -> str:
    """Return JSON that cannot end the element that it stands in."""
    return text.replace("<", "\\u003c")


def _pack_scene(pack: Pack, number: int, scene: Scene) -> dict[str, Any]:
    run = scene.runs[0]
    films, drawn = run.films, [compute_curves(history, scene.own) for history in run.histories]
    drawn[-1] |= run.changes
    worlds = []
    for place, (film, lines) in enumerate(zip(films, drawn, strict=True)):
        name = f"{number}/{place}"
        like = 0 if place and _is_same_cast(film, films[0]) else None
        _add_film(pack, name, film, films[0] if like == 0 else None)
        if like is None:
            _add_cast(pack, name, film, films[-1], run.graphs[place])
        _add_curves(pack, name, lines, [compute_curves(other.histories[place], scene.own) for other in scene.runs])
        worlds.append({"arm": ARMS[len(films)][place], "people": film.people, "like": like})
    return {
        "hours": len(films[0].frames),
        "campaign": [scene.campaign.start, scene.campaign.end],
        "curves": [*CURVES, *CHANGES, *scene.own],
        "own": list(scene.own),
        "worlds": worlds,
    }


def _is_same_cast(one: Film, other: Film) -> bool:
    return np.array_equal(one.rows, other.rows)


def _add_film(pack: Pack, name: str, film: Film, first: Film | None) -> None:
    """Add the columns, person by person; events as what differs from the first world's, if it has the same cast."""
    planes = film.stack_planes()
    events = planes.pop("events")
    pack.add(f"{name}/events", events.T if first is None else (events ^ first.stack_planes()["events"]).T)
    for level, plane in planes.items():
        pack.add(f"{name}/{level}", encode_steps(plane).T)
    side, stance = film.get_sides()
    pack.add(f"{name}/side", side)
    pack.add(f"{name}/stance", stance.astype(np.float32))
    pack.add(f"{name}/role", film.role)


def _add_cast(pack: Pack, name: str, film: Film, last: Film, graph: Graph) -> None:
    """Add what the worlds of one cast share: places, ids, and who follows whom."""
    stance = (last if _is_same_cast(film, last) else film).get_sides()[1]
    for axis, values in zip("xy", place_accounts(stance, film.people), strict=True):
        pack.add(f"{name}/{axis}", values)
    pack.add(f"{name}/ids", film.names.astype(np.float32))
    count, low, high = encode_ties(graph, film.rows)
    pack.add(f"{name}/count", count)
    pack.add(f"{name}/low", low)
    pack.add(f"{name}/high", high)


def _add_curves(pack: Pack, name: str, lines: Curves, seeds: Sequence[Curves]) -> None:
    for curve, values in lines.items():
        pack.add(f"{name}/curves/{curve}", values)
    if len(seeds) > 1:
        low, high = compute_band(seeds)
        for curve in low:
            pack.add(f"{name}/low/{curve}", low[curve])
            pack.add(f"{name}/high/{curve}", high[curve])
