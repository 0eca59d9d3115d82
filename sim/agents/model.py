"""A Mesa model whose agents are rows of columns."""

import operator
from hashlib import blake2b
from typing import Any, NoReturn

import mesa
import numpy as np
from numpy.typing import NDArray

from sim.agents.custom import CustomAgents, check_type
from sim.agents.sets import AccountSet
from sim.agents.views import FIXED_ACCOUNTS, ROLES, OrganicUser, ThinAgent
from sim.errors import InputError
from sim.rng import U64, draw_each, keyed_hash, make_key, stream
from sim.state.accounts import I64, Accounts
from sim.state.graph import Graph


def parse_seed(given: Any) -> int:
    """Return a seed as a plain int in [0, 2**63), which is what compiled kernels take.

    Whole numbers, also as text such as "42", are kept; larger ones are hashed to 63 bits. None draws a seed, a numpy
    generator draws one number, a SeedSequence gives its first number.

    Raises:
        InputError: it is not a whole number >= 0.
    """
    if given is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(given, np.random.SeedSequence):
        return int(given.generate_state(1, np.uint64)[0] >> U64(1))
    if isinstance(given, np.random.Generator | np.random.BitGenerator):
        return int(np.random.default_rng(given).integers(2**63))
    try:
        seed = int(given) if isinstance(given, str) else operator.index(given)
    except (TypeError, ValueError):
        seed = -1
    if seed < 0 or isinstance(given, bool | np.bool_):
        raise InputError(f"seed={given!r} must be a whole number of at least 0, such as seed=42")
    if seed < 2**63:
        return seed
    return int.from_bytes(blake2b(f"{seed:x}".encode(), digest_size=8).digest()) >> 1


class ColumnModel(mesa.Model):  # type: ignore[misc]  # Mesa has no type marks
    """A Mesa model whose agents are rows of columns: subclass it and assign `accounts`, `role` and `graph`.

    Args:
        rng: the seed, see `parse_seed`; kept as the int `seed`.

    Attributes:
        accounts: columns [A]; they may be replaced, as sets and views look them up each time.
        role: int8 [A], code of each account's type in `roles`.
        graph: who follows whom, for `following` and `followers`.
        roles: agent types by role code; `set_agent_class` appends custom types.
        custom_agents: the people of custom types.
        seed: the seed as a plain int.
        now: the next hour to simulate.
    """

    accounts: Accounts
    role: NDArray[np.int8]
    graph: Graph
    roles: tuple[type[ThinAgent], ...] = ROLES

    now: int = 0

    def __init__(self, rng: Any = None) -> None:
        self.seed = parse_seed(rng)
        self.custom_agents = CustomAgents()
        super().__init__(rng=self.seed)

    @property
    def agents(self) -> AccountSet:
        """All accounts in order of rows, as a new set of row numbers."""
        return AccountSet(self, np.arange(len(self.role)))

    def select_rows(self, rows: Any) -> AccountSet:
        """Return the accounts in these rows (distinct integers in [0, A)), in this order."""
        return AccountSet(self, rows)

    def get_agent(self, row: int) -> ThinAgent:
        """Return the account in a row: the lasting object of a custom type, else a new view."""
        kept = self.custom_agents.agents
        return kept[row] if row in kept else self.roles[self.role[row]](self, row)

    def keeps(self, row: int) -> bool:
        """Return whether the account in a row is of a custom type, which keeps its attributes."""
        return bool(self.role[row] >= len(ROLES))

    def set_agent_class(self, kind: type[OrganicUser], who: Any) -> AccountSet:
        """Give ordinary people a custom type; return them.

        Args:
            kind: a subclass of OrganicUser that overrides `react`, `decide` or both; called as kind(world, row).
            who: an AccountSet, rows, or a float in [0, 1]. The latter is the probability of each plain OrganicUser,
                drawn by identity, so that the same people are chosen in every arm.

        Raises:
            InputError: `kind` or `who` is of another sort, or an account is not of an ordinary person.
        """
        check_type(kind)
        rows = self._choose_rows(kind, who)
        if kind not in self.roles:
            self.roles = (*self.roles, kind)
        self.role[rows] = self.roles.index(kind)
        self.custom_agents.add([kind(self, row) for row in rows.tolist()], len(self.role))
        return self.select_rows(rows)

    def _choose_rows(self, kind: type[OrganicUser], who: Any) -> I64:
        if isinstance(who, float):
            if not 0.0 <= who <= 1.0:
                raise InputError(f"a share of {who!r} is not possible: give {kind.__name__} a share in [0, 1]")
            rows = np.flatnonzero(self.role == 0)
            key = make_key(self.seed, stream(f"own/{kind.__name__}"))
            return rows[draw_each(keyed_hash(key, self.accounts.key[rows]), U64(0)) < who]
        rows = who.rows if isinstance(who, AccountSet) and who.model is self else np.array(who, ndmin=1)
        if rows.size and (rows.dtype.kind not in "iu" or not np.isin(rows, np.arange(len(self.role))).all()):
            raise InputError(
                f"{who!r} are not accounts of this world: give an AccountSet, rows, or a share such as 0.1"
            )
        for code in np.unique(self.role[rows.astype(np.int64)]):
            if not issubclass(self.roles[code], OrganicUser):
                raise InputError(f"a {self.roles[code].__name__} cannot get another class: choose ordinary people")
        return np.unique(rows).astype(np.int64)

    @property
    def agent_types(self) -> list[type]:
        """The types of all accounts, in order of role codes."""
        return [self.roles[code] for code in np.flatnonzero(np.bincount(self.role))]

    @property
    def agents_by_type(self) -> dict[Any, Any]:
        """{type: AccountSet} for the types in `agent_types`."""
        return {
            kind: self.select_rows(np.flatnonzero(self.role == self.roles.index(kind))) for kind in self.agent_types
        }

    def register_agent(self, agent: Any) -> NoReturn:
        """Raise InputError: the accounts are fixed when the world is built."""
        raise InputError(f"{type(agent).__name__} cannot be added to a world: {FIXED_ACCOUNTS}")

    def deregister_agent(self, agent: Any) -> NoReturn:
        """Raise InputError: the accounts are fixed; set `has_left` of an account that leaves."""
        raise InputError(f"{type(agent).__name__} cannot be removed: set agent.has_left = True, or {FIXED_ACCOUNTS}")

    def remove_all_agents(self) -> NoReturn:
        """Raise InputError: the accounts are fixed when the world is built."""
        raise InputError(f"the accounts of a world cannot be removed: {FIXED_ACCOUNTS}")
