"""What a page receives of a world: immutable values, ready to be sent."""

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.detection.adapter import DetectorAdapter, snapshot_platform
from experiments.detection.coaction import CoAction
from experiments.teaching.curves import CURVES, DAY, Curves, compute_curves
from experiments.teaching.film import Film, Frame, number_accounts
from experiments.teaching.layout import place_accounts
from sim.state.posts import CONTESTED, KINDS, REPOST, TOXIC_THRESHOLD
from sim.state.truth import GENUINE, ROLES
from sim.world import World

POSTS = 12  #: of the topic's stream that are shown
SUSPECTS = 8
DETECTOR = CoAction("repost", window=60, min_coactions=2)  #: that of `experiments.race`

Plain = dict[str, Any]


class HourPicture(NamedTuple):
    """One hour of all worlds of a session."""

    number: int  #: of the picture in its session; the page says which one it has drawn
    setting: int  #: number of the setting that it belongs to
    hour: int
    worlds: tuple[Plain, ...]  #: a frame each: columns and side in base64, and the last value of every curve
    stream: tuple[Plain, ...]  #: newest posts of the topic in the last world, newest first
    suspects: tuple[Plain, ...]  #: what a detector says of the last world


def encode_array(array: NDArray[Any]) -> str:
    """Return an array's bytes in base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def get_film(world: World) -> Film:
    """Return the film that watches a world."""
    return next(watcher for watcher in world.observers if isinstance(watcher, Film))


def make_frame(world: World, own: Sequence[str], changes: Curves) -> Plain:
    """Return the last hour of a world, with its measures `own` and `changes` beside those of every page."""
    lines = compute_curves(world.history.iloc[-DAY:], own) | changes
    last = {name: _to_finite(line[-1]) for name, line in lines.items()}
    return _encode_columns(get_film(world), -1) | {"curves": last}


def _encode_columns(film: Film, hour: int) -> Plain:
    taken: Frame = film.frames[hour]
    return {"columns": encode_array(np.stack(taken)), "side": encode_array(film.get_sides()[0])}


def _to_finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def make_cast(world: World, arm: str, own: Sequence[str], changes: Curves) -> Plain:
    """Return who is shown of a world, and all its hours so far; `own` and `changes` as in `make_frame`."""
    film, history = get_film(world), world.history
    side, stance = film.get_sides()
    x, y = place_accounts(stance, film.people)
    lines = (
        compute_curves(history, own) if len(history) else {name: np.zeros(0, np.float32) for name in (*CURVES, *own)}
    )
    return {
        "arm": arm,
        "people": film.people,
        "accounts": len(world.role),
        "x": encode_array(x),
        "y": encode_array(y),
        "stance": encode_array(stance.astype(np.float32)),
        "side": encode_array(side),
        "role": encode_array(film.role),
        "ids": film.names.tolist(),
        "frames": [_encode_columns(film, hour) for hour in range(len(film.frames))],
        "curves": {name: [_to_finite(value) for value in line] for name, line in (lines | changes).items()},
    }


def list_posts(world: World) -> tuple[Plain, ...]:
    """Return the newest standing posts on the topic, newest first: what anybody can see of them."""
    posts = world.state.ledger.get_rows()
    rows = np.flatnonzero((posts.topic == CONTESTED) & ~posts.removed)[-POSTS:][::-1]
    return tuple(
        {
            "id": int(posts.key[row] % 10**9),
            "author": int(name),
            "kind": KINDS[posts.kind[row]],
            "stance": round(float(posts.stance_principal[row]), 2),
            "toxic": bool(posts.toxicity[row] >= TOXIC_THRESHOLD),
            "reposts": int(posts.reposts[row]),
            "copied": bool(posts.template[row] >= 0 and posts.kind[row] != REPOST),
        }
        for row, name in zip(rows, number_accounts(world, posts.author[rows]), strict=True)
    )


def list_suspects(world: World) -> tuple[Plain, ...]:
    """Return the accounts that `DETECTOR` suspects, worst first: repeated reposts within a minute of others.

    It sees what the platform shows of the posts in memory. `organised` is the truth, for whoever asks for it.
    """
    score, roles = DetectorAdapter(DETECTOR)(snapshot_platform(world)), world.state.truth.role
    worst = np.argsort(-score, kind="stable")[:SUSPECTS]
    worst = worst[score[worst] > 0]
    return tuple(
        {
            "account": int(name),
            "score": int(score[row]),
            "organised": bool(roles[row] not in GENUINE),
            "role": ROLES[roles[row]],
        }
        for row, name in zip(worst, number_accounts(world, worst), strict=True)
    )
