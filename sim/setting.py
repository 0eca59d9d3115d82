"""A setting: all rules of a world as one frozen value, which Hydra, a test or a notebook can build."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from reprlib import repr as shorten
from typing import Any, ClassVar, Protocol, get_args, get_type_hints, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sim.actors.army import Army
from sim.actors.base import AccountBatch, Actor
from sim.actors.evasion import NO_EVASION, Evasion
from sim.actors.propagandist import Extremists
from sim.campaigns import Campaign, Event, check_victims
from sim.errors import InputError, suggest
from sim.mechanisms.base import Mechanism
from sim.mechanisms.channels import Channels
from sim.mechanisms.credibility import Credibility
from sim.mechanisms.defences.base import Defence
from sim.mechanisms.events import Events
from sim.mechanisms.following import Following
from sim.mechanisms.migration import Migration
from sim.mechanisms.morale import Morale
from sim.mechanisms.pressure import Pressure
from sim.mechanisms.recruiting import Recruiting
from sim.mechanisms.returns import Returns
from sim.mechanisms.solidarity import Solidarity
from sim.people.activity import Activity
from sim.people.attention import Attention
from sim.people.expression import Expression
from sim.people.networks import CommunityGraph, SocialNetwork
from sim.people.population import Population
from sim.people.reaction import Reaction
from sim.platform.feed import Feed
from sim.platform.moderation import Moderation
from sim.platform.trending import Trending
from sim.renamed import find_new_names
from sim.rules import Keyworded, Rule, check, parameter
from sim.state.accounts import F64, I64


@runtime_checkable
class NetworkRule(Protocol):
    """A rule that draws or reads a graph; see `sim.people.networks`."""

    def size(self, default: int) -> int:
        """Return the number of people this graph holds when asked for `default`."""
        ...

    def __call__(self, size: int, stance: F64, seed: int) -> SocialNetwork:
        """Return the graph of `size` people, with the stances on its nodes."""
        ...


@runtime_checkable
class Force(Protocol):
    """Accounts under one command, and what they do; see `sim.actors`."""

    @property
    def role(self) -> str:
        """Role of its accounts, one of `sim.state.truth.ROLES`."""
        ...

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Return their accounts, whose rows start at `first_row`."""
        ...

    def create_actor(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> Actor:
        """Return the actor that commands the accounts in these rows (int64 [size]) with these identities."""
        ...


@dataclass(frozen=True, kw_only=True)
class Setting(Keyworded):
    """The rules of people, graph, platform, organised accounts and campaign; then optional mechanisms.

    A mechanism that is None does not exist: no hook of it is called, and results are those of the model without it,
    bit for bit.

    Raises:
        InputError: an unknown keyword, something else than a rule of its group, or two forces of one name.

    Example:
        >>> import infowar_lab as lab
        >>> setting = lab.Setting(population=lab.Population(size=300), army=lab.Army(size=20), ticks=48)
        >>> setting.replace({"army.size": 0, "ticks": 24}).ticks
        24
    """

    loaded_from: ClassVar[Any] = None  #: its configuration, if it was loaded; a result of `replace` has none

    ticks: int = parameter(336, unit="h", source="assumption: two weeks", low=1, high=10**9)  #: no draw depends on it
    population: Population = field(default_factory=Population)
    graph: NetworkRule = field(default_factory=CommunityGraph)
    activity: Activity = field(default_factory=Activity)
    attention: Attention = field(default_factory=Attention)
    reaction: Reaction = field(default_factory=Reaction)
    expression: Expression = field(default_factory=Expression)
    feed: Feed = field(default_factory=Feed)
    trending: Trending = field(default_factory=Trending)
    moderation: Moderation = field(default_factory=Moderation)
    army: Army = field(default_factory=Army)
    extremists: Extremists = field(default_factory=Extremists)
    campaign: Campaign = field(default_factory=Campaign)
    evasion: Evasion = NO_EVASION  #: how organised accounts evade detection; by default they do not
    forces: tuple[Force, ...] = ()  #: further organised accounts, the same in every arm
    events: tuple[Event, ...] = ()  #: what happens outside the platform, the same in every arm
    credibility: Credibility | None = None  #: how far accounts are believed
    morale: Morale | None = None  #: of the extremists' side
    following: Following | None = None  #: how people change their ties
    returns: Returns | None = None  #: how operators come back under other accounts
    pressure: Pressure | None = None  #: how the platform suspends at large when a government presses it
    recruiting: Recruiting | None = None  #: how people join the extremists
    channels: Channels | None = None  #: closed rooms outside the platform
    migration: Migration | None = None  #: how dissenters leave a flooded tag
    solidarity: Solidarity | None = None  #: how people support each other after abuse
    mechanisms: tuple[Mechanism, ...] = ()  #: further ones
    defences: tuple[Defence, ...] = ()  #: of the platform

    def __post_init__(self) -> None:
        check(self)
        for name, kind in KINDS.items():
            _check_group(name, getattr(self, name), kind)
        names = [getattr(force, "name", type(force).__name__) for force in self.forces]
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"two forces have name={name}, so the same accounts: name one otherwise, or keep one")

    @classmethod
    def _explain_unknown(cls, name: str, known: Iterable[str]) -> InputError:
        return _explain_part(name)

    def list_mechanisms(self) -> tuple[Mechanism, ...]:
        """Return the mechanisms of a world, in the order of these fields, in which they act in each phase."""
        given = [getattr(self, column.name) for column in fields(self)]
        own = [mechanism for mechanism in given if isinstance(mechanism, Mechanism)]
        events = [Events(events=self.events)] if self.events else []
        return (*events, *own, *self.mechanisms, *self.defences)

    def replace(self, changes: Mapping[str, Any]) -> "Setting":
        """Return this setting with changes: {"army.size": 20, "ticks": 48, "feed": Feed(engagement=0.0)}.

        Raises:
            InputError: there is no such group or field, or the value is outside its range.
        """
        setting = self
        for name, value in changes.items():
            group = name.partition(".")[0]
            if name not in _DEFAULTS and group == name:
                raise _explain_part(name)
            setting = replace(setting, **{group: value if group == name else _change_field(setting, name, value)})
        return setting

    def check_victims(self, people: int) -> None:
        """Raise InputError unless all victims named by campaign and operations are accounts 0 .. people - 1."""
        check_victims(self.campaign, people)
        for force in self.forces:
            for operation in getattr(force, "operations", ()):
                check_victims(operation, people)


#: Fields of a setting that hold rules: the groups of a configuration.
GROUPS = tuple(column.name for column in fields(Setting) if column.name != "ticks")
#: group -> the class of its rules
KINDS: dict[str, Any] = {
    name: (*get_args(hint), hint)[0] for name, hint in get_type_hints(Setting).items() if name in GROUPS
}
_DEFAULTS = {column.name: column.default for column in fields(Setting)}


def _check_group(name: str, value: Any, kind: Any) -> None:
    """Raise InputError unless a group holds rules of its class, or of a user's own where one may do the same."""
    several = _DEFAULTS[name] == ()
    if value is None and _DEFAULTS[name] is None:
        return
    rules = value if isinstance(value, tuple | list) else (value,)
    fit = (isinstance(rule, kind) or (not issubclass(kind, Mechanism) and _is_own(rule)) for rule in rules)
    if several != isinstance(value, tuple | list) or not all(fit):
        what = "a tuple of rules" if several else "a rule"
        raise InputError(f"{name}={shorten(value)} must be {what} of class {kind.__name__}")


def _is_own(rule: Any) -> bool:
    """Return whether a rule is of a user's own class, which derives from no rule of this package."""
    bases = (base for base in type(rule).__mro__ if base.__module__.partition(".")[0] == "sim")
    return isinstance(rule, Rule) and all(base.__module__ == Rule.__module__ for base in bases)


def _change_field(setting: Setting, name: str, value: Any) -> Any:
    """Return the rule that "group.field" names, with another value of the field."""
    groups = [group for group in GROUPS if is_dataclass(getattr(setting, group))]
    group, _, field_ = name.partition(".")
    if group not in groups:
        raise InputError(f"{name} names no group: {suggest(group, groups)}")
    rule = getattr(setting, group)
    if field_ not in (known := [column.name for column in fields(rule)]):
        raise InputError(f"{name} names no field of {group}: {suggest(field_, known)}")
    return replace(rule, **{field_: value})


def _explain_part(name: str) -> InputError:
    """Return what to say of a name that is no field of a setting; one of its rules may have it."""
    inner = [(group, column.name) for group, kind in KINDS.items() if is_dataclass(kind) for column in fields(kind)]
    wanted = (name, *find_new_names(name, [field_ for _, field_ in inner]))
    found = [f"{group}.{field_}" for group, field_ in inner if field_ in wanted]
    cure = f"did you mean {' or '.join(found)}?" if found else f"{suggest(name, _DEFAULTS)}; or say GROUP.FIELD"
    return InputError(f"{name} is no part of a setting: {cure}")
