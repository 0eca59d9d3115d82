"""Record worlds while they run: posts as they leave memory, a panel of people, and the state at the end.

Tables that a platform could show lie in the folder itself, the truth in `truth/`. Memory stays bounded however long
a world runs: each table holds back one row group (`experiments.table_writer.GROUP_ROWS`), a ledger its window.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from experiments.panel import Panel, PanelOptions
from experiments.table_writer import GROUP_ROWS, TableWriter
from sim.state.accounts import NEVER
from sim.state.graph import Graph
from sim.state.posts import KINDS, Posts
from sim.state.truth import ROLES
from sim.world import World

PUBLIC_COLUMNS = ("written", "has_left", "suspended_until")  #: columns of an account that anybody can see
HIDDEN_COLUMNS = {"key", "dissent", "reports", "score"}  #: columns of a post that nobody outside can see


class Recorder:
    """Writes one world after another into the same tables; a world's `archive`.

    Between making a world and playing it say `begin`, afterwards `finish`.

    Args:
        folder: for the tables, which are whole when the block of this recorder ends.
        panel: the people to follow through time.

    Attributes:
        world: that is recorded now; its seed is a column of every table.
    """

    world: World

    def __init__(self, folder: Path, panel: PanelOptions) -> None:
        self.folder, self.panel = folder, panel
        self._tables: dict[str, TableWriter] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for table in self._tables.values():
            table.close()

    def begin(self, world: World) -> None:
        """Start to record a world that has this recorder as its archive."""
        self.world = world
        if self.panel.people:
            world.observers.append(Panel(world, self.panel, self._get_table("truth/panel")))

    def __call__(self, first: int, posts: Posts) -> None:
        """Write the columns `posts`, whose serials count up from `first`, and the truth about them."""
        serial = np.arange(first, first + len(posts.key))
        shown = {name: column for name, column in posts._asdict().items() if name not in HIDDEN_COLUMNS}
        self._write_rows("posts", {"post_id": serial} | shown | {"kind": np.array(KINDS)[posts.kind]})
        order, tactic = self.world.state.truth.pop_orders(posts.key)
        told = {"post_id": serial, "key": posts.key, "dissent": posts.dissent, "order": order, "tactic": tactic}
        self._write_rows("truth/posts", told)

    def finish(self, world: World) -> None:
        """End one world: write what is still in memory, the accounts, the graph and the truth."""
        world.state.ledger.close()
        graph, opened = world.graph, np.flatnonzero(world.state.register.opened_at < NEVER)
        columns = world.accounts._asdict()
        degrees = {"followers": np.diff(graph.followers_start), "following": np.diff(graph.following_start)}
        shown = degrees | world.state.register._asdict() | {name: columns[name] for name in PUBLIC_COLUMNS}
        self._write_rows("accounts", {"account_id": opened} | _select_rows(opened, shown))
        self._write_follows(graph)
        organised = {"role": np.array(ROLES)[world.state.truth.role], "officer": world.state.truth.officer}
        felt = {name: column for name, column in columns.items() if name not in PUBLIC_COLUMNS}
        self._write_rows("truth/accounts", {"account_id": opened} | _select_rows(opened, organised | felt))

    def _write_follows(self, graph: Graph) -> None:
        for first in range(0, len(graph.following), GROUP_ROWS):
            followed = graph.following[first : first + GROUP_ROWS]
            edge = np.arange(first, first + len(followed))
            follower = np.searchsorted(graph.following_start, edge, side="right") - 1
            self._write_rows("follows", {"follower": follower, "followed": followed})

    def _write_rows(self, name: str, columns: Mapping[str, NDArray[Any]]) -> None:
        length = len(next(iter(columns.values())))
        self._get_table(name).add({**columns, "seed": np.broadcast_to(self.world.seed, length)})

    def _get_table(self, name: str) -> TableWriter:
        return self._tables.setdefault(name, TableWriter(self.folder / f"{name}.parquet"))


def _select_rows(rows: NDArray[np.int64], columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name: column[rows] for name, column in columns.items()}
