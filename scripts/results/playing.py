"""Play jobs as users do, each by its command, and count their processor time."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.apps import GROWING
from experiments.folder import ROOT
from experiments.running.identity import hash_sources
from scripts.results.jobs import FILE, Job
from scripts.results.records import find_changes, find_record, make_record, make_stamp, read_record, write_record
from sim.errors import InputError

FINISHED = (0, 1)  #: exit codes of an app that wrote its result; 1 says that a number was missed


def find_reason(job: Job, root: Path = ROOT) -> str:
    """Return why a job is to be played, "" if its record is what it would find."""
    record = read_record(job, root)
    if record is None:
        return "no record"
    if changes := find_changes(job, record):
        return f"{changes[0]} changed{f' and {len(changes) - 1} more' if changes[1:] else ''}"
    return "" if record["code"] == hash_sources() else "the code changed"


def play(job: Job, file: str = FILE, root: Path = ROOT) -> float:
    """Play a job, or go on where it was stopped; write its record and its pictures; return s of processor time.

    What the app prints goes to out/results/NAME.log.

    Args:
        job: what is played.
        file: what stands for FILE in its command.
        root: folder of out/results, docs/results and docs/images.

    Raises:
        InputError: the app failed.
    """
    stamp, folder = make_stamp(job), root / "out" / "results" / job.name
    log, spent = (folder.with_name(f"{job.name}.{kind}") for kind in ("log", "seconds"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    if job.app in GROWING:
        _clear_former(folder, stamp)
    former = _read_time(folder)
    command = [sys.executable, "-m", f"experiments.{job.app}", *job.list_words(file), f"out={folder}"]
    code = _count_time(command, log, spent)
    if code not in FINISHED or _read_time(folder) == former:
        last = (log.read_text(encoding="utf-8").strip().splitlines() or ["it printed nothing"])[-1]
        raise InputError(f"{job.name} left with code {code}: {last}")
    seconds = float(spent.read_text("utf-8"))
    spent.unlink()
    record = make_record(job, stamp, folder, seconds)
    for name, figure in job.pictures.items():
        shutil.copyfile(folder / "figures" / f"{figure}.png", root / "docs" / "images" / name)
    write_record(record, find_record(job, root))
    return seconds


def _count_time(command: list[str], log: Path, spent: Path) -> int:
    """Run a command, add its processor time to what the file `spent` says, and return its exit code."""
    former, before = float(spent.read_text("utf-8")) if spent.is_file() else 0.0, _count_seconds()
    try:
        with log.open("w", encoding="utf-8") as said:
            process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        try:
            return process.wait()
        except BaseException:  # Ctrl-C or SIGTERM: the app keeps what is done, and ends
            process.terminate()
            process.wait()
            raise
    finally:
        spent.write_text(str(former + _count_seconds() - before), encoding="utf-8")


def _read_time(folder: Path) -> float:
    """Return when the report in `folder` was written, 0 if there is none."""
    path = folder / "report.json"
    return path.stat().st_mtime if path.is_file() else 0.0


def _clear_former(folder: Path, stamp: Mapping[str, Any]) -> None:
    """Remove what another setting left of a result that grows, which the app would refuse to go on with."""
    mark, today = folder.with_name(f"{folder.name}.stamp"), json.dumps([stamp["code"], stamp["setting"]])
    if not mark.is_file() or mark.read_text("utf-8") != today:
        shutil.rmtree(folder, ignore_errors=True)
    mark.write_text(today, encoding="utf-8")


def _count_seconds() -> float:
    """Return the processor time of all processes that this one started and that have ended, s; 0 on Windows."""
    times = os.times()
    return times.children_user + times.children_system
