"""Bring data of others into the canonical tables, piece by piece, and say what was met."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from experiments.detection.card import CARD
from experiments.detection.formats.canonical import CanonicalWriter
from experiments.detection.reading.base import ACCOUNTS, POSTS, Asked, Batch, refuse_pipe
from experiments.detection.reading.cleaning import Cleaner
from experiments.detection.reading.formats import READERS
from experiments.detection.reading.tables import join_posts
from sim.errors import InputError

FOLLOWS = pa.schema([("source", pa.string()), ("target", pa.string())])
#: what a time says where the format itself says it
ZONES = {
    "coortweet": "seconds since 1970, which need no zone",
    "cnt": "seconds since 1970, which need no zone",
    "v1": "UTC, as each time says",
    "v2": "as each time says, UTC for those that end in Z",
    "io_archive": "UTC, as the archive's description says; minutes, seconds are not told",
    "parquet": "seconds since 1970, which need no zone",
    "csv": "seconds since 1970, or as each time says",
}


class Imported(NamedTuple):
    """What came in."""

    counts: dict[str, int]  #: what was met, in words -> how often
    first: int  #: second of the first post, since 1970
    last: int
    zone: str  #: how times were read
    fingerprint: str  #: of the rows, as that of an export


def import_data(files: Sequence[Path], kind: str, asked: Asked, folder: Path) -> Imported:
    """Read files of one format and write `posts`, `accounts` and `follows` into `folder`.

    Memory is that of a piece of a file, of the accounts, and 8 bytes a post; CooRTweet's tables, which tell a post in
    several rows, are held whole.

    Raises:
        InputError: a file is not of that format, or holds no post, in one line with the cure.
    """
    for file in files:
        if not file.exists():
            raise InputError(f"{file} is not there: name a file")
        refuse_pipe(file)
        refuse_pipe(file)
    writer, cleaner, directory = CanonicalWriter(folder), Cleaner(), Directory()
    notes: Counter[str] = Counter()
    writer.add("posts", POSTS.empty_table())
    writer.add("follows", FOLLOWS.empty_table())
    times: list[int] = []  # of the first and the last post of each piece
    for batch in _iterate_batches(files, kind, asked):
        notes.update(batch.notes)
        posts = cleaner.clean(batch.posts)
        if len(posts):
            writer.add("posts", posts)
            times += pc.min_max(posts["time"]).as_py().values()
        directory.add(batch.accounts, posts["account_id"])
        if batch.follows is not None:
            writer.add("follows", batch.follows)
            notes["follows"] += len(batch.follows)
    if not times:
        raise InputError(f"{', '.join(map(str, files))} holds no post with an id, an account and a time: see columns=")
    writer.add("accounts", directory.make_table())
    counts = {**cleaner.counts, **notes, **directory.count()}
    zone = f"{asked.zone}, as was said" if asked.zone else ZONES[kind]
    return Imported(
        {words: number for words, number in counts.items() if number}, min(times), max(times), zone, writer.close()
    )


def _iterate_batches(files: Sequence[Path], kind: str, asked: Asked) -> Iterator[Batch]:
    batches = (batch for file in files for batch in READERS[kind](file, asked))
    if kind != "coortweet":
        yield from batches
        return
    posts = pa.concat_tables(batch.posts for batch in batches)
    reposts = pc.equal(posts["kind"], "repost")
    joined = join_posts(posts.filter(pc.invert(reposts)))
    rows = len(posts) - pc.sum(reposts, min_count=0).as_py()
    yield Batch(posts.filter(reposts), notes={"rows of one post that were joined": rows - len(joined)})
    yield Batch(joined)


class Directory:
    """Accounts with the last profile that was met of each; those that posted without one have an empty one."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, ...]] = {}
        self._posted: set[str] = set()

    def add(self, profiles: pa.Table | None, authors: pa.ChunkedArray) -> None:
        """Take in the profiles of a piece, and who posted in it."""
        self._posted.update(pc.unique(authors).to_pylist())
        if profiles is not None:
            profiles = profiles.filter(pc.not_equal(pc.fill_null(profiles["account_id"], ""), ""))
            last = profiles.append_column("row", pa.array(range(len(profiles)), pa.int64()))
            last = last.group_by("account_id").aggregate([("row", "max")])
            rows = profiles.take(last["row_max"].combine_chunks())
            columns = [rows[name].to_pylist() for name in ACCOUNTS.names]
            self._known.update(zip(columns[0], zip(*columns[1:], strict=True), strict=True))

    def make_table(self) -> pa.Table:
        """Return all accounts, in order of their ids."""
        none = (None,) * (len(ACCOUNTS) - 1)
        ids = sorted(self._posted | self._known.keys())
        rows = [self._known.get(one, none) for one in ids]
        columns = [ids, *([row[place] for row in rows] for place in range(len(none)))]
        return pa.table([pa.array(cells, field.type) for cells, field in zip(columns, ACCOUNTS, strict=True)], ACCOUNTS)

    def count(self) -> dict[str, int]:
        """Return how many accounts there are, and how many of those who posted have no profile."""
        return {
            "accounts": len(self._posted | self._known.keys()),
            "accounts that posted": len(self._posted),
            "accounts that posted, without a profile": len(self._posted - self._known.keys()),
        }


def write_import_card(folder: Path, files: Sequence[Path], kind: str, found: Imported) -> None:
    """Write what came in, and what was decided, beside the tables."""
    listed = "\n".join(f"| {words} | {number:,} |" for words, number in found.counts.items())
    span = " to ".join(f"{pa.scalar(second, pa.timestamp('s')).as_py():%Y-%m-%d %H:%M:%S}" for second in found[1:3])
    (folder / CARD).write_text(
        f"""# Imported data

Of other hands, and as they are: nothing was added, and nobody in it was labelled. Handle it as the terms under which
you got it say.

* Files: {", ".join(file.name for file in files)} (`format={kind}`)
* Times: {found.zone}. First and last, UTC: {span}
* Fingerprint (SHA-256 of all rows): `{found.fingerprint}`

| what | how many |
|---|---|
{listed}

`accounts`, `posts` and `follows` have the columns of an export. Ids are text, as they were. A cell that its source
leaves out is empty, a count -1, a profile's field null. Of texts the name is taken off with which a platform begins a
repost (`RT @name: `) or an answer (`@name `): who is meant stands in columns of its own.
""",
        encoding="utf-8",
    )
