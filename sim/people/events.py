"""Effects of outside events on people: more sessions, more interest, rallies.

An event is data (`sim.campaigns.Event`) and the same in every arm, so arms differ only in what organised accounts do.
While an event lasts:

* sessions = baseline x product of the factors; interest = min(1, baseline x product of the factors) (assumption);
* rally: a dissenting original of that hour carries the slogan of the hour with probability `rally_share`, at the
  slogan's time plus an exponential delay (assumption). These are genuine people who coordinate openly.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.campaigns import Event
from sim.kernels import kernel
from sim.rng import draw, draw_each, keyed_hash, make_key, stream, stream_key, uniform
from sim.state.accounts import DISSENTER, F64, I64, Accounts
from sim.state.posts import FIRST_SLOGAN, ORIGINAL, Drafts

_RALLY = stream("events/rally")
_BETRAY = stream("events/betray")
_JOIN, _LATE = map(np.uint64, range(2))

DELAY = 30.0  #: mean delay after the slogan, seconds (assumption)


class BaselineTraits(NamedTuple):
    """Traits without events, [A]."""

    sessions: F64
    interest: F64


def apply_events(
    accounts: Accounts, baseline: BaselineTraits | None, events: Sequence[Event], now: int
) -> BaselineTraits | None:
    """Write the traits from the hour `now` on; return the baseline, or None if no event changes it."""
    if not any(now in (event.start, event.end) for event in events):
        return baseline
    baseline = baseline or BaselineTraits(accounts.sessions.copy(), accounts.interest.copy())
    accounts.sessions[:], accounts.interest[:] = baseline
    on = [event for event in events if event.is_running(now)]
    for event in on:
        who = accounts.cohort == DISSENTER if event.who == "dissenters" else slice(None)
        accounts.sessions[who] *= event.sessions
        accounts.interest[who] *= event.interest
    np.minimum(accounts.interest, 1.0, out=accounts.interest)
    return baseline if on else None


def get_extremist_volume(events: Sequence[Event], now: int) -> float:
    """Return the factor on the number of the extremists' posts in the hour `now`."""
    return math.prod((event.extremist_volume for event in events if event.is_running(now)), start=1.0)


def unmask_by_event(rows: I64, accounts: Accounts, events: Sequence[Event], seed: int, now: int) -> I64:
    """Return the accounts among `rows` that events of the hour `now` newly unmask; keyed by account."""
    wanted = sum(event.unmask for event in events if event.start == now)
    hidden = rows[~accounts.unmasked[rows]]
    return hidden[np.argsort(draw_each(keyed_hash(make_key(seed, _BETRAY, now), accounts.key[hidden]), 0))[:wanted]]


def apply_rallies(drafts: Drafts, events: Sequence[Event], seed: int, now: int) -> None:
    """Let dissenting originals of the hour join a rally: the same words, within about a minute."""
    for event in events:
        if event.rally_share and event.is_running(now):
            _apply_rally(drafts, event.rally_share, seed, now, FIRST_SLOGAN + now)


@kernel
def _apply_rally(drafts, share, seed, tick, slogan):
    key = stream_key(seed, _RALLY, tick)
    second = int(3600.0 * uniform(key, np.uint64(0)))
    for d in range(len(drafts.key)):
        if drafts.dissent[d] and drafts.kind[d] == ORIGINAL:
            post = drafts.key[d] ^ key
            if draw(post, _JOIN) < share:
                drafts.template[d] = slogan
                drafts.time[d] = tick * 3600 + int(second - DELAY * math.log(draw(post, _LATE))) % 3600
