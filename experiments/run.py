"""Play one world and record it: hourly measures, ledger, accounts and graph; the truth in a folder of its own."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.folder import describe
from experiments.runs import cores, progress
from experiments.settings import build, facts
from sim.state.posts import KINDS, Posts
from sim.state.truth import ROLES, Truth
from sim.world import World

_ORDERED = {"key": np.uint64, "order": np.int64, "tactic": np.int8}
SHOWN = ("written", "left", "suspended_until")  #: columns of an account that anybody can see
HIDDEN = {"key", "dissent", "reports"}  #: columns of a post that nobody outside can see


class Recorder:
    """Writes posts as they leave the memory of a world, one row group each time; one world after another.

    Attributes:
        seed: of the world that is recorded now; a column of every table.
        truth: of that world.
    """

    seed: int
    truth: Truth

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, pq.ParquetWriter] = {}
        self._pending = pd.DataFrame({"key": [], "order": [], "tactic": []}).astype(_ORDERED)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._files.values():
            file.close()

    def __call__(self, first: int, posts: Posts) -> None:
        """Write the columns `posts`, whose serials count up from `first`, and the truth about them."""
        serial = np.arange(first, first + len(posts.key))
        shown: dict[str, Any] = {"post_id": serial}
        shown |= {name: column for name, column in posts._asdict().items() if name not in HIDDEN}
        self._write("posts", pd.DataFrame(shown | {"kind": np.array(KINDS)[posts.kind]}))
        ordered = pd.DataFrame(dict(zip(_ORDERED, self.truth.ordered_posts(), strict=True)))
        known = pd.concat([self._pending, ordered], ignore_index=True).astype(_ORDERED)
        posted = pd.DataFrame({"key": posts.key, "post_id": serial, "dissent": posts.dissent})
        told = posted.merge(known, on="key", how="left").fillna({"order": -1, "tactic": -1}).astype(_ORDERED)
        self._pending = known[~known["key"].isin(posts.key)]
        self._write("truth/posts", told.drop(columns=["key"]))

    def finish(self, world: World) -> None:
        """End one world: write what is still in memory, the accounts, the graph and the truth."""
        world.state.ledger.close()
        graph, number = world.graph, np.arange(len(world.role))
        hidden = pd.DataFrame(world.accounts._asdict()).drop(columns=["key"])
        degrees = {"followers": np.diff(graph.followers_start), "following": np.diff(graph.following_start)}
        shown = pd.DataFrame({"account_id": number, **degrees}).join(hidden[list(SHOWN)])
        self._write("accounts", shown)
        follower = np.repeat(number, degrees["following"])
        self._write("follows", pd.DataFrame({"follower": follower, "followed": graph.following}))
        truth = {
            "account_id": number,
            "role": np.array(ROLES)[world.state.truth.role],
            "officer": world.state.truth.officer,
        }
        self._write("truth/accounts", pd.DataFrame(truth).join(hidden.drop(columns=list(SHOWN))))

    def _write(self, name: str, frame: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(frame.assign(seed=self.seed), preserve_index=False)
        if name not in self._files:
            path = self.folder / f"{name}.parquet"
            path.parent.mkdir(exist_ok=True)
            self._files[name] = pq.ParquetWriter(path, table.schema)
        self._files[name].write_table(table)


def main(config: DictConfig, folder: Path) -> None:
    """Play `seeds` worlds, record them, draw their hours and print what happened."""
    from rich.console import Console

    from experiments.report import world as report

    setting = build(config)
    hours = []
    with progress(config.ticks * config.seeds, "playing hours") as advance, Recorder(folder) as recorder:
        for seed in range(config.seed, config.seed + config.seeds):
            recorder.seed = seed
            world = World(setting, rng=seed, archive=recorder, threads=cores())
            recorder.truth = world.state.truth
            hours.append(world.run(config.ticks, advance).assign(seed=seed))
            recorder.finish(world)
    pd.concat(hours, ignore_index=True).to_parquet(folder / "ticks.parquet", index=False)
    describe(folder, OmegaConf.to_container(config), facts(setting, config, world.notes))  # type: ignore[arg-type]
    Console().print(report.write(folder))


if __name__ == "__main__":
    app("run", main)
