"""What became of every dissenting intention, one by one, so that the same intention can be looked up in another arm."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.observers.base import StepRecord
from sim.state.accounts import I64
from sim.state.posts import I32
from sim.state.records import OUTCOMES

REMOVED = len(OUTCOMES)  #: voiced, then rejected or taken down


class IntentionTable(NamedTuple):
    """The dissenting intentions of a run, in order of `key`; all columns [N]."""

    key: NDArray[np.uint64]  #: identity, the same in every arm of a seed
    tick: I32
    author: I32  #: account row
    outcome: NDArray[np.int8]  #: a place in `sim.state.records.OUTCOMES`, or `REMOVED`


class IntentionRecorder:
    """Keeps the outcome of every intention of the cohort of dissenters.

    Example:
        >>> import infowar_lab as lab
        >>> recorder = IntentionRecorder()
        >>> world = lab.World(lab.load("scenario=quiet", "population.size=100"), seed=1)
        >>> world.observers.append(recorder)
        >>> world.run(48)
        >>> bool((recorder.make_table().outcome >= 0).all())
        True
    """

    def __init__(self) -> None:
        self._parts: list[tuple[NDArray[np.uint64], I32, I32, NDArray[np.int8]]] = []
        self._removed: list[NDArray[np.uint64]] = []

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Keep the intentions of the hour, and which posts are removed in it; returns no measure."""
        new = step.speech.dissenting
        self._parts.append((new.key, np.full(len(new.key), step.tick, np.int32), new.author, new.outcome))
        for posts, rows in ((step.posts, step.removals.posts), (step.defence_effects.rejected, None)):
            dissent: I64 = np.flatnonzero(posts.dissent if rows is None else posts.dissent[rows])
            if len(dissent):
                self._removed.append(posts.key[dissent if rows is None else rows[dissent]])
        return {}

    def make_table(self) -> IntentionTable:
        """Return all intentions so far."""
        key, tick, author, outcome = map(np.concatenate, zip(*self._parts, strict=True))
        order = np.argsort(key)
        key, outcome = key[order], outcome[order]
        if self._removed:
            outcome[np.searchsorted(key, np.concatenate(self._removed))] = REMOVED
        return IntentionTable(key, tick[order], author[order], outcome)
