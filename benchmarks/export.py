"""Time and memory of the export, with many random posts in the format of a recorder.

python -m benchmarks.export --posts 1000000
"""

import argparse
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.peak import peak_bytes
from experiments.detection.dataset import Dataset
from experiments.detection.export import FORMATS, export, read_formats
from experiments.table_writer import TableWriter
from sim.actors.evasion import Evasion
from sim.state.posts import KINDS
from sim.state.truth import ROLES

HOURS = 336
TIES = 20  #: followees of each account


def record(folder: Path, posts: int) -> None:
    """Write tables as a recorder does: ten posts for each account, one account in forty organised."""
    rng = np.random.default_rng(1)
    accounts, number = max(posts // 10, 40), np.arange(max(posts // 10, 40))
    role = np.where(number >= accounts - accounts // 40, 1, 0)
    key = rng.integers(0, 2**63, accounts).astype(np.uint64)
    write(folder, "accounts", account_id=number, followers=number % 97, following=number % 89, opened_at=0 * number)
    officer, cohort = np.where(role == 1, number // 10, -1).astype(np.int32), (number % 4).astype(np.int8)
    names = np.array(ROLES)[role]
    write(folder, "truth/accounts", account_id=number, key=key, role=names, officer=officer, cohort=cohort)
    write(folder, "follows", follower=np.repeat(number, TIES), followed=rng.integers(0, accounts, TIES * accounts))
    serial, author = np.arange(posts), rng.integers(0, accounts, posts).astype(np.int32)
    kind = np.where(serial < 100, 0, rng.choice(3, posts, p=[0.2, 0.5, 0.3]))
    parent = (rng.random(posts) * serial).astype(np.int64)
    topic = np.where(rng.random(posts) < 0.3, 0, rng.integers(1, 12, posts)).astype(np.int16)
    ordered = (role[author] == 1) & (topic == 0)
    side = np.where(topic == 0, rng.choice([-0.5, 0.5], posts), 0.0)
    shown = {
        "post_id": serial, "author": author, "time": np.sort(rng.integers(0, 3600 * HOURS, posts)),
        "kind": np.array(KINDS)[kind], "topic": topic, "stance_principal": side, "stance_extremist": -np.abs(side),
        "template": np.where(ordered & (serial % 2 == 0), serial // 1000, -1).astype(np.int32),
        "parent": np.where(kind > 0, parent, -1), "root": np.where(kind == 1, parent, serial),
        "original_author": np.where(kind == 1, author[parent], author),
        "target": np.where(kind == 2, author[parent], -1),
        "removed": rng.random(posts) < 0.01,
        "reposts": (serial % 5).astype(np.int32), "replies": (serial % 3).astype(np.int32),
    }  # fmt: skip
    write(folder, "posts", **shown)
    write(folder, "truth/posts", post_id=serial, key=rng.integers(0, 2**63, posts).astype(np.uint64),
          order=np.where(ordered, serial // 1000, -1), tactic=np.where(ordered, 0, -1).astype(np.int8))  # fmt: skip


def write(folder: Path, name: str, **columns: np.ndarray) -> None:
    table = TableWriter(folder / f"{name}.parquet")
    table.add({**columns, "seed": np.ones(len(next(iter(columns.values()))), np.int64)})
    table.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--formats", nargs="+", default=list(FORMATS), help=f"of {', '.join(FORMATS)} (all)")
    options = parser.parse_args()
    with TemporaryDirectory() as scratch:
        folder, out = Path(scratch) / "world", Path(scratch) / "out"
        folder.mkdir()
        out.mkdir()
        record(folder, options.posts)
        before, begun = os.times().user, time.perf_counter()
        export(
            Dataset(folder, 1, 72, Evasion(splitting=3, deletion=0.1)),
            out,
            read_formats(options.formats),
            lambda posts: None,
        )
        user, wall = os.times().user - before, time.perf_counter() - begun
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(
        f"{options.posts:,} posts as {', '.join(options.formats)}: {wall:.1f} s, {user:.1f} s of user CPU,"
        f" peak {peak_bytes() / 2**30:.2f} GiB, {size / 2**30:.2f} GiB written"
    )


if __name__ == "__main__":
    main()
