"""A Mesa model whose agents are rows of columns."""

import operator
from typing import Any, NoReturn

import mesa
import numpy as np
from numpy.typing import NDArray

from sim.agents.sets import AccountSet
from sim.agents.views import FIXED_CAST, ROLES, ThinAgent
from sim.errors import InputError
from sim.state.accounts import Accounts
from sim.state.graph import Graph


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

    def subset(self, rows: Any) -> AccountSet:
        """Return the accounts in these rows (distinct integers in [0, A)), in this order."""
        return AccountSet(self, rows)

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
        raise InputError(f"{type(agent).__name__} can not be added to a world: {FIXED_CAST}")

    def deregister_agent(self, agent: Any) -> NoReturn:
        """Raise InputError: the cast is fixed; an account that goes sets its column `left`."""
        raise InputError(f"{type(agent).__name__} can not be removed: set agent.left = True, or {FIXED_CAST}")

    def remove_all_agents(self) -> NoReturn:
        """Raise InputError: the cast is fixed when the world is built."""
        raise InputError(f"the accounts of a world can not be removed: {FIXED_CAST}")
