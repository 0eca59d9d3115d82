"""What views and sets of accounts need from the model that holds their columns.

Imports within this folder go one way: model -> custom | sets -> views -> values | holder.
"""

from random import Random
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.state.accounts import Accounts
from sim.state.graph import Graph


class Asking(Protocol):
    """The people of custom types; see `sim.agents.custom`."""

    is_answering: bool


class Holder(Protocol):
    """A model whose agents are rows of columns; see `sim.agents.model`."""

    accounts: Accounts
    role: NDArray[np.int8]
    random: Random
    seed: int
    now: int

    @property
    def graph(self) -> Graph:
        """Who follows whom."""
        ...

    @property
    def roles(self) -> tuple[type, ...]:
        """Agent types by role code."""
        ...

    @property
    def custom_agents(self) -> Asking:
        """The people of custom types."""
        ...

    def get_agent(self, row: int) -> Any:
        """Return the account in a row."""
        ...

    def keeps(self, row: int) -> bool:
        """Return whether the account in a row is a lasting object."""
        ...

    def select_rows(self, rows: Any) -> Any:
        """Return the accounts in these rows, as a set."""
        ...
