"""The record of one tick that observers receive, and the interface of an observer."""

import math
from typing import NamedTuple, Protocol

import numpy as np

from sim.state.accounts import F64, I64, Accounts, Register
from sim.state.posts import Posts
from sim.state.records import (
    NO_DEFENCE_EFFECTS,
    ActiveUsers,
    DefenceEffects,
    EdgeChanges,
    Exposures,
    Orders,
    Removals,
    SpeechRecord,
    StateUpdate,
)
from sim.state.truth import ROLES, Truth


class StepRecord(NamedTuple):
    """Everything that happened in one tick, including the truth."""

    tick: int
    campaign_start: int
    accounts: Accounts
    posts: Posts  #: columns of the ledger
    new: slice  #: rows of the ledger written in this tick
    truth: Truth
    active_users: ActiveUsers
    seen: Exposures
    update: StateUpdate
    speech: SpeechRecord
    reported: I64  #: rows of the ledger that readers and members reported, one item for each report
    edge_changes: EdgeChanges
    orders: tuple[Orders, ...]
    removals: Removals
    unmasked: I64  #: rows of the accounts that were unmasked
    register: Register
    defence_effects: DefenceEffects = NO_DEFENCE_EFFECTS


class Observer(Protocol):
    """Receives each tick and returns named measures. It may keep state of its own and never writes to the world."""

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return this tick's measures by column name."""
        ...


def mean(column: F64) -> float:
    """Return the mean; nan for an empty column."""
    return float(column.mean()) if len(column) else math.nan


def count_posts(step: StepRecord) -> I64:
    """Return how many posts accounts of each role wrote in this tick, int64 [roles]."""
    return np.bincount(step.truth.role[step.posts.author[step.new]], minlength=len(ROLES))
