"""What the phases of a tick share: the state of a world, the values of an hour, and what mechanisms see of both."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import Actor, Operators, PublicView
from sim.mechanisms.base import Mechanisms
from sim.mechanisms.defences.base import DefenceView, make_defence_view
from sim.mechanisms.views import OrganisedView, PeopleView, PlatformView
from sim.observers.base import Observer
from sim.platform.candidates import NO_ACCOUNTS, FeedCandidates
from sim.platform.timelines import Timelines
from sim.setting import Setting
from sim.state.accounts import EMPTY_ROWS, F64, I64, Accounts, PublicAccounts, Register
from sim.state.answers import CustomAnswers
from sim.state.dynamic_graph import DynamicGraph
from sim.state.posts import NO_DRAFTS, Drafts, Ledger, Posts, PublicPosts
from sim.state.records import (
    HOUR,
    NO_DEFENCE_EFFECTS,
    ActiveUsers,
    DefenceEffects,
    EdgeChanges,
    Exposures,
    Intentions,
    Orders,
    Removals,
    SpeechRecord,
    StateUpdate,
    UserActions,
)
from sim.state.topics import Topics
from sim.state.truth import Truth

Value = TypeVar("Value")
NOBODY = ActiveUsers(EMPTY_ROWS.astype(np.int32), EMPTY_ROWS.astype(np.int32), EMPTY_ROWS, NO_ACCOUNTS, 0, HOUR)
NOTHING_SEEN = Exposures(np.zeros(1, np.int64), EMPTY_ROWS.astype(np.int32))


class CustomBehaviour(Protocol):
    """People with methods of their own; see `sim.agents.custom`."""

    def filter_active(self, active_users: ActiveUsers) -> ActiveUsers:
        """Return those of the active who have methods of their own; `absent` is empty."""
        ...

    def react(self, posts: Posts, active_users: ActiveUsers, seen: Exposures, change: StateUpdate) -> StateUpdate:
        """Return the update that they choose after reading `seen`; the compiled rule's is `change`."""
        ...

    def decide(self, active_users: ActiveUsers, change: StateUpdate, reference: F64, wanted: Intentions) -> Intentions:
        """Return `wanted` with the outcomes that they choose."""
        ...


@dataclass
class WorldState:
    """Everything that changes in a world."""

    accounts: Accounts
    register: Register
    dynamic_graph: DynamicGraph
    ledger: Ledger
    topics: Topics
    timelines: Timelines
    truth: Truth
    actors: tuple[Actor, ...]
    operators: Operators
    custom_agents: CustomBehaviour
    competes_for_slots: NDArray[np.bool_]  #: [A] its posts take slots from others
    seed: int
    threads: int  #: number of threads to use
    recruited: NDArray[np.bool_]  #: [A] has joined the extremists
    mechanisms: Mechanisms


@dataclass(slots=True)
class Hour:
    """One hour of a world, and what its phases pass on; each field is set by the phase behind it."""

    state: WorldState
    rules: Setting
    now: int
    part: int = 0  #: number of the present slice
    comers: list[ActiveUsers] = field(default_factory=list)  #: wake: who comes in each slice
    trending: I64 = field(init=False)  #: find_trends
    posts: Posts = field(init=False)  #: expire, publish: rows of the window
    users: ActiveUsers = NOBODY  #: arrive: of the slice; sum_up: of the hour, as what follows
    tag: tuple[int, NDArray[np.bool_]] = (-1, NO_ACCOUNTS)  #: choose_tag: topic that some people search, and who
    candidates: FeedCandidates = field(init=False)  #: lay_out
    weight: float = 0.0  #: weigh_sources
    answers: CustomAnswers | None = None  #: arrive, ask_custom_agents
    seen: Exposures = NOTHING_SEEN  #: act
    update: StateUpdate = field(init=False)  #: act
    speech: SpeechRecord = field(init=False)  #: act
    reported: I64 = field(init=False)  #: act: rows that readers reported
    edge_changes: EdgeChanges = field(init=False)  #: act
    drafts: Drafts = NO_DRAFTS  #: act: what people post; release, filter_posts
    public: PublicView = None  # type: ignore[assignment]  #: inform
    orders: tuple[Orders, ...] = ()  #: order; release, filter_posts
    waiting: tuple[Drafts, tuple[Orders, ...]] | None = None  #: release: what is due in later slices
    defence_effects: DefenceEffects = NO_DEFENCE_EFFECTS  #: filter_posts, restrain
    new: slice = field(default_factory=lambda: slice(0, 0))  #: publish: rows of the ledger
    done: list[tuple[UserActions, slice, tuple[Orders, ...], DefenceEffects]] = field(default_factory=list)  #: demote
    exposed: I64 = field(init=False)  #: expose
    unmasked: I64 = field(init=False)  #: unmask
    removals: Removals = field(init=False)  #: moderate
    length: int = field(init=False)  #: of a slice, seconds
    parts: int = field(init=False)  #: number of slices

    def __post_init__(self) -> None:
        self.length = 60 * self.rules.activity.slice
        self.parts = HOUR // self.length

    @property
    def begin(self) -> int:
        """When the slice begins, seconds since the start of the world."""
        return HOUR * self.now + self.length * self.part

    @property
    def end(self) -> int:
        """When the slice ends, seconds since the start of the world."""
        return self.begin + self.length


def run(hour: Hour, hook: str, *given: Any) -> None:
    """Call a hook of all mechanisms."""
    for act, view in look(hour, hook):
        act(*given, view)


def fold(hour: Hour, hook: str, value: Value) -> Value:
    """Return `value` as a hook of all mechanisms, one after the other, changes it."""
    for change, view in look(hour, hook):
        value = change(value, view)
    return value


def look(hour: Hour, hook: str) -> list[tuple[Any, Any]]:
    """Return each mechanism that has this hook, as its method, and what it sees."""
    return [(getattr(rule, hook), VIEWS[rule.side](hour, own)) for rule, own in hour.state.mechanisms.find(hook)]


def look_in_group(hour: Hour, hook: str, users: ActiveUsers, seen: Exposures) -> list[tuple[Any, PeopleView]]:
    """Return each mechanism that has this hook, as its method, and what it sees of a group of people."""
    found = hour.state.mechanisms.find(hook)
    return [(getattr(mechanism, hook), view_people(hour, own, users, seen)) for mechanism, own in found]


def view_people(hour: Hour, own: Any, users: ActiveUsers | None = None, seen: Exposures | None = None) -> PeopleView:
    """Return what people see; `users` and `seen` of the hour, or of a group."""
    return PeopleView(**_list_fields(hour, own) | {"users": users or hour.users, "seen": seen or hour.seen})


def view_organised(hour: Hour, own: Any) -> OrganisedView:
    """Return what organised accounts see."""
    state = hour.state
    return OrganisedView(
        **_list_fields(hour, own),
        truth=state.truth,
        operators=state.operators,
        actors=state.actors,
        dynamic_graph=state.dynamic_graph,
        public=hour.public,
        orders=hour.orders,
    )


def view_platform(hour: Hour, own: Any) -> PlatformView:
    """Return what the platform sees."""
    state, posts = hour.state, hour.posts
    return PlatformView(
        seed=state.seed,
        tick=hour.now,
        own=own,
        accounts=PublicAccounts._make(getattr(state.accounts, name) for name in PublicAccounts._fields),
        register=state.register,
        posts=PublicPosts._make(getattr(posts, name) for name in PublicPosts._fields),
        base=state.ledger.base,
    )


def view_defence(hour: Hour, own: Any) -> DefenceView:
    """Return what a defence sees."""
    state, ledger = hour.state, hour.state.ledger
    known = state.accounts, state.register, state.dynamic_graph.following, hour.posts, ledger.base
    return make_defence_view(*known, state.seed, hour.now)._replace(own=own)


VIEWS: dict[str, Callable[[Hour, Any], Any]] = {
    "people": view_people,
    "organised": view_organised,
    "platform": view_platform,
    "defence": view_defence,
}


def _list_fields(hour: Hour, own: Any) -> dict[str, Any]:
    state = hour.state
    return {
        "seed": state.seed,
        "tick": hour.now,
        "own": own,
        "n_organic": state.truth.n_organic,
        "accounts": state.accounts,
        "register": state.register,
        "recruited": state.recruited,
        "following": state.dynamic_graph.following,
        "topics": state.topics,
        "posts": hour.posts,
        "base": state.ledger.base,
        "users": hour.users,
        "seen": hour.seen,
        "drafts": hour.drafts,
        "new": hour.new,
    }


def begin_hour(state: WorldState, rules: Setting, now: int = 0) -> Hour:
    """Return an hour in which nothing has happened."""
    start = Hour(state, rules, now)
    start.posts = state.ledger.get_rows()
    return start


def start_mechanisms(state: WorldState, rules: Setting) -> None:
    """Give each mechanism its state in a world that has not begun."""
    start = begin_hour(state, rules)
    for place, mechanism in enumerate(state.mechanisms.rules):
        state.mechanisms.own[place] = mechanism.create_state(VIEWS[mechanism.side](start, None))


def create_observers(state: WorldState, rules: Setting) -> Iterator[Observer]:
    """Yield the observers of the mechanisms of a world that has not begun."""
    start = begin_hour(state, rules)
    for mechanism, own in zip(state.mechanisms.rules, state.mechanisms.own, strict=True):
        yield from mechanism.create_observers(view_organised(start, own))
