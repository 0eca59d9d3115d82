"""Scores of any tool on an export: whom it finds, whom it flags wrongly, how sure that is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.file_app import FOLDER, PATH, FileApp, Options, option
from experiments.keys import Maybe, Number, Word, count_runs, whole

if TYPE_CHECKING:
    from rich.console import Console

ABOUT = """data is a folder that export has written, with its truth. scores is one of
  a table     account_id and score (column=NAME for another column), as CSV, TSV or Parquet
  pairs       account_id, account_id_y as CooRTweet's groups, or from, to; source, target; maybe weight
  a GraphML   of the coordination network toolkit, of igraph (CooRTweet), or any whose nodes are accounts

What scores above limit is flagged. Without one, limit is what a share rate of the genuine of the data exceed, which is
hindsight; null and null_scores, a quiet world and the same tool's scores of it, set it without. The number of posts is
judged beside. Accounts that wrote nothing are left out, and so are extremists, who are of no campaign.

Writes judged.parquet, curves.parquet, report.html."""


@dataclass(frozen=True, kw_only=True)
class Judge(Options):
    """What is judged, and how."""

    data: str = option(FOLDER, "folder of an export, with truth/")
    scores: str = option(PATH, "file of scores")
    column: str = option(Word(said="the name of a column"), "of a table's scores, if it is not score", "")
    by: str = option(
        Word(("weight", "degree")), "what an account of a network scores: its edges' weights, or number", "weight"
    )
    limit: float | None = option(Maybe(Number()), "above it an account is flagged", None)
    rate: float = option(
        Number(0, 1, open="low high"), "share of the genuine that may be flagged, if no limit is set", 0.01
    )
    null: str | None = option(Maybe(FOLDER), "folder of an export of a quiet world", None)
    null_scores: str | None = option(Maybe(PATH), "the tool's scores of that", None)
    members: int = option(whole(1), "of a cell that must be flagged for it to count as found", 3)
    draws: int = option(count_runs(10), "of the bootstrap", 1000)
    seed: int = option(whole(0), "of these draws", 1)
    out: str = option(FOLDER, "folder of the results", "out/judge")


def run(asked: Judge, folder: Path, console: Console) -> None:
    """Judge, write the tables and the report, and print what matters."""
    from functools import partial

    from experiments.detection.judging import find_limit, judge, read_labelled
    from experiments.detection.reading.scores import read_scores
    from experiments.folder import write_metadata
    from experiments.report.judge import compose
    from experiments.report.page import write_report
    from experiments.report.terminal import show_report
    from sim.errors import InputError

    if (asked.null is None) != (asked.null_scores is None):
        raise InputError("null and null_scores belong together: say both, or neither")
    if asked.null is not None and asked.limit is not None:
        raise InputError("limit is set, and null would set it: leave one of them out")
    data, limit, how = read_labelled(Path(asked.data)), asked.limit, "as was said"
    scores = read_scores(Path(asked.scores), data.ids, asked.by, asked.column)
    if asked.null is not None and asked.null_scores is not None:
        quiet = read_labelled(Path(asked.null))
        found = read_scores(Path(asked.null_scores), quiet.ids, asked.by, asked.column)
        limit = find_limit(quiet, found, asked.rate)
        how = f"{100 * asked.rate:g}% of the genuine of a quiet world exceed it at most"
    elif limit is None:
        how = f"{100 * asked.rate:g}% of the genuine of the data exceed it at most, which is hindsight"
    judged = judge(Path(asked.scores).name, data, scores, limit, asked.rate, asked.members, asked.draws, asked.seed)
    judged.measures.to_parquet(folder / "judged.parquet", index=False)
    judged.curves.to_parquet(folder / "curves.parquet", index=False)
    facts = {"Data": asked.data, "Scores": asked.scores, "How they were read": "; ".join(judged.notes)}
    facts |= {"Limit": f"{judged.limit:g}: {how}", "Members that make a cell found": str(asked.members)}
    write_metadata(folder, asdict(asked), {"facts": facts})
    show_report(write_report(partial(compose, folder), folder), console)


APP = FileApp(
    "judge",
    Judge,
    run,
    ABOUT,
    "data=DIR scores=FILE [KEY=VALUE ...]",
    (
        "data=out/export scores=o.graphml",
        "data=out/export scores=groups.csv limit=2",
        "data=out/export scores=mine.csv null=out/quiet null_scores=mine-quiet.csv",
    ),
)

if __name__ == "__main__":
    APP.start()
