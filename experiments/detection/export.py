"""Write a data set in the formats that other programs read, in one pass over the posts."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from experiments.detection.dataset import Dataset
from experiments.detection.formats.base import AccountTexts, Format, format_standing
from experiments.detection.formats.canonical import TRUTH, CanonicalWriter
from experiments.detection.formats.networks import GraphML
from experiments.detection.formats.pages import V1, V2
from experiments.detection.formats.tables import Cnt, CooRTweet, CoSharingFormat, IoArchive
from experiments.detection.formats.twibot import TwiBot
from sim.errors import InputError, suggest

PARQUET = "parquet"
OTHERS: dict[str, type[Format]] = {
    "cnt": Cnt,
    "coortweet": CooRTweet,
    "cosharing": CoSharingFormat,
    "v1": V1,
    "v2": V2,
    "io_archive": IoArchive,
    "graphml": GraphML,
    "twibot": TwiBot,
}
FORMATS = (PARQUET, *OTHERS)


def read_formats(formats: object) -> tuple[str, ...]:
    """Return the formats that a configuration names, each once, in the order of `FORMATS`.

    Raises:
        InputError: it names none, or one that is not there, in one line with the cure.
    """
    if not isinstance(formats, Sequence) or isinstance(formats, str) or not formats:
        raise InputError(f"formats={formats} must be a list such as 'formats=[cnt,v2]'; there are {', '.join(FORMATS)}")
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"formats has {name}, which is unknown: {suggest(str(name), FORMATS)}")
    return tuple(name for name in FORMATS if name in formats)


def export(dataset: Dataset, folder: Path, formats: Sequence[str], advance: Callable[[int], None]) -> str:
    """Write `dataset` into `folder`; return its fingerprint.

    Memory is that of one row group in all formats, of what `Dataset` and `GraphML` keep, and of the accounts.

    Args:
        dataset: to be written.
        folder: is there.
        formats: some of `FORMATS`.
        advance: is called with the number of posts after each piece.
    """
    people = AccountTexts(dataset.accounts)
    canonical = CanonicalWriter(folder if PARQUET in formats else None)
    others = [OTHERS[name](folder, people) for name in formats if name != PARQUET]
    canonical.add("accounts", dataset.accounts)
    for piece in dataset.iterate_pieces():
        canonical.add("posts", piece.posts)
        canonical.add(f"{TRUTH}/truth_posts", piece.truth)
        posts = format_standing(piece.posts, people)
        for other in others:
            other.write_posts(posts)
        advance(piece.posts.num_rows)
    for follows in dataset.iterate_follows():
        canonical.add("follows", follows)
        for other in others:
            other.write_follows(follows)
    truth: pa.Table = dataset.truth
    canonical.add(f"{TRUTH}/truth_accounts", truth)
    for other in others:
        other.close(truth)
    return canonical.close()
