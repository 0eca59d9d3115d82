"""Mechanisms: one file each, with parameters, state, measures, and hooks that the phases of a tick call.

A mechanism is a rule that acts. It derives from the class of those whose behaviour it describes, and overrides the
hooks of the phases in which something happens; all others do nothing and are never called:

* `PeopleMechanism`: people; it sees a `PeopleView`, without the truth.
* `OrganisedMechanism`: whoever is organised, and events outside the platform; it sees an `OrganisedView`.
* `PlatformMechanism`: the platform; it sees a `PlatformView`, and a `Defence` even less.

A hook declares by `touches` what it reads and writes, as `World.schedule` shows it: `accounts.fear`, `posts` (all
columns), `own` (its own state); values that it gets and returns are not named. `tests/test_schedule.py` holds every
hook to that. Chance is drawn by identity (`sim.rng`), under a stream of the mechanism's own.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from sim.actors.base import PublicView
from sim.mechanisms.views import Bools, OrganisedView, PeopleView, PlatformView
from sim.observers.base import Observer
from sim.rules import Rule
from sim.state.accounts import EMPTY_ROWS, I64
from sim.state.records import (
    NO_EDGE_CHANGES,
    EdgeChanges,
    Intentions,
    Orders,
    Removals,
    StateUpdate,
)

Function = TypeVar("Function", bound=Callable[..., Any])
View = TypeVar("View", bound=PeopleView)


def touches(reads: str = "", writes: str = "") -> Callable[[Function], Function]:
    """Declare what a hook or a phase reads and writes: names between spaces, such as "accounts.fear posts"."""

    def declare(function: Function) -> Function:
        function.touched = {"reads": reads, "writes": writes}  # type: ignore[attr-defined]
        return function

    return declare


def get_touched(hook: Callable[..., Any]) -> dict[str, str]:
    """Return what a hook declares: {"reads": names, "writes": names}."""
    return getattr(hook, "touched", {"reads": "", "writes": ""})


def list_hooks(kind: type) -> list[str]:
    """Return the names of the hooks that a mechanism of this class overrides."""
    known = {name for base in kind.__mro__ for name, value in vars(base).items() if hasattr(value, "no_op")}
    return sorted(name for name in known if not hasattr(getattr(kind, name), "no_op"))


def get_name(mechanism: object) -> str:
    """Return the name of a mechanism: that of its class, in small letters."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(mechanism).__name__).lower()


def no_op(function: Function) -> Function:
    """Mark a hook that does nothing, so that no tick calls it."""
    function.no_op = True  # type: ignore[attr-defined]
    return function


@dataclass(frozen=True, kw_only=True)
class Mechanism(Rule):
    """Base of all mechanisms."""

    side: ClassVar[str]  #: whose behaviour it is
    extra_topics: ClassVar[int] = 0  #: topics behind those of everyday talk; the last ones

    def create_state(self, view: Any) -> Any:
        """Return the state of its own in one world, which views have as `own`; it may also write first values."""

    def create_observers(self, view: OrganisedView) -> Iterable[Observer]:
        """Return the observers of its measures, which may know the truth. A world has one of each class."""
        return ()


@dataclass(frozen=True, kw_only=True)
class SocialMechanism(Mechanism, Generic[View]):
    """Hooks of people and of organised accounts, in the order of the phases."""

    @no_op
    def begin(self, view: View) -> None:
        """Change accounts before anybody wakes."""

    @no_op
    def choose_tag(self, chosen: tuple[int, Bools], view: View) -> tuple[int, Bools]:
        """Return the topic that some people search instead of the contested one (-1: none), and who, bool [A]."""
        return chosen

    @no_op
    def weigh_sources(self, weight: float, view: View) -> float:
        """Return the weight of an author's credibility in what readers take from a post, [0, 1]."""
        return weight

    # The next three run in the threads of groups of people. They may write nothing but rows of `view.users.active`.

    @no_op
    def change_update(self, update: StateUpdate, view: PeopleView) -> StateUpdate:
        """Return what reading makes of the people of a group; it is also asked for custom agents, so write nothing."""
        return update

    @no_op
    def change_intentions(self, wanted: Intentions, view: PeopleView) -> Intentions:
        """Return what the people of a group want to say."""
        return wanted

    @no_op
    def change_ties(self, view: PeopleView) -> EdgeChanges:
        """Return further ties that the people of a group change."""
        return NO_EDGE_CHANGES

    @no_op
    def follow_up(self, view: View) -> None:
        """Act after all people have read and written."""

    @no_op
    def inform(self, public: PublicView, view: View) -> PublicView:
        """Return what organised accounts know when they give orders."""
        return public

    @no_op
    def file_posts(self, topic: I64, view: View) -> I64:
        """Return the topic of each post of the hour, under which search and trends have it."""
        return topic

    @no_op
    def change_scores(self, view: View) -> None:
        """Change scores of posts that the feed has just written."""

    @no_op
    def settle(self, view: View) -> None:
        """Act after all posts of the hour are published."""

    @no_op
    def respond_to_unmasking(self, rows: I64, is_sleeper: Bools, view: View) -> None:
        """Respond to the accounts `rows`, some of which are sleepers, having been unmasked in this hour."""


@dataclass(frozen=True, kw_only=True)
class PeopleMechanism(SocialMechanism[PeopleView]):
    """Behaviour of people."""

    side: ClassVar[str] = "people"


@dataclass(frozen=True, kw_only=True)
class OrganisedMechanism(SocialMechanism[OrganisedView]):
    """Behaviour of organised accounts, or what happens outside the platform."""

    side: ClassVar[str] = "organised"

    @no_op
    def change_orders(self, orders: tuple[Orders, ...], view: OrganisedView) -> tuple[Orders, ...]:
        """Return the orders that are carried out."""
        return orders

    @no_op
    def expose(self, view: OrganisedView) -> I64:
        """Return accounts to unmask, beside those whom their own posts unmask."""
        return EMPTY_ROWS


@dataclass(frozen=True, kw_only=True)
class PlatformMechanism(Mechanism):
    """Behaviour of the platform."""

    side: ClassVar[str] = "platform"

    @no_op
    def moderate(self, removals: Removals, view: PlatformView) -> Removals:
        """Take down and suspend; return these removals merged with those before."""
        return removals


class Mechanisms:
    """The mechanisms of one world, in the order in which they act in each phase, with the state of each.

    Args:
        rules: the mechanisms.

    Attributes:
        own: their states, by position.
    """

    def __init__(self, rules: tuple[Mechanism, ...]) -> None:
        self.rules, self.own = rules, [None] * len(rules)
        self._places: dict[str, list[int]] = {}
        for place, rule in enumerate(rules):
            for hook in list_hooks(type(rule)):
                self._places.setdefault(hook, []).append(place)

    def find(self, hook: str) -> Iterator[tuple[Any, Any]]:
        """Yield each mechanism that overrides a hook, with its state."""
        for place in self._places.get(hook, ()):
            yield self.rules[place], self.own[place]

    def get_state(self, kind: type[Mechanism]) -> Any:
        """Return the state of the first mechanism of this class."""
        return next(own for rule, own in zip(self.rules, self.own, strict=True) if isinstance(rule, kind))
