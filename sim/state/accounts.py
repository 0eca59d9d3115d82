"""Accounts as a struct of arrays: one row for each account, one array for each attribute.

Rows 0 .. n_organic-1 are ordinary people; organised accounts follow. Their roles are kept apart, in `sim.state.truth`,
which platform and actors never see.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
EMPTY_ROWS: I64 = np.zeros(0, np.int64)

WITHDRAW, INDIFFERENT, FIGHT = 0, 1, 2
REACTIONS = ("withdraw", "indifferent", "fight")

UNCOMMITTED, DISSENTER, LOYALIST, SYMPATHISER = 0, 1, 2, 3
OPINION_THRESHOLD = 0.1  #: a stance nearer to zero than this is no opinion (assumption)
COHORTS = ("uncommitted", "dissenter", "loyalist", "sympathiser")


class Accounts(NamedTuple):
    """Columns of length A (all accounts). Fixed traits first, then state written by the tick."""

    key: NDArray[np.uint64]  #: [A] stable identity, the key of every draw
    sessions: F64  #: [A] mean sessions per day
    intentions_per_session: F64  #: [A] mean latent intentions per session
    phase: F64  #: [A] personal shift of the daily rhythm, hours
    interest: F64  #: [A] share of intentions that concern the contested topic, [0, 1]
    willingness: F64  #: [A] readiness to speak in a neutral climate, log-odds
    reaction: NDArray[np.int8]  #: [A] WITHDRAW | INDIFFERENT | FIGHT when abused
    hardcore: NDArray[np.bool_]  #: [A] never silenced by fear or climate
    public: NDArray[np.bool_]  #: [A] a public target (many organic followers)
    cohort: NDArray[np.int8]  #: [A] UNCOMMITTED | DISSENTER | LOYALIST | SYMPATHISER by stance at t = 0
    stance_principal: F64  #: [A] towards the principal's line, [-1, 1]
    stance_extremist: F64  #: [A] towards the extremists, [-1, 1]
    opinion_climate: F64  #: [A] perceived share of people who support the principal, [0, 1]
    reference_climate: F64  #: [A] the same just before the campaign, [0, 1]
    fear: F64  #: [A] direct and vicarious fear, [0, 1]
    expected_toxicity: F64  #: [A] toxicity expected from opponents on the topic, [0, 1]
    habituation: F64  #: [A] shock level that no longer affects the person, [0, 1]
    daily_activity: F64  #: [A] today's multiplier of the session rate, >= 0
    last_read: I64  #: [A] second up to which the account has read
    newest: I64  #: [A] serial of the newest post, -1 for none
    newest_mention: I64  #: [A] serial of the newest post that mentions the account, -1 for none
    notices: I64  #: [A] replies to the account, and reposts of its posts, since it last read
    written: I64  #: [A] posts written so far
    voiced: I64  #: [A] contested intentions voiced since the campaign began
    withheld: I64  #: [A] contested intentions withheld since the campaign began
    abuse_received: I64  #: [A] toxic posts received since the campaign began
    has_left: NDArray[np.bool_]  #: [A] has left the platform
    suspended_until: I64  #: [A] first tick at which the account may act again
    strikes: I64  #: [A] posts removed by moderation
    credibility: F64  #: [A] how far people believe the account, [0, 1]; 1 in worlds without credibility
    baseline_credibility: F64  #: [A] credibility to which it recovers, [0, 1]
    morale: F64  #: [A] readiness to go on, on the extremists' side, [0, 1]
    unmasked: NDArray[np.bool_]  #: [A] is publicly known to have written to order


class PublicAccounts(NamedTuple):
    """The columns of accounts that a platform has, [A]."""

    key: NDArray[np.uint64]
    written: I64
    suspended_until: I64
    strikes: I64


class Register(NamedTuple):
    """The public origin of accounts. Columns of length A."""

    opened_at: I64  #: [A] tick at which the account was opened: 0 if before the run, NEVER if not yet
    predecessor: I64  #: [A] account that it says it replaces, -1 for none


NEVER = np.iinfo(np.int64).max


def make_blank_accounts(n: int) -> Accounts:
    """Return `n` blank accounts: credibility and morale 1, no posts (-1), all other columns 0."""
    kinds = {"key": np.uint64, "reaction": np.int8, "cohort": np.int8}
    flags = {"hardcore", "public", "has_left", "unmasked"}
    whole = {"last_read", "notices", "written", "voiced", "withheld", "abuse_received", "suspended_until", "strikes"}
    columns: dict[str, Any] = {}
    for name in Accounts._fields:
        if name in ("newest", "newest_mention"):
            columns[name] = np.full(n, -1, np.int64)
        elif name in whole:
            columns[name] = np.zeros(n, np.int64)
        elif name in ("credibility", "baseline_credibility", "morale"):
            columns[name] = np.ones(n)
        else:
            columns[name] = np.zeros(n, np.bool_ if name in flags else kinds.get(name, np.float64))
    return Accounts(**columns)


def concatenate_accounts(parts: Sequence[Accounts]) -> Accounts:
    """Return the rows of all parts, in order."""
    return Accounts._make(map(np.concatenate, zip(*parts, strict=True)))
