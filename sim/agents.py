"""Accounts as Mesa agents: thin views of rows, made only when somebody asks.

State lives in the columns of `sim.state.accounts.Accounts`. A view holds a model and a row number and
nothing else; an `AccountSet` holds row numbers and answers from the columns. So `model.agents`,
`agents_by_type`, `select`, `agg`, `groupby` and `mesa.DataCollector` work as in Mesa 3.3 to 3.5, while a
million accounts cost no Python object.

Two things differ from plain Mesa. Views are made afresh each time and are equal by model and row, never
`is`; and Mesa's own `AgentSet([...])` keeps weak references, so it forgets views: use `select`.
"""

import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from numbers import Real
from random import Random
from typing import TYPE_CHECKING, Any, NoReturn

import mesa
import numpy as np
from mesa.agent import AgentSet
from numpy.typing import NDArray

from sim.errors import InputError, suggest
from sim.state.accounts import COHORTS, I64, REACTIONS, Accounts
from sim.state.graph import Graph

try:  # where Mesa 3.4 and later keep it
    from mesa.agentset import GroupBy
except ImportError:
    from mesa.agent import GroupBy

_SHARE, _ANY = (0.0, 1.0), (-math.inf, math.inf)

#: Columns that may be written through a view or `AccountSet.set`, with their closed range. All others are
#: identity (key, cohort), derived (public) or bookkeeping that compiled code trusts (newest, written, ...).
WRITABLE: dict[str, tuple[float, float]] = {
    "sessions": (0.0, math.inf),
    "acts": (0.0, math.inf),
    "phase": _ANY,
    "interest": _SHARE,
    "boldness": _ANY,
    "reaction": (0.0, len(REACTIONS) - 1.0),
    "unyielding": _SHARE,
    "stance_principal": (-1.0, 1.0),
    "stance_extremist": (-1.0, 1.0),
    "climate": _SHARE,
    "fear": _SHARE,
    "dread": _SHARE,
    "habituation": _SHARE,
    "mood": (0.0, math.inf),
    "left": _SHARE,
    "suspended_until": (0.0, 2.0**53),
}

_DERIVED: dict[str, Callable[[Accounts, Any], Any]] = {
    "row": lambda accounts, rows: rows,
    "unique_id": lambda accounts, rows: rows + 1,
    "reaction_name": lambda accounts, rows: np.array(REACTIONS)[accounts.reaction[rows]],
    "cohort_name": lambda accounts, rows: np.array(COHORTS)[accounts.cohort[rows]],
}

_FIXED_CAST = "set population.size, army.size or extremists.size and build a new world"


def _writable(accounts: Accounts, name: str, value: Any) -> NDArray[Any]:
    """Return the column `name`, if it may be set to `value`; else raise InputError."""
    if name not in WRITABLE:
        raise InputError(f"{name} is kept by the simulation and can only be read; {suggest(name, WRITABLE)}")
    column: NDArray[Any] = getattr(accounts, name)
    low, high = WRITABLE[name]
    try:
        number = float(value) if isinstance(value, Real | np.bool_) else math.nan
    except OverflowError:
        number = math.nan
    if not (low <= number <= high and math.isfinite(number) and column.dtype.type(number) == value):
        kind = {"f": "a number", "i": "a whole number", "b": "true or false,"}[column.dtype.kind]
        raise InputError(f"{name}={value!r} must be {kind} in [{low:g}, {high:g}]")
    return column


class ThinAgent(mesa.Agent):  # type: ignore[misc]  # Mesa has no type marks
    """A view of one account: every column of `Accounts` is a property that reads and writes the column.

    Reading gives a Python scalar. Columns in `WRITABLE` can be written within their range; the rest is
    read-only. A view keeps nothing of its own: two views of a row are equal and hash alike.

    Attributes:
        model: the world.
        row: position in the columns, 0-based.
        unique_id: row + 1, as Mesa counts; stable for the life of the world.
        reaction_name, cohort_name: the words for the codes in `reaction` and `cohort`.
        pos: always None; accounts live in `world.graph`, not in a Mesa space.

    Raises:
        InputError: a value outside the column's range, or a column that is read-only.
        AttributeError: an attribute that no column carries.
    """

    pos = None

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, model: "ColumnModel", row: int) -> None:
        # Agent.__init__ would register the agent, and on Mesa 3.3 keep its model alive for ever.
        self.__dict__.update(model=model, _row=int(row))

    def __setattr__(self, name: str, value: Any) -> None:
        if not isinstance(getattr(type(self), name, None), property):
            raise AttributeError(
                f"{type(self).__name__} is a view and can not keep {name!r}: {suggest(name, WRITABLE)}; "
                "data of your own belongs in a dict by unique_id"
            )
        super().__setattr__(name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ThinAgent) and other.model is self.model and other._row == self._row

    def __hash__(self) -> int:
        return hash((id(self.model), self._row))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(unique_id={self._row + 1})"

    @property
    def following(self) -> "AccountSet":
        """Accounts that this one follows, by ascending row."""
        graph, row = self.model.graph, self._row
        return AccountSet(self.model, graph.following[graph.following_start[row] : graph.following_start[row + 1]])

    @property
    def followers(self) -> "AccountSet":
        """Accounts that follow this one, by ascending row."""
        graph, row = self.model.graph, self._row
        return AccountSet(self.model, graph.followers[graph.followers_start[row] : graph.followers_start[row + 1]])

    def step(self) -> None:
        """Raise InputError: compiled rules advance all accounts at once."""
        raise InputError(f"{type(self).__name__} has no step of its own: call world.step(), which advances all")

    def advance(self) -> None:
        """Raise InputError, as `step` does."""
        self.step()

    @classmethod
    def create_agents(cls, model: Any, n: int, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise InputError: the cast is fixed when the world is built."""
        raise InputError(f"{cls.__name__} can not be created one by one: {_FIXED_CAST}")

    @classmethod
    def from_dataframe(cls, model: Any, df: Any, **kwargs: Any) -> NoReturn:
        """Raise InputError, as `create_agents` does."""
        cls.create_agents(model, len(df))


def _column(name: str) -> property:
    def read(agent: ThinAgent) -> Any:
        return getattr(agent.model.accounts, name)[agent._row].item()

    def write(agent: ThinAgent, value: Any) -> None:
        _writable(agent.model.accounts, name, value)[agent._row] = value

    return property(read, write, doc=f"Column `{name}` of `sim.state.accounts.Accounts`, at this account's row.")


def _derived(name: str) -> property:
    def read(agent: ThinAgent) -> Any:
        return np.asarray(_DERIVED[name](agent.model.accounts, agent._row)).item()

    def write(agent: ThinAgent, value: Any) -> None:
        _writable(agent.model.accounts, name, value)

    return property(read, write, doc=f"`{name}`, derived from the account's row; see the class.")


for _name in Accounts._fields:
    setattr(ThinAgent, _name, _column(_name))
for _name in _DERIVED:
    setattr(ThinAgent, _name, _derived(_name))


class OrganicUser(ThinAgent):
    """An ordinary person: has opinions, reads, grows afraid or bold, and speaks or withholds.

    What a teacher looks at first: `stance_principal`, `fear`, `climate`, `voiced` and `withheld`, `abused`,
    `cohort_name`, `reaction_name`, `following`, `followers`, `left`.
    """

    def __repr__(self) -> str:
        about = f"cohort={self.cohort_name!r}, reaction={self.reaction_name!r}, fear={self.fear:.2f}"
        return f"{type(self).__name__}(unique_id={self.unique_id}, {about})"


class TrollArmyMember(ThinAgent):
    """A paid member of an electronic army, who posts as ordered and feels nothing.

    Opinions, fear, `cohort` and `reaction` stay at rest (0); `written`, `strikes` and `suspended_until` move.
    """


class ExtremistPropagandist(ThinAgent):
    """A propagandist of an extremist organisation, who posts shock and seeks to look like many.

    As for an army member, the columns of opinion stay at rest (0).
    """


#: Agent types in the order of the codes in `role`: 0 organic, 1 troll, 2 extremist.
ROLES: tuple[type[ThinAgent], ...] = (OrganicUser, TrollArmyMember, ExtremistPropagandist)


class AccountGroups(GroupBy):  # type: ignore[misc]  # Mesa has no type marks
    """What `AccountSet.groupby` returns: Mesa's GroupBy, whose `agg` reads columns."""

    def agg(self, attr_name: str, func: Callable[..., Any]) -> dict[Any, Any]:
        """Return `func` of the values of `attr_name` in each group, as {group: result}."""
        if all(isinstance(group, AccountSet) for group in self.groups.values()):
            return {name: group.agg(attr_name, func) for name, group in self.groups.items()}
        result: dict[Any, Any] = super().agg(attr_name, func)
        return result


class AccountSet(AgentSet):  # type: ignore[misc]  # Mesa has no type marks
    """An ordered set of accounts, kept as row numbers; takes part as Mesa's `AgentSet`.

    `len`, `get`, `set`, `agg`, `sort`, `groupby` by name and `select(agent_type=...)` work on columns;
    iteration, indexing and functions of an agent make views. Changing a set never changes the world's cast.

    Args:
        model: the world that the rows belong to.
        rows: distinct row numbers, integers in [0, A).
        random: generator for `shuffle` and `shuffle_do`; the model's when None.
    """

    def __init__(self, model: "ColumnModel", rows: Any, random: Random | None = None) -> None:
        # AgentSet.__init__ would hold weak references to views, which nothing else keeps alive.
        self.model = model
        self.rows: I64 = np.asarray(rows, np.int64)
        self.random = model.random if random is None else random
        self._member: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        model, roles, role = self.model, self.model.roles, self.model.role
        return (roles[role[row]](model, row) for row in self.rows.tolist())

    def __contains__(self, agent: object) -> bool:
        if not (isinstance(agent, ThinAgent) and agent.model is self.model):
            return False
        if self._member is None:
            self._member = np.zeros(len(self.model.role), np.bool_)
            self._member[self.rows] = True
        return bool(self._member[agent._row])

    def __getitem__(self, item: Any) -> Any:
        """Return the view at a position, or the list of views in a slice."""
        if isinstance(item, slice):
            return list(self._subset(self.rows[item], False))
        return next(iter(self._subset(self.rows[[operator.index(item)]], False)))

    def __repr__(self) -> str:
        return f"<AccountSet of {len(self)} accounts>"

    def __getstate__(self) -> dict[str, Any]:
        return vars(self).copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def _from_iterable(self, agents: Iterable[Any]) -> "AccountSet":
        """Build the result of `&`, `|`, `-` and `^`, as `collections.abc.Set` asks."""
        rows = np.fromiter(dict.fromkeys(map(self._row_of, agents)), np.int64)
        return self._subset(rows, False)

    def _row_of(self, agent: Any) -> int:
        if not (isinstance(agent, ThinAgent) and agent.model is self.model):
            raise InputError(f"{agent!r} is not an account of this world: take it from world.agents")
        return int(agent._row)

    def _subset(self, rows: I64, inplace: bool) -> "AccountSet":
        if not inplace:
            return AccountSet(self.model, rows, self.random)
        self.rows, self._member = rows, None
        return self

    def _values(self, name: str) -> NDArray[Any] | None:
        """Return the values of a column or derived name, [len]; None where views must be asked."""
        plain = getattr(ThinAgent, name, None)
        if any(getattr(kind, name, None) is not plain for kind in self.model.roles):
            return None
        if name in Accounts._fields:
            column: NDArray[Any] = getattr(self.model.accounts, name)[self.rows]
            return column
        return np.asarray(_DERIVED[name](self.model.accounts, self.rows)) if name in _DERIVED else None

    def copy(self) -> "AccountSet":
        """Return a set with the same rows in the same order."""
        return self._subset(self.rows, False)

    def to_list(self) -> list[Any]:
        """Return all views, in order."""
        return list(self)

    def select(
        self,
        filter_func: Callable[[Any], bool] | None = None,
        at_most: int | float = math.inf,
        inplace: bool = False,
        agent_type: Any = None,
    ) -> "AccountSet":
        """Select as Mesa does; a float `at_most` in [0, 1] is a share of this set, rounded down."""
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(len(self) * at_most)
        limit = max(0, math.ceil(min(at_most, len(self))))
        rows = self.rows
        if agent_type is not None:
            wanted = [issubclass(kind, agent_type) for kind in self.model.roles]
            rows = rows[np.array(wanted)[self.model.role[rows]]]
        if filter_func is not None and limit:
            chosen: list[int] = []
            for agent in self._subset(rows, False):
                if filter_func(agent):
                    chosen.append(agent._row)
                    if len(chosen) == limit:
                        break
            rows = np.array(chosen, np.int64)
        return self._subset(rows[:limit], inplace)

    def get(self, attr_names: Any, handle_missing: Any = "error", default_value: Any = None) -> list[Any]:
        """Return the attribute of each account as Python scalars, or lists of them for a list of names.

        Raises:
            AttributeError: an account lacks the attribute and `handle_missing` is "error".
            ValueError: `handle_missing` is neither "error" nor "default".
        """
        if handle_missing not in ("error", "default"):
            raise ValueError(f"Unknown handle_missing option: {handle_missing}, should be one of 'error' or 'default'")
        if not isinstance(attr_names, str):
            columns = [self.get(name, handle_missing, default_value) for name in attr_names]
            return list(map(list, zip(*columns, strict=True))) if columns else [[] for _ in range(len(self))]
        values = self._values(attr_names)
        if values is not None:
            return list(values.tolist())
        if handle_missing == "default":
            return [getattr(agent, attr_names, default_value) for agent in self]
        return [getattr(agent, attr_names) for agent in self]

    def set(self, attr_name: str, value: Any) -> "AccountSet":
        """Set the attribute of every account to one value; see `WRITABLE` for columns and ranges."""
        if self._values(attr_name) is None:
            for agent in self:
                setattr(agent, attr_name, value)
        else:
            _writable(self.model.accounts, attr_name, value)[self.rows] = value
        return self

    def agg(self, attribute: str, func: Any) -> Any:
        """Return `func` of all values, or a list of results for several functions.

        numpy's own functions receive the column as an array, all others a list, as in Mesa.
        """
        if not callable(func):
            return [self.agg(attribute, each) for each in func]
        values = self._values(attribute)
        of_numpy = (getattr(func, "__module__", None) or "").split(".")[0] == "numpy"
        if values is None or not of_numpy or values.dtype.kind == "u":
            return func(self.get(attribute))
        return func(values.astype(np.int64) if values.dtype.kind == "i" else values)

    def groupby(self, by: Any, result_type: str = "agentset") -> AccountGroups:
        """Group by an attribute's name or by a function of an agent; groups come in order of appearance."""
        groups: dict[Any, list[int]] = defaultdict(list)
        names = map(by, self) if callable(by) else self.get(by)
        for name, row in zip(names, self.rows.tolist(), strict=True):
            groups[name].append(row)
        sets = {name: self._subset(np.array(rows), False) for name, rows in groups.items()}
        if result_type == "agentset":
            return AccountGroups(sets)
        return AccountGroups({name: group.to_list() for name, group in sets.items()})

    def sort(self, key: Any, ascending: bool = False, inplace: bool = False) -> "AccountSet":
        """Sort by an attribute's name or a function of an agent; descending unless told; ties keep order."""
        values = None if callable(key) else self._values(key)
        function = key if callable(key) else operator.attrgetter(key)
        keys = list(map(function, self)) if values is None else values.tolist()
        order = sorted(range(len(self)), key=keys.__getitem__, reverse=not ascending)
        return self._subset(self.rows[order], inplace)

    def shuffle(self, inplace: bool = False) -> "AccountSet":
        """Return the accounts in the order in which Mesa would shuffle them with the same generator."""
        rows = self.rows.tolist()
        self.random.shuffle(rows)
        return self._subset(np.array(rows, np.int64), inplace)

    def map(self, method: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """Return the results of a method by name, or of a function of an agent, for each account."""
        if isinstance(method, str):
            return [getattr(agent, method)(*args, **kwargs) for agent in self]
        return [method(agent, *args, **kwargs) for agent in self]

    def do(self, method: Any, *args: Any, **kwargs: Any) -> "AccountSet":
        """Call a method by name, or a function of an agent, for each account; "step" is refused."""
        self.map(method, *args, **kwargs)
        return self

    def shuffle_do(self, method: Any, *args: Any, **kwargs: Any) -> "AccountSet":
        """Do it in random order; the set keeps its own order."""
        self.shuffle().do(method, *args, **kwargs)
        return self

    def add(self, agent: Any) -> None:
        """Put an account of this world into this set."""
        row = self._row_of(agent)
        if agent not in self:
            self._subset(np.append(self.rows, row), True)

    def discard(self, agent: Any) -> None:
        """Take an account out of this set, if it is there."""
        if agent in self:
            self._subset(self.rows[self.rows != agent._row], True)

    def remove(self, agent: Any) -> None:
        """Take an account out of this set; KeyError if it is not there."""
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)


def whole_seed(given: Any) -> int:
    """Return a seed as a plain int >= 0; text such as "42" and numpy integers are accepted, None draws one."""
    if given is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    try:
        seed = int(given) if isinstance(given, str) else operator.index(given)
    except (TypeError, ValueError):
        seed = -1
    if seed < 0 or isinstance(given, bool | np.bool_):
        raise InputError(f"seed={given!r} must be a whole number of at least 0, such as seed=42")
    return seed


class ColumnModel(mesa.Model):  # type: ignore[misc]  # Mesa has no type marks
    """A Mesa model whose agents are rows of columns: subclass it and assign `accounts`, `role` and `graph`.

    Args:
        rng: the seed, see `whole_seed`; kept as the int `seed`.

    Attributes:
        accounts: columns [A]; may be replaced by others, sets and views look them up anew.
        role: int8 [A], code of each account's type in `roles`.
        graph: who follows whom, for `following` and `followers`.
        roles: agent types by role code; a subclass may put its own subclasses of them here.
        seed: the seed as a plain int.
    """

    accounts: Accounts
    role: NDArray[np.int8]
    graph: Graph
    roles: tuple[type[ThinAgent], ...] = ROLES

    def __init__(self, rng: Any = None) -> None:
        self.seed = whole_seed(rng)
        super().__init__(rng=self.seed)

    @property
    def agents(self) -> AccountSet:
        """All accounts in order of rows, as a new set of row numbers."""
        return AccountSet(self, np.arange(len(self.role)))

    @property
    def agent_types(self) -> list[type]:
        """The types of which there is at least one account, by role code."""
        return [self.roles[code] for code in np.flatnonzero(np.bincount(self.role))]

    @property
    def agents_by_type(self) -> dict[Any, Any]:
        """{type: AccountSet} for the types in `agent_types`."""
        return {kind: self.agents.select(agent_type=kind) for kind in self.agent_types}

    def register_agent(self, agent: Any) -> NoReturn:
        """Raise InputError: the cast is fixed when the world is built."""
        raise InputError(f"{type(agent).__name__} can not be added to a world: {_FIXED_CAST}")

    def deregister_agent(self, agent: Any) -> NoReturn:
        """Raise InputError: the cast is fixed; an account that goes sets its column `left`."""
        raise InputError(f"{type(agent).__name__} can not be removed: set agent.left = True, or {_FIXED_CAST}")

    def remove_all_agents(self) -> NoReturn:
        """Raise InputError: the cast is fixed when the world is built."""
        raise InputError(f"the accounts of a world can not be removed: {_FIXED_CAST}")
