"""One account as a Mesa agent: a view of a row, with the columns as attributes."""

import math
from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Any, NoReturn

import mesa
import numpy as np
from mesa.agent import AgentSet
from numpy.typing import NDArray

from sim.agents.holder import Holder
from sim.agents.values import Intention, PersonUpdate, SeenPost
from sim.errors import InputError, suggest
from sim.rng import U64, make_key, pair_uniform, stream
from sim.state.accounts import COHORTS, REACTIONS, Accounts

_SHARE, _ANY = (0.0, 1.0), (-math.inf, math.inf)

#: Columns that may be written through a view or `AccountSet.set`, with their closed range. All others are
#: identity (key, cohort), derived (public) or bookkeeping that compiled code trusts (newest, written, ...).
WRITABLE: dict[str, tuple[float, float]] = {
    "sessions": (0.0, math.inf),
    "intentions_per_session": (0.0, math.inf),
    "phase": _ANY,
    "interest": _SHARE,
    "willingness": _ANY,
    "reaction": (0.0, len(REACTIONS) - 1.0),
    "hardcore": _SHARE,
    "stance_principal": (-1.0, 1.0),
    "stance_extremist": (-1.0, 1.0),
    "opinion_climate": _SHARE,
    "fear": _SHARE,
    "expected_toxicity": _SHARE,
    "habituation": _SHARE,
    "daily_activity": (0.0, math.inf),
    "has_left": _SHARE,
    "suspended_until": (0.0, 2.0**53),
    "credibility": _SHARE,
    "baseline_credibility": _SHARE,
    "morale": _SHARE,
    "unmasked": _SHARE,
}

DERIVED: dict[str, Callable[[Accounts, Any], Any]] = {
    "row": lambda accounts, rows: rows,
    "unique_id": lambda accounts, rows: rows + 1,
    "reaction_name": lambda accounts, rows: np.array(REACTIONS)[accounts.reaction[rows]],
    "cohort_name": lambda accounts, rows: np.array(COHORTS)[accounts.cohort[rows]],
}

FIXED_ACCOUNTS = "set population.size, army.size, extremists.size or forces and build a new world"


def check_number(name: str, value: Any, dtype: np.dtype[Any], low: float, high: float) -> None:
    """Raise InputError unless `value` is a number of this dtype in [low, high]."""
    try:
        number = float(value) if isinstance(value, Real | np.bool_) else math.nan
    except OverflowError:
        number = math.nan
    if not (low <= number <= high and math.isfinite(number) and dtype.type(number) == value):
        kind = {"f": "a number", "i": "a whole number", "b": "true or false,"}[dtype.kind]
        raise InputError(f"{name}={value!r} must be {kind} in [{low:g}, {high:g}]")


def get_writable(model: Holder, name: str, value: Any) -> NDArray[Any]:
    """Return the column `name`, if it may be set to `value`; else raise InputError."""
    if name not in WRITABLE:
        raise InputError(f"{name} is set by the simulation and can only be read; {suggest(name, WRITABLE)}")
    if model.custom_agents.is_answering:
        raise InputError(f"{name} cannot be set within react and decide: return it, or set it between hours")
    column: NDArray[Any] = getattr(model.accounts, name)
    check_number(name, value, column.dtype, *WRITABLE[name])
    return column


class ThinAgent(mesa.Agent):  # type: ignore[misc]  # Mesa has no type marks
    """A view of one account: every column of `Accounts` is a property that reads and writes the column.

    Reading gives a Python scalar. Columns in `WRITABLE` can be written within their range; the rest is
    read-only. A view has no state: two views of a row are equal and have the same hash. Only people of a
    custom type (`ColumnModel.set_agent_class`) are lasting objects and keep attributes that you set.

    Attributes:
        model: the world.
        row: position in the columns, 0-based.
        unique_id: row + 1, as Mesa counts; stable for the life of the world.
        reaction_name, cohort_name: the words for the codes in `reaction` and `cohort`.
        pos: always None; accounts live in `world.graph`, not in a Mesa space.

    Raises:
        InputError: a value outside the column's range, or a column that is read-only.
        AttributeError: there is no such column.
    """

    pos = None

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, model: Holder, row: int) -> None:
        # Agent.__init__ would register the agent, and with Mesa 3.3 its model would never be freed.
        self.__dict__.update(model=model, _row=int(row))

    def __setattr__(self, name: str, value: Any) -> None:
        if not isinstance(getattr(type(self), name, None), property) and not self.model.keeps(self._row):
            raise AttributeError(
                f"{type(self).__name__} is a view and cannot keep {name!r}: {suggest(name, WRITABLE)}; "
                "for further attributes use a type of your own, world.set_agent_class(YourType, who)"
            )
        super().__setattr__(name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ThinAgent) and other.model is self.model and other._row == self._row

    def __hash__(self) -> int:
        return hash((id(self.model), self._row))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(unique_id={self._row + 1})"

    @property
    def following(self) -> AgentSet:
        """Accounts that this one follows, by ascending row."""
        graph, row = self.model.graph, self._row
        return self.model.select_rows(graph.following[graph.following_start[row] : graph.following_start[row + 1]])

    @property
    def followers(self) -> AgentSet:
        """Accounts that follow this one, by ascending row."""
        graph, row = self.model.graph, self._row
        return self.model.select_rows(graph.followers[graph.followers_start[row] : graph.followers_start[row + 1]])

    def step(self) -> None:
        """Raise InputError: compiled rules advance all accounts together."""
        raise InputError(f"{type(self).__name__} has no step of its own: call world.step(), which advances all")

    def advance(self) -> None:
        """Raise InputError, as `step` does."""
        self.step()

    @classmethod
    def create_agents(cls, model: Any, n: int, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise InputError: the accounts are fixed when the world is built."""
        raise InputError(f"{cls.__name__} cannot be created one by one: {FIXED_ACCOUNTS}")

    @classmethod
    def from_dataframe(cls, model: Any, df: Any, **kwargs: Any) -> NoReturn:
        """Raise InputError, as `create_agents` does."""
        cls.create_agents(model, len(df))


def _make_column(name: str) -> property:
    def read(agent: ThinAgent) -> Any:
        return getattr(agent.model.accounts, name)[agent._row].item()

    def write(agent: ThinAgent, value: Any) -> None:
        get_writable(agent.model, name, value)[agent._row] = value

    return property(read, write, doc=f"Column `{name}` of `sim.state.accounts.Accounts`, at this account's row.")


def _make_derived(name: str) -> property:
    def read(agent: ThinAgent) -> Any:
        return np.asarray(DERIVED[name](agent.model.accounts, agent._row)).item()

    def write(agent: ThinAgent, value: Any) -> None:
        get_writable(agent.model, name, value)

    return property(read, write, doc=f"`{name}`, derived from the account's row; see the class.")


for _name in Accounts._fields:
    setattr(ThinAgent, _name, _make_column(_name))
for _name in DERIVED:
    setattr(ThinAgent, _name, _make_derived(_name))


class OrganicUser(ThinAgent):
    """An ordinary person: has opinions, reads, becomes afraid, and speaks or withholds.

    The most useful attributes: `stance_principal`, `fear`, `opinion_climate`, `voiced`, `withheld`, `abuse_received`,
    `cohort_name`, `reaction_name`, `following`, `followers`, `has_left`.

    Derive a class, override `react`, `decide` or both, and assign it with `world.set_agent_class(YourType, who)`. The
    tick calls these methods only for these people, when they are active. Other attributes that you set are kept.
    Methods see columns as they were at the start of the hour and write none. Draw random numbers with `draw`, never
    with `self.random`.

    Example:
        >>> import infowar_lab as lab
        >>> class Fearless(lab.OrganicUser):
        ...     def react(self, seen, default):
        ...         return default._replace(fear=0.0)
        >>> world = lab.World(**{"population.size": 200})
        >>> fearless = world.set_agent_class(Fearless, 0.25)
        >>> history = world.run(6)
        >>> fearless.agg("fear", max)
        0.0
    """

    def react(self, seen: list[SeenPost], default: PersonUpdate) -> PersonUpdate:
        """Return the person's state after reading.

        Args:
            seen: the posts of this session, in order of the ledger.
            default: the result of the compiled rule; `default._replace(fear=0.0)` changes one value.
        """
        return default

    def decide(self, intention: Intention, default: int) -> int:
        """Return the outcome of a contested intention.

        Args:
            intention: its draws, and the person's state after this hour's reading.
            default: the outcome by the compiled rule, a code of `sim.state.records` from UNPROMPTED to VOICED.
        """
        return default

    def draw(self, purpose: str, about: int = 0) -> float:
        """Draw a uniform in (0, 1), keyed by this person, the hour, `purpose` and `about`.

        The same four give the same number. `about` distinguishes draws of one purpose and hour: the key of a post or
        of an intention, or a counter; an integer in [0, 2^64).
        """
        key = make_key(self.model.seed, stream(f"own/{purpose}"), self.model.now)
        return float(pair_uniform(key, U64(self.key), U64(about)))

    def __repr__(self) -> str:
        about = f"cohort={self.cohort_name!r}, reaction={self.reaction_name!r}, fear={self.fear:.2f}"
        return f"{type(self).__name__}(unique_id={self.unique_id}, {about})"


class TrollArmyMember(ThinAgent):
    """A paid member of an electronic army, who posts as ordered and has no opinions.

    Opinions, fear, `cohort` and `reaction` stay 0; `written`, `strikes` and `suspended_until` change.
    """


class ExtremistPropagandist(ThinAgent):
    """A propagandist of an extremist organisation, who posts much and shocking content.

    As for an army member, the columns of opinion stay at rest (0).
    """


class CommitteeMember(ThinAgent):
    """One of a few amateurs who work for a client against a single target.

    As for an army member, the columns of opinion stay at rest (0).
    """


class SleeperPersona(ThinAgent):
    """A sleeper: a respected moderate who writes to order once a campaign begins.

    As for an army member, the columns of opinion stay at rest (0).
    """


class Fan(ThinAgent):
    """A genuine person who cheers at agreed hours; nobody pays for it.

    As for an army member, the columns of opinion stay at rest (0).
    """


class NewsBot(ThinAgent):
    """An outlet that posts an agency's bulletins automatically; it is genuine.

    As for an army member, the columns of opinion stay at rest (0).
    """


class Volunteer(ThinAgent):
    """A person who supports people who are abused; nobody pays for it.

    As for an army member, the columns of opinion stay at rest (0).
    """


#: Agent types in the order of the codes in `role`, those of `sim.state.truth.ROLES`.
ROLES: tuple[type[ThinAgent], ...] = (
    OrganicUser,
    TrollArmyMember,
    ExtremistPropagandist,
    CommitteeMember,
    SleeperPersona,
    Fan,
    NewsBot,
    Volunteer,
)
