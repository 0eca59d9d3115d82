"""Accounts as a Mesa `AgentSet`: row numbers, whose values are read from the columns."""

import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Any

import numpy as np
from mesa.agent import AgentSet
from numpy.typing import NDArray

from sim.agents.holder import Holder
from sim.agents.views import DERIVED, ROLES, OrganicUser, ThinAgent, get_writable
from sim.errors import InputError
from sim.state.accounts import I64, Accounts

try:  # where Mesa 3.4 and later keep it
    from mesa.agentset import GroupBy
except ImportError:
    from mesa.agent import GroupBy


class AccountGroups(GroupBy):  # type: ignore[misc]  # Mesa has no type marks
    """The result of `AccountSet.groupby`: Mesa's GroupBy, but `agg` reads columns."""

    def agg(self, attr_name: str, func: Callable[..., Any]) -> dict[Any, Any]:
        """Return `func` of the values of `attr_name` in each group, as {group: result}."""
        if all(isinstance(group, AccountSet) for group in self.groups.values()):
            return {name: group.agg(attr_name, func) for name, group in self.groups.items()}
        result: dict[Any, Any] = super().agg(attr_name, func)
        return result


class AccountSet(AgentSet):  # type: ignore[misc]  # Mesa has no type marks
    """An ordered set of accounts, kept as row numbers, with the methods of Mesa's `AgentSet`.

    `len`, `get`, `set`, `agg`, `sort`, `groupby` by name and `select(agent_type=...)` work on columns;
    iteration, indexing and functions of an agent make views. Changing a set never changes the accounts of the world.

    Args:
        model: the world that the rows belong to.
        rows: distinct row numbers, integers in [0, A).
        random: generator for `shuffle` and `shuffle_do`; the model's when None.
    """

    def __init__(self, model: Holder, rows: Any, random: Random | None = None) -> None:
        # AgentSet.__init__ would hold weak references to views, which nothing else keeps alive.
        self.model = model
        self.rows: I64 = np.asarray(rows, np.int64)
        self.random = model.random if random is None else random
        self._member: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Any]:
        return map(self.model.get_agent, self.rows.tolist())

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
        rows = np.fromiter(dict.fromkeys(map(self._get_row, agents)), np.int64)
        return self._subset(rows, False)

    def _get_row(self, agent: Any) -> int:
        if not (isinstance(agent, ThinAgent) and agent.model is self.model):
            raise InputError(f"{agent!r} is not an account of this world: take it from world.agents")
        return int(agent._row)

    def _subset(self, rows: I64, inplace: bool) -> "AccountSet":
        if not inplace:
            return AccountSet(self.model, rows, self.random)
        self.rows, self._member = rows, None
        return self

    def _read_values(self, name: str) -> NDArray[Any] | None:
        """Return the values of a column or derived name, [len]; None if only views have them."""
        plain = getattr(ThinAgent, name, None)
        if any(getattr(kind, name, None) is not plain for kind in self.model.roles):
            return None
        if name in Accounts._fields:
            column: NDArray[Any] = getattr(self.model.accounts, name)[self.rows]
            return column
        return np.asarray(DERIVED[name](self.model.accounts, self.rows)) if name in DERIVED else None

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
        values = self._read_values(attr_names)
        if values is not None:
            return list(values.tolist())
        if handle_missing == "default":
            return [getattr(agent, attr_names, default_value) for agent in self]
        return [getattr(agent, attr_names) for agent in self]

    def set(self, attr_name: str, value: Any) -> "AccountSet":
        """Set the attribute of every account to one value; see `WRITABLE` for columns and ranges."""
        if self._read_values(attr_name) is None:
            for agent in self:
                setattr(agent, attr_name, value)
        else:
            get_writable(self.model, attr_name, value)[self.rows] = value
        return self

    def agg(self, attribute: str, func: Any) -> Any:
        """Return `func` of all values, or a list of results for several functions.

        numpy's own functions receive the column as an array, all others a list, as in Mesa.
        """
        if not callable(func):
            return [self.agg(attribute, each) for each in func]
        values = self._read_values(attribute)
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
        """Sort by an attribute's name or a function of an agent; descending by default; ties keep their order."""
        values = None if callable(key) else self._read_values(key)
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
            self._check_method(method)
            return [getattr(agent, method)(*args, **kwargs) for agent in self]
        return [method(agent, *args, **kwargs) for agent in self]

    def _check_method(self, name: str) -> None:
        """Raise an error for methods that only the tick may call, and for methods that a compiled type lacks."""
        for code in np.flatnonzero(np.bincount(self.model.role[self.rows])):
            kind = self.model.roles[code]
            if name in ("react", "decide") and hasattr(kind, name):
                raise InputError(f"{kind.__name__}.{name} is called by world.step(), for people who are active")
            if kind in ROLES and not hasattr(kind, name):
                subclass = ", or write a subclass of OrganicUser and call world.set_agent_class(YourType, who)"
                raise AttributeError(
                    f"{kind.__name__} is compiled and has no method {name!r}: pass a function of an agent"
                    f"{subclass if issubclass(kind, OrganicUser) else ''}"
                )

    def do(self, method: Any, *args: Any, **kwargs: Any) -> "AccountSet":
        """Call a method by name, or a function of an agent, for each account; "step" is refused."""
        self.map(method, *args, **kwargs)
        return self

    def shuffle_do(self, method: Any, *args: Any, **kwargs: Any) -> "AccountSet":
        """Do the same in random order; the set keeps its order."""
        self.shuffle().do(method, *args, **kwargs)
        return self

    def add(self, agent: Any) -> None:
        """Put an account of this world into this set."""
        row = self._get_row(agent)
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
