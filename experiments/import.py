# ruff: noqa: N999  # the name of the app
"""Data of others, in any of seven formats, as the tables that detectors and traces here read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.file_app import FILES, FOLDER, FileApp, Options, option
from experiments.keys import Maybe, Named, Word

if TYPE_CHECKING:
    from rich.console import Console

FORMATS = ("coortweet", "cnt", "v1", "v2", "io_archive", "parquet", "csv")
TRACES = ("", "repost", "hashtag", "url", "text")
ABOUT = """Formats
  coortweet   object_id, account_id, content_id, timestamp_share; a file a trace, CSV or Parquet
  cnt         what the coordination network toolkit reads
  v1, v2      JSON lines as API versions 1.1 (posts) and 2 (pages, or posts) gave them
  io_archive  the CSV of the information operations archive
  parquet     a folder with posts.parquet, accounts.parquet and follows.parquet, or such a file of posts
  csv         any CSV, TSV or Parquet: columns='{post_id: id, account_id: user, time: created_at, text: body}'

Files may be compressed (.gz, .bz2). Writes accounts, posts and follows as Parquet and README.md, which counts
duplicates and gaps. Ids stay text. Nothing is guessed: times that name no zone need zone=NAME, and a file of CooRTweet
whose name is not that of a trace needs trace=NAME."""


@dataclass(frozen=True, kw_only=True)
class Import(Options):
    """What comes in, and what its files do not say."""

    files, shown = "data", "FILE"

    data: tuple[str, ...] = option(FILES, "files, each a FILE; also data=[FILE,FILE]")
    format: str = option(Word(FORMATS), "what they are")
    trace: str = option(Word(TRACES), "coortweet: what was shared: repost, hashtag, url or text", "")
    columns: Mapping[str, str] | None = option(
        Maybe(Named(Word(said="the name of a column"), example="{post_id: id}")),
        "csv: our column and theirs, for each that is read",
        None,
    )
    zone: str = option(Word(said="a time zone", example="UTC"), "of times that name none, such as Europe/Paris", "")
    unit: str = option(Word(("s", "ms")), "of times that are numbers, since 1970", "s")
    out: str = option(FOLDER, "folder of the results", "out/import")


def run(asked: Import, folder: Path, console: Console) -> None:
    """Import, write the card, and print what was met."""
    from experiments.detection.importing import import_data, write_import_card
    from experiments.detection.reading.base import Asked
    from experiments.detection.reading.moments import get_zone
    from experiments.folder import write_metadata

    if asked.zone:
        get_zone(asked.zone)
    files = [Path(file) for file in asked.data]
    said = Asked(asked.trace, asked.columns or {}, asked.zone, asked.unit)
    found = import_data(files, asked.format, said, folder)
    write_import_card(folder, files, asked.format, found)
    for words, number in found.counts.items():
        console.print(f"{number:>12,}  {words}", highlight=False)
    console.print(f"times: {found.zone}", highlight=False)
    write_metadata(folder, asdict(asked), {"facts": {**found.counts, "Times": found.zone}})


APP = FileApp(
    "import",
    Import,
    run,
    ABOUT,
    "FILE [FILE ...] format=NAME [KEY=VALUE ...]",
    (
        "tweets.csv format=coortweet trace=repost",
        "a.jsonl.gz b.jsonl.gz format=v2 out=out/protest",
        'posts.csv format=csv zone=UTC "columns={post_id: id, account_id: user, time: created_at}"',
    ),
)

if __name__ == "__main__":
    APP.start()
