"""Answers of people with methods of their own, which replace the results of the compiled rules."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import kernel
from sim.state.posts import I32
from sim.state.records import ActiveUsers, Intentions, StateUpdate


class CustomAnswers(NamedTuple):
    """Their answers of one hour, to reading and to each intention."""

    rows: I32  #: [K] accounts, ascending, all of them active
    update: StateUpdate  #: [K]
    intentions: Intentions  #: of these K accounts


def apply_updates(answers: CustomAnswers | None, users: ActiveUsers, update: StateUpdate) -> StateUpdate:
    """Return `update` with the answers in place of its values."""
    if answers is None:
        return update
    at, theirs = _match_rows(answers, users)
    return StateUpdate._make(_put(column, at, new[theirs]) for column, new in zip(update, answers.update, strict=True))


def apply_decisions(answers: CustomAnswers | None, users: ActiveUsers, wanted: Intentions) -> Intentions:
    """Return `wanted` with the answered outcomes in place of its own."""
    if answers is None:
        return wanted
    at, theirs = _match_rows(answers, users)
    outcome = wanted.outcome.copy()
    _put_cells(outcome, wanted.start, at, answers.intentions.start[theirs], answers.intentions.outcome)
    return wanted._replace(outcome=outcome)


def _match_rows(answers: CustomAnswers, users: ActiveUsers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of the same accounts among the active and among the answers."""
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
