"""What people with methods of their own answer, and how it takes the place of what compiled rules say."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import kernel
from sim.state.posts import I32
from sim.state.records import ActiveUsers, Intentions, StateUpdate


class CustomAnswers(NamedTuple):
    """What they make of this hour: of their reading, and of each intention."""

    rows: I32  #: [K] accounts, ascending, all of them active
    update: StateUpdate  #: [K]
    intentions: Intentions  #: of these K accounts


def apply_updates(answers: CustomAnswers | None, users: ActiveUsers, update: StateUpdate) -> StateUpdate:
    """Return `update` of the active with the answers in it."""
    if answers is None:
        return update
    at, theirs = _match_rows(answers, users)
    return StateUpdate._make(_put(column, at, new[theirs]) for column, new in zip(update, answers.update, strict=True))


def apply_decisions(answers: CustomAnswers | None, users: ActiveUsers, wanted: Intentions) -> Intentions:
    """Return `wanted` of the active with the cells that were answered."""
    if answers is None:
        return wanted
    at, theirs = _match_rows(answers, users)
    outcome = wanted.outcome.copy()
    _put_cells(outcome, wanted.start, at, answers.intentions.start[theirs], answers.intentions.outcome)
    return wanted._replace(outcome=outcome)


def _match_rows(answers: CustomAnswers, users: ActiveUsers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where among the active, and where among the answers, the same accounts are."""
    _, at, theirs = np.intersect1d(users.active, answers.rows, assume_unique=True, return_indices=True)
    return at, theirs


def _put(column: NDArray[np.generic], at: NDArray[np.int64], new: NDArray[np.generic]) -> NDArray[np.generic]:
    column = column.copy()
    column[at] = new
    return column


@kernel
def _put_cells(outcome, start, at, their_start, theirs):
    for k in range(len(at)):
        first = start[at[k]]
        for x in range(start[at[k] + 1] - first):
            outcome[first + x] = theirs[their_start[k] + x]
