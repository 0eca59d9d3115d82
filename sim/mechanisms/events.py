"""Effects of outside events on people: more sessions, more interest, rallies.

An event is data (`sim.campaigns.Event`) and the same in every arm, so arms differ only in what organised accounts do.
While an event lasts:

* sessions = baseline x product of the factors; interest = min(1, baseline x product of the factors) (assumption);
* rally: a dissenting original of that hour carries the slogan of the hour with probability `rally_share`, at the
  slogan's time plus an exponential delay (assumption). These are genuine people who coordinate openly.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.actors.base import PublicView
from sim.campaigns import Event
from sim.kernels import kernel
from sim.mechanisms.base import OrganisedMechanism, touches
from sim.mechanisms.views import OrganisedView
from sim.observers.base import Observer, StepRecord
from sim.rng import draw, draw_each, keyed_hash, make_key, stream, stream_key, uniform
from sim.rules import parameter
from sim.state.accounts import DISSENTER, EMPTY_ROWS, F64, I64, Accounts
from sim.state.posts import DISTRESS, FIRST_SLOGAN, ORIGINAL
from sim.state.records import Orders

_RALLY = stream("events/rally")
_BETRAY = stream("events/betray")
_TELL = stream("morale/tell")
_JOIN, _LATE = map(np.uint64, range(2))

DELAY = 30.0  #: mean delay after the slogan, seconds (assumption)


class BaselineTraits(NamedTuple):
    """Traits without events, [A]."""

    sessions: F64
    interest: F64


class EventState:
    """Of one world: `baseline`, the traits without events while one is on, else None."""

    baseline: BaselineTraits | None = None


@dataclass(frozen=True, kw_only=True)
class Events(OrganisedMechanism):
    """All outside events of a world."""

    events: tuple[Event, ...] = parameter((), unit="rules", source="of the scenario", items=Event)

    def create_state(self, view: OrganisedView) -> EventState:
        """Return the state before any event."""
        return EventState()

    def create_observers(self, view: OrganisedView) -> Iterable[Observer]:
        """Count what rallies write."""
        return [Rallies()] if any(event.rally_share for event in self.events) else []

    def list_running(self, tick: int) -> list[Event]:
        """Return the events of the hour `tick`."""
        return [event for event in self.events if event.is_running(tick)]

    @touches(reads="accounts.cohort", writes="accounts.sessions accounts.interest own")
    def begin(self, view: OrganisedView) -> None:
        """Write the traits of the hour, when an event begins or ends."""
        if any(view.tick in (event.start, event.end) for event in self.events):
            view.own.baseline = apply_events(view.accounts, view.own.baseline, self.list_running(view.tick))

    @touches(writes="hour.speech hour.drafts")
    def follow_up(self, view: OrganisedView) -> None:
        """Let dissenting originals join a rally: the same words, within about a minute of each slice."""
        for event in self.list_running(view.tick):
            if event.rally_share:
                _apply_rally(view.drafts, event.rally_share, view.seed, view.tick, FIRST_SLOGAN + view.tick, view.users)

    def inform(self, public: PublicView, view: OrganisedView) -> PublicView:
        """Have the extremists write more, or less."""
        factors = (event.extremist_volume for event in self.list_running(view.tick))
        return public._replace(extremist_volume=math.prod(factors, start=public.extremist_volume))

    @touches(reads="truth", writes="hour.orders")
    def change_orders(self, orders: tuple[Orders, ...], view: OrganisedView) -> tuple[Orders, ...]:
        """Give a share of the propagandists' originals the theme DISTRESS, during a rout."""
        told = max((event.distress for event in self.list_running(view.tick)), default=0.0)
        for new in (order.drafts for order in orders if told):
            theirs = view.truth.is_propagandist(new.author)
            _mark_distress(new.theme, new.key, new.root, theirs, told, view.seed, view.tick)
        return orders

    @touches(reads="truth operators accounts.key accounts.unmasked")
    def expose(self, view: OrganisedView) -> I64:
        """Return the sleepers whom events of the hour newly unmask; keyed by account."""
        wanted = sum(event.unmask for event in self.events if event.start == view.tick)
        if not wanted:
            return EMPTY_ROWS
        sleepers = view.truth.find_sleepers()
        in_use = (sleepers < view.n_organic) | np.isin(sleepers, np.concatenate(view.operators.account_rows))
        hidden = sleepers[in_use & ~view.accounts.unmasked[sleepers]]
        identity = keyed_hash(make_key(view.seed, _BETRAY, view.tick), view.accounts.key[hidden])
        return hidden[np.argsort(draw_each(identity, 0))[:wanted]]


class Rallies:
    """Counts posts with the slogan of a rally."""

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return how many posts of the hour carry a slogan, reposts included."""
        return {"rallied_posts": int(np.count_nonzero(step.posts.template[step.new] >= FIRST_SLOGAN))}


def apply_events(
    accounts: Accounts, baseline: BaselineTraits | None, running: Sequence[Event]
) -> BaselineTraits | None:
    """Write the traits under the events `running`; return the baseline, or None if no event is on."""
    baseline = baseline or BaselineTraits(accounts.sessions.copy(), accounts.interest.copy())
    accounts.sessions[:], accounts.interest[:] = baseline
    for event in running:
        who = accounts.cohort == DISSENTER if event.who == "dissenters" else slice(None)
        accounts.sessions[who] *= event.sessions
        accounts.interest[who] *= event.interest
    np.minimum(accounts.interest, 1.0, out=accounts.interest)
    return baseline if running else None


@kernel
def _apply_rally(drafts, share, seed, tick, slogan, users):
    key = stream_key(seed, _RALLY, tick)
    second = int(3600.0 * uniform(key, np.uint64(0)))
    for d in range(len(drafts.key)):
        if drafts.dissent[d] and drafts.kind[d] == ORIGINAL:
            post = drafts.key[d] ^ key
            if draw(post, _JOIN) < share:
                drafts.template[d] = slogan
                late = int(second - DELAY * math.log(draw(post, _LATE)))
                drafts.time[d] = users.begin + late % users.length


@kernel
def _mark_distress(theme, keys, root, theirs, told, seed, tick):
    key = stream_key(seed, _TELL, tick)
    for d in range(len(keys)):
        if theirs[d] and root[d] < 0 and uniform(key, keys[d]) < told:
            theme[d] = DISTRESS
