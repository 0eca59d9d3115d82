"""Real and synthetic data side by side: what their traces look like, and which of ours are of the real ones' size."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.file_app import FILES, FOLDER, Auto, FileApp, Options, option
from experiments.keys import Flag, Number, Word, count_runs, whole

if TYPE_CHECKING:
    from rich.console import Console

ABOUT = """DATA is a folder that export or import has written, or a file whose columns are those of its posts.parquet
or of CooRTweet (CSV or Parquet). The first one is what the others are compared with.

Fair are the same topic, the same kinds of post, windows of the same length and as many accounts of each. topic=auto is
the contested topic of an export with labels, and all of other data (topic=all); days=auto and accounts=auto are what
the shortest and the smallest data set have. Data with labels are told as a whole and in parts, people and campaign.

Writes traces.parquet, samples.parquet, report.html."""


@dataclass(frozen=True, kw_only=True)
class Traces(Options):
    """What is compared, and how."""

    files, shown = "data", "DATA"

    data: tuple[str, ...] = option(FILES, "folders and files, each a DATA; also data=[DATA,DATA]")
    topic: str = option(
        Word(said="an expression", example="vote"), "posts that are compared: an expression for tags and words", "auto"
    )
    days: int | None = option(Auto(whole(1, 10_000)), "length of the window", None, "days")
    accounts: int | None = option(Auto(whole(0)), "how many accounts are drawn of each; 0: all", None)
    draws: int = option(count_runs(1), "how often accounts are drawn, where fewer than all are", 10)
    parts: bool = option(Flag(), "tell people and campaign apart, where labels are there", True)
    factor: float = option(Number(1, 1000, open="low"), "by which two numbers may differ and still be alike", 2.0)
    seed: int = option(whole(0), "of the draws", 1)
    out: str = option(FOLDER, "folder of the results", "out/traces")


def run(asked: Traces, folder: Path, console: Console) -> None:
    """Compare, write the tables and the report, and print what matters."""
    from functools import partial

    from experiments.analysis.comparing import Rule, compare, name_apart
    from experiments.detection.activity import read_activity
    from experiments.folder import write_metadata
    from experiments.report.page import write_report
    from experiments.report.terminal import show_report
    from experiments.report.traces import compose

    shown = name_apart([read_activity(Path(path), asked.topic) for path in asked.data])
    if not asked.parts:
        shown = [one._replace(parts={}) for one in shown]
    found = compare(shown, Rule(asked.days, asked.accounts, asked.draws, asked.factor, asked.seed))
    found.measures.to_parquet(folder / "traces.parquet", index=False)
    found.samples.to_parquet(folder / "samples.parquet", index=False)
    facts = {one.name: "; ".join(one.notes) or "read whole" for one in shown}
    facts |= {"Topic": asked.topic, "Factor": f"{asked.factor:g}", "Kinds compared": found.kinds}
    write_metadata(folder, asdict(asked), {"facts": facts})
    show_report(write_report(partial(compose, folder), folder), console)


APP = FileApp(
    "traces",
    Traces,
    run,
    ABOUT,
    "DATA [DATA ...] [KEY=VALUE ...]",
    (
        "real.parquet out/export-flooded_hashtag",
        "real.csv out/open out/full accounts=2000 topic=all",
        "data=[real.csv,out/open] days=7",
    ),
)

if __name__ == "__main__":
    APP.start()
