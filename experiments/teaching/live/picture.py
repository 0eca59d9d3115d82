"""What a page gets of a world: values that are not written again, ready to be sent."""

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.detection.coaction import CoAction
from experiments.detection.loop import Looker, now
from experiments.teaching.curves import CURVES, DAY, curves
from experiments.teaching.film import Film, Frame, names
from experiments.teaching.layout import places
from sim.state.posts import CONTESTED, KINDS, REPOST, TOXIC
from sim.state.truth import GENUINE, ROLES
from sim.world import World

POSTS = 12  #: of the topic's stream that are shown
SUSPECTS = 8
DETECTOR = CoAction("repost", window=60, least=2)  #: that of `experiments.race`

Plain = dict[str, Any]


class Picture(NamedTuple):
    """One hour of all worlds of a session."""

    number: int  #: of the picture in its session; the page says which one it has drawn
    setting: int  #: number of the setting that it belongs to
    hour: int
    worlds: tuple[Plain, ...]  #: a frame each: columns and side in base64, and the last value of every curve
    stream: tuple[Plain, ...]  #: newest posts of the topic in the last world, newest first
    suspects: tuple[Plain, ...]  #: what a detector says of the last world


def text(array: NDArray[Any]) -> str:
    """Return an array's bytes in base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def film_of(world: World) -> Film:
    """Return the film that watches a world."""
    return next(watcher for watcher in world.observers if isinstance(watcher, Film))


def frame(world: World, own: Sequence[str]) -> Plain:
    """Return the last hour of a world, with its measures `own` beside those of every page."""
    last = {name: _finite(line[-1]) for name, line in curves(world.history.iloc[-DAY:], own).items()}
    return _columns(film_of(world), -1) | {"curves": last}


def _columns(film: Film, hour: int) -> Plain:
    taken: Frame = film.frames[hour]
    return {"columns": text(np.stack(taken)), "side": text(film.sides()[0])}


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def cast(world: World, arm: str, own: Sequence[str]) -> Plain:
    """Return who is shown of a world, and all its hours so far; `own` as in `frame`."""
    film, history = film_of(world), world.history
    side, stance = film.sides()
    x, y = places(stance, film.people)
    lines = curves(history, own) if len(history) else {name: np.zeros(0, np.float32) for name in (*CURVES, *own)}
    return {
        "arm": arm,
        "people": film.people,
        "accounts": len(world.role),
        "x": text(x),
        "y": text(y),
        "stance": text(stance.astype(np.float32)),
        "side": text(side),
        "role": text(film.role),
        "ids": film.names.tolist(),
        "frames": [_columns(film, hour) for hour in range(len(film.frames))],
        "curves": {name: [_finite(value) for value in line] for name, line in lines.items()},
    }


def stream(world: World) -> tuple[Plain, ...]:
    """Return the newest standing posts on the topic, newest first: what anybody can see of them."""
    posts = world.state.ledger.rows()
    rows = np.flatnonzero((posts.topic == CONTESTED) & ~posts.removed)[-POSTS:][::-1]
    return tuple(
        {
            "id": int(posts.key[row] % 10**9),
            "author": int(name),
            "kind": KINDS[posts.kind[row]],
            "stance": round(float(posts.stance_principal[row]), 2),
            "toxic": bool(posts.toxicity[row] >= TOXIC),
            "reposts": int(posts.reposts[row]),
            "copied": bool(posts.template[row] >= 0 and posts.kind[row] != REPOST),
        }
        for row, name in zip(rows, names(world, posts.author[rows]), strict=True)
    )


def suspects(world: World) -> tuple[Plain, ...]:
    """Return whom `DETECTOR` suspects, worst first: who reposted what others reposted within a minute, repeatedly.

    It sees what the platform shows of the posts in memory. `organised` is the truth, for whoever asks for it.
    """
    score, roles = Looker(DETECTOR)(now(world)), world.state.truth.role
    worst = np.argsort(-score, kind="stable")[:SUSPECTS]
    worst = worst[score[worst] > 0]
    return tuple(
        {
            "account": int(name),
            "score": int(score[row]),
            "organised": bool(roles[row] not in GENUINE),
            "role": ROLES[roles[row]],
        }
        for row, name in zip(worst, names(world, worst), strict=True)
    )
