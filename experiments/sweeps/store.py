"""The store of runs: Parquet data sets that can be read while they grow and stay readable after a crash.

    runs/status=ok/*.parquet    a row a run; other states (error, died, timeout) in folders beside it
    series/*.parquet            a row an hour of a run, if asked for; written before the runs that it belongs to
    design.parquet              which point has which values
    _work/                      drafts, journals of workers, the lock, and the intent of a compaction

A file appears under its name only when it is whole and on the disk.
"""

import json
import os
import shutil
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import yaml

from experiments.folder import refuse_file_above
from experiments.ownership import is_litter
from experiments.running.drafts import guard_disk, remove, write_text
from experiments.running.jobs import Job
from experiments.running.locking import lock
from experiments.running.outcomes import OK, Outcome, read_events
from experiments.sweeps.files import (
    INTENT,
    fit_schema,
    group_files,
    list_tables,
    merge_files,
    read_table,
    write_table,
)
from experiments.sweeps.sealing import unseal
from sim.errors import InputError

#: what stands in a folder of a sweep, a sensitivity analysis or a calibration; anything else is somebody's
OWN_FILES = {"runs", "series", "_work", "design.parquet", "figures", "report.html", "report.json"}
OWN_FILES |= {"about.yaml", "config.yaml"}
OWN_FILES |= {"sensitivity.parquet", "search.log", "search.log.lock", "abc", "trials.parquet", "moments.parquet"}
OWN_FILES |= {"posterior.parquet", "profiles.parquet", "facts.parquet", "headline.parquet", "overrides.txt", "fitted"}
#: what stands in a folder, by its config.yaml: the first of these parts that it has
KINDS = {"calibrate": "a calibration", "sensitivity": "a sensitivity analysis", "sweep": "a sweep"}
DESIGN = pa.schema([(name, pa.string()) for name in ("values", "point", "baseline", "code", "config")])


class Store:
    """A folder of results that grows; open it by `with`, which locks it and repairs what a crash left.

    Args:
        out: the folder; absent, empty, or what a former sweep wrote.
        metrics: names of the measures of a run, columns of every file.
        config: of what is to be written, which tells a sweep from what would replace its report; () for no such look.
        scenario: of what is to be written, which tells it from another's; None for no such look.

    Raises:
        InputError: the folder cannot be written, holds something else or what somebody changed, or is in use.
    """

    def __init__(
        self, out: str, metrics: Sequence[str], config: Collection[str] = (), scenario: str | None = None
    ) -> None:
        self.out, self.metrics, self.kind, self.scenario = out, tuple(metrics), _find_kind(config), scenario
        self.root, self.place = Path(out), f"out={out}"
        self.runs, self.series, self.work = self.root / "runs", self.root / "series", self.root / "_work"
        text, number = pa.string(), pa.float64()
        fixed = [("run_id", text), ("point", text), ("seed", pa.int64()), ("code", text)]
        fixed += [("error", text), ("wall_time", number)]
        self.schema = pa.schema([*fixed, *((name, number) for name in self.metrics)])
        self._written = 0

    def __enter__(self) -> Self:
        with guard_disk(self.place):
            _refuse_foreign(self.root, self.out)
            for folder in (self.runs, self.work):
                folder.mkdir(parents=True, exist_ok=True)
            self._lock = lock(self.work / "lock", self.out)
            try:
                _refuse_another(self.root, self.out, self.kind, self.scenario)
                unseal(self.root, f"out={self.out}")
                self._repair()
            except BaseException:
                os.close(self._lock)
                raise
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._lock)

    def read_status(self) -> dict[str, str]:
        """Return the state of every run that is kept, by run id; of a run that failed and succeeded, the success."""
        table = read_table(self.runs, ["run_id", "status"])
        rows = zip(table["run_id"].to_pylist(), table["status"].to_pylist(), strict=True) if table else ()
        return dict(sorted(rows, key=lambda row: row[1] == OK))

    def find_missing(self, jobs: Sequence[Job]) -> list[Job]:
        """Return the jobs that are not kept, each run once."""
        kept = self.read_status()
        return list({job.run_id: job for job in jobs if job.run_id not in kept}.values())

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Keep these runs; a run that is kept already is the caller's to leave out."""
        with guard_disk(self.place):
            for status in dict.fromkeys(outcome.status for outcome in outcomes):
                stem = self._make_stem()
                same = [outcome for outcome in outcomes if outcome.status == status]
                series = [outcome for outcome in same if outcome.series is not None]
                if series:
                    hours = pa.concat_tables([outcome.to_table() for outcome in series])
                    write_table(hours, self.series / f"{stem}.parquet", self.work)
                write_table(self._make_table(same), self.runs / f"status={status}" / f"{stem}.parquet", self.work)

    def forget_failed(self, names: Collection[str] | None = None) -> None:
        """Drop the rows of runs that failed, all or those of `names`, so that they are missing."""
        with guard_disk(self.place):
            for path in list_tables(self.runs):
                if path.parent.name == f"status={OK}":
                    continue
                table = pq.read_table(path, partitioning=None)
                left = [names is not None and name not in names for name in table["run_id"].to_pylist()]
                if not any(left):
                    path.unlink()
                elif not all(left):
                    write_table(table.filter(pa.array(left)), path, self.work)

    def write_design(self, rows: Sequence[Mapping[str, str | None]]) -> None:
        """Replace the design: `values` and `config` as JSON, names of `point` and `baseline`, `code`."""
        with guard_disk(self.place):
            write_table(pa.Table.from_pylist(list(rows), schema=DESIGN), self.root / "design.parquet", self.work)

    def merge(self, other: Path) -> int:
        """Take over the runs of another sweep's folder that are not kept here, or only as failed; return how many."""
        theirs, status, taken = find_runs(other), self.read_status(), 0
        kept, done = set(status), {name for name in status if status[name] == OK}
        for folder in sorted(theirs.glob("status=*"), key=lambda folder: folder.name != f"status={OK}"):
            there = done if folder.name == f"status={OK}" else kept
            for path in list_tables(folder):
                table = pq.read_table(path, partitioning=None)
                new = table.filter(pa.array([name not in there for name in table["run_id"].to_pylist()], pa.bool_()))
                if not new.num_rows:
                    continue
                stem, names = self._make_stem(), new["run_id"].to_pylist()
                hours = other / "series" / path.name
                with guard_disk(self.place):
                    if hours.is_file():
                        filters = ds.field("run_id").isin(names)
                        write_table(pq.read_table(hours, filters=filters), self.series / f"{stem}.parquet", self.work)
                    write_table(fit_schema(new, self.schema), self.runs / folder.name / f"{stem}.parquet", self.work)
                kept.update(names)
                taken += len(names)
        self._forget_superseded()
        return taken

    def compact(self) -> None:
        """Make few files of many; a crash in between is repaired when the folder is next opened."""
        with guard_disk(self.place):
            for folder in sorted(self.runs.glob("status=*")):
                for bundle in group_files(list_tables(folder)):
                    intent = {"folder": folder.name, "new": self._make_stem(), "old": [path.stem for path in bundle]}
                    write_text(json.dumps(intent), self.work / INTENT, self.work)
                    self._carry_out(intent)

    def read_journals(self, journals: Iterable[Path]) -> list[Outcome]:
        """Return the runs that journals hold and that are not kept, each once."""
        kept, found = self.read_status(), {}
        for path in journals:
            for event in read_events(path.read_bytes())[0]:
                if "status" in event and event["run_id"] not in kept:
                    found[event["run_id"]] = Outcome(**event)
        return list(found.values())

    def _make_table(self, outcomes: Sequence[Outcome]) -> pa.Table:
        fixed = [name for name in self.schema.names if name not in self.metrics]
        columns = {name: [getattr(outcome, name) for outcome in outcomes] for name in fixed}
        metrics = {name: [outcome.metrics.get(name) for outcome in outcomes] for name in self.metrics}
        return pa.table(columns | metrics, schema=self.schema)

    def _make_stem(self) -> str:
        self._written += 1
        return f"{time.time_ns():x}-{os.getpid()}-{self._written}"

    def _repair(self) -> None:
        intent = self.work / INTENT
        if intent.is_file():
            self._carry_out(json.loads(intent.read_text(encoding="utf-8")))
        for draft in [*self.root.rglob("_*.draft")]:
            draft.unlink()
        committed = {path.stem for path in list_tables(self.runs)}
        for path in list_tables(self.series):
            if path.stem not in committed:
                path.unlink()
        journals = sorted(path for path in self.work.glob("*.jsonl") if not is_litter(path))
        found = self.read_journals(journals)
        if found:
            self.write(found)
        for path in journals:
            path.unlink()
        self._forget_superseded()
        shutil.rmtree(self.work / "graphs", ignore_errors=True)

    def _forget_superseded(self) -> None:
        """Drop the failures of runs that have succeeded, here or in a folder whose files were copied into this one."""
        done = {name for name, status in self.read_status().items() if status == OK}
        self.forget_failed(done)

    def _carry_out(self, intent: Mapping[str, Any]) -> None:
        """Do or finish a compaction: the old files go when the new one stands, and the intent last."""
        folder, new, old = self.runs / intent["folder"], intent["new"], intent["old"]
        if not (folder / f"{new}.parquet").is_file():
            hours = [self.series / f"{stem}.parquet" for stem in old]
            merge_files([path for path in hours if path.is_file()], self.series / f"{new}.parquet", self.work)
            merge_files([folder / f"{stem}.parquet" for stem in old], folder / f"{new}.parquet", self.work)
        for stem in old:
            remove(folder / f"{stem}.parquet")
            remove(self.series / f"{stem}.parquet")
        (self.work / INTENT).unlink()


def find_runs(folder: Path) -> Path:
    """Return where another sweep's runs are; raise InputError where `folder` is none of a sweep."""
    if not (folder / "runs").is_dir():
        raise InputError(f"sweep.merge has {folder}, which is no folder of a sweep: it has no runs/ in it")
    return folder / "runs"


def _refuse_foreign(root: Path, out: str) -> None:
    if not out:
        raise InputError("out is empty: name a folder for the results, such as out=out/sweep")
    refuse_file_above(root.absolute(), out)
    if not root.exists():
        return
    if not root.is_dir():
        raise InputError(f"out={out} is a file: name a folder")
    foreign = {path.name for path in root.iterdir() if not is_litter(path)} - OWN_FILES
    if foreign:
        raise InputError(f"out={out} holds {min(foreign)}, which no sweep wrote: name another folder, or move it away")


def _find_kind(config: Collection[str]) -> str:
    return next((name for name in KINDS if name in config), "")


def _refuse_another(root: Path, out: str, kind: str, scenario: str | None) -> None:
    """Raise InputError where the results of another kind or scenario would be replaced: report, design and settings."""
    there = _find_kind(_read(root / "config.yaml")) if kind else ""
    told = _read(root / "about.yaml").get("scenario") if scenario else None
    also = "" if "calibrate" in (there, kind) else f"; sweep.merge=[{out}] takes its runs over"
    if there and there != kind:
        raise InputError(
            f"out={out} holds {KINDS[there]}, whose report {KINDS[kind]} would replace: name another folder{also}"
        )
    if told and told != scenario:
        raise InputError(
            f"out={out} holds results of scenario={told}, whose report that of scenario={scenario} would replace: name "
            f"another folder{also}"
        )


def _read(path: Path) -> dict[str, Any]:
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}
