"""How organised accounts evade detection, as parameters. The model does not search for values that work."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import AccountBatch
from sim.rng import draw_each, hash_pairs, keyed_hash, make_key, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import I64
from sim.state.graph import Graph
from sim.state.posts import I32

PARAPHRASES = ("copy", "template", "swap", "rewrite")
MAX_DELAY = 24 * 3600  #: longest delay of a post, seconds

_AGED = stream("evasion/aged")
_TIE = stream("evasion/tie")
_MODEL, _FOLLOWER, _FOLLOWEE = range(3)


@dataclass(frozen=True, kw_only=True)
class Evasion(Rule):
    """How organised accounts avoid detection; by default they do nothing.

    `jitter` to `everyday` act in `sim.actors.evading_actor`, and `maturity` in `add_aged_ties`. The others, and the age
    of accounts, change nothing in the world, only what a platform shows of it (`experiments.detection.surface`).
    """

    jitter: float = parameter(0.0, unit="s", source="0 is off", low=0.0, high=MAX_DELAY / 2)
    diurnal: bool = parameter(False, unit="1", source="false is off")
    participation: float = share(1.0, source="1 is off")
    rotation: int = parameter(1, unit="h", source="1: anew each hour", low=1, high=168)
    camouflage: float = share(0.0, source="0 is off")
    everyday: float = parameter(0.0, unit="posts/day", source="0 is off", low=0.0, high=240.0)
    paraphrase: str = parameter("copy", unit="kind", source="copy is off", choices=PARAPHRASES)
    splitting: int = parameter(1, unit="hashtags", source="1 is off", low=1, high=8)
    deletion: float = share(0.0, source="0 is off")
    maturity: float = share(0.0, source="0 is off")

    def draw_aged(self, keys: NDArray[np.uint64], seed: int) -> NDArray[np.bool_]:
        """Return which of these accounts are aged, not made for the operation, bool [n]."""
        old: NDArray[np.bool_] = draw_each(keyed_hash(make_key(seed, _AGED), keys), 0) < self.maturity
        return old


NO_EVASION = Evasion()


class _TieEnds(NamedTuple):
    """One direction of a graph."""

    start: I64
    other: I32


def add_aged_ties(rule: Evasion, batch: AccountBatch, first_row: int, graph: Graph, seed: int) -> AccountBatch:
    """Return `batch`, whose rows start at `first_row`, with ties of people for its aged accounts.

    Each aged account that follows nobody yet gets as many followers and followees as a random person of `graph` has.
    They are the ends of random ties: people who follow many are more likely to follow it, and it is more likely to
    follow people with many followers. These ties replace its followers.
    """
    rows = first_row + np.arange(len(batch.accounts.key))
    aged = rule.draw_aged(batch.accounts.key, seed) & ~np.isin(rows, batch.source)
    if not aged.any() or not len(graph.following):
        return batch
    rows, keys = rows[aged], keyed_hash(make_key(seed, _TIE), batch.accounts.key[aged])
    model = (draw_each(keys, _MODEL) * (len(graph.followers_start) - 1)).astype(np.int64)
    followed, followers = _draw_ties(_TieEnds(graph.followers_start, graph.followers), rows, keys, model, _FOLLOWER)
    following, followees = _draw_ties(_TieEnds(graph.following_start, graph.following), rows, keys, model, _FOLLOWEE)
    kept = ~np.isin(batch.target, rows)
    source = np.concatenate([batch.source[kept], followers, following])
    return batch._replace(source=source, target=np.concatenate([batch.target[kept], followed, followees]))


def _draw_ties(ties: _TieEnds, rows: I64, keys: NDArray[np.uint64], model: I64, purpose: int) -> tuple[I64, I64]:
    """Return each of `rows` as often as its model has ties, and the far end of a random tie for each."""
    count = np.diff(ties.start)[model]
    ordinal = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    identity = hash_pairs(np.repeat(keys, count), ordinal.astype(np.uint64))
    far = ties.other[(draw_each(identity, purpose) * len(ties.other)).astype(np.int64)]
    return np.repeat(rows, count), far.astype(np.int64)
