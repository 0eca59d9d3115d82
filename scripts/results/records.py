"""Records: what a job's report says and what it was made from, as a text file of docs/results/ each."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from experiments.app import compose_config
from experiments.folder import ROOT
from experiments.ownership import hash_file
from experiments.running.identity import hash_sources
from scripts.results.jobs import JOBS, Job
from sim import __version__
from sim.errors import InputError

AGAIN = "python -m scripts.results --only"
MACHINE = ("out", "workers", "engine", "address")  #: keys that decide no number
DECIDING = ("sim", "experiments", "conf")  #: folders that decide numbers
#: what every record has
KEYS = (
    "command", "version", "commit", "date", "code", "setting", "seconds", "headline", "sentences", "tables", "pictures",
)  # fmt: skip
DEPTHS = {"sentences": 1, "tables": 3}  #: how deep a part of a record is written with lines of their own


def compose_setting(job: Job) -> dict[str, Any]:
    """Return every value that the job's command stands for today, by its full key."""
    config: Any = OmegaConf.to_container(compose_config(job.app, job.list_words()))
    return dict(_flatten({name: value for name, value in config.items() if name not in MACHINE}))


def _flatten(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def read_commit() -> str:
    """Return the commit, and whether what decides a result differs from it; "unknown" outside a clone."""
    try:
        commit, changes = (
            subprocess.run(["git", *words], cwd=ROOT, capture_output=True, encoding="utf-8", check=True).stdout.strip()
            for words in (["rev-parse", "--short=12", "HEAD"], ["status", "--porcelain", "--", *DECIDING])
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit} and changes" if changes else commit


def make_stamp(job: Job) -> dict[str, Any]:
    """Return what the present sources and values would make of a job: the first part of its record."""
    return {
        "command": job.command,
        "version": __version__,
        "commit": read_commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "code": hash_sources(),
        "setting": compose_setting(job),
    }


def make_record(job: Job, stamp: Mapping[str, Any], folder: Path, seconds: float) -> dict[str, Any]:
    """Return what is kept of the result of `job`.

    Args:
        job: what was played.
        stamp: by `make_stamp`, when it began.
        folder: its result, with report.json and figures/.
        seconds: of processor time.

    Raises:
        InputError: the report has no table of such a title.
    """
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return {
        **stamp,
        "seconds": round(seconds),
        "headline": report["headline"],
        "sentences": report["sentences"],
        "tables": [find_table(report["tables"], title, job.name) for title in job.tables],
        "pictures": {name: hash_file(folder / "figures" / f"{of}.png") for name, of in job.pictures.items()},
    }


def find_table(tables: list[dict[str, Any]], title: str, name: str) -> dict[str, Any]:
    """Return the one of a report's tables whose title begins with `title`.

    Raises:
        InputError: there is none, or more than one.
    """
    found = [table for table in tables if table["title"].startswith(title)]
    if len(found) != 1:
        there = ", ".join(table["title"] for table in tables) or "none"
        raise InputError(f"{name} has {len(found)} tables whose title begins with {title!r}: its tables are {there}")
    return found[0]


def write_record(record: Mapping[str, Any], path: Path) -> None:
    """Write a record with a line a key, a sentence and a row, so that what changed shows as lines."""
    lines = [f"{_dump(key, 0)}: {_dump(value, DEPTHS.get(key, 0))}" for key, value in record.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def _dump(value: Any, depth: int) -> str:
    """Return `value` as JSON, with a line a part down to `depth`."""
    if not depth or not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[\n" + ",\n".join(_dump(part, depth - 1) for part in value) + "\n]"
    return "{\n" + ",\n".join(f"{_dump(name, 0)}: {_dump(part, depth - 1)}" for name, part in value.items()) + "\n}"


def find_record(job: Job, root: Path = ROOT) -> Path:
    """Return the file of a job's record."""
    return root / "docs" / "results" / f"{job.name}.json"


def read_record(job: Job, root: Path = ROOT) -> dict[str, Any] | None:
    """Return a job's record, None if there is none.

    Raises:
        InputError: it cannot be read, or lacks something.
    """
    path = find_record(job, root)
    if not path.is_file():
        return None
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path.name} cannot be read ({error}): {AGAIN} {job.name}") from None
    if lacking := [key for key in KEYS if key not in record]:
        raise InputError(f"{path.name} lacks {lacking[0]}: {AGAIN} {job.name}")
    return record


def read_all(root: Path = ROOT) -> dict[str, dict[str, Any]]:
    """Return the records by name, without those whose file cannot be shared and that nobody made.

    Raises:
        InputError: one is missing.
    """
    found = {job.name: read_record(job, root) for job in JOBS}
    if missing := [job.name for job in JOBS if found[job.name] is None and not job.needs]:
        raise InputError(f"no record of {', '.join(missing)}: make results")
    return {name: record for name, record in found.items() if record}


def find_changes(job: Job, record: Mapping[str, Any]) -> list[str]:
    """Return why a record no longer says what its job would: the command, or values that are others today.

    Keys that came or went since then decide nothing: they are new parts that are off, or have another name.
    """
    if record["command"] != job.command:
        return ["the command"]
    today = json.loads(json.dumps(compose_setting(job)))
    return [key for key, value in record["setting"].items() if key in today and today[key] != value]
