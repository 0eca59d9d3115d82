"""Results as one folder that is whole or absent, with the record of how they were made."""

import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from sim.errors import InputError

RECORD = "run.yaml"  #: written last: a folder without it is no result
ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("infowar-lab", "numpy", "numba", "mesa", "networkx", "pyarrow")


@contextmanager
def open_result_folder(out: str, config: Mapping[str, Any]) -> Iterator[Path]:
    """Yield a folder to write into, which becomes `out` only if the block ends well.

    Until then its name begins with `_`. An error, Ctrl-C or SIGTERM removes it; SIGKILL leaves it
    under that name and without `run.yaml`. A former result in `out` is replaced at the very end.

    Args:
        out: folder of the results; may exist if it is empty or a former result and nothing else.
        config: resolved configuration, kept in `run.yaml`.

    Raises:
        InputError: `out` can not be written, or holds something that no run wrote.
    """
    target = Path(os.path.realpath(Path(out).expanduser())) if out else Path()
    _refuse_foreign(target, out)
    draft = target.with_name(f"_{target.name}-{os.getpid()}")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
    except OSError as error:
        raise InputError(f"out={out} can not be written ({error.strerror}): name a folder that you may write") from None
    begun, clock, owner = datetime.now(UTC), time.perf_counter(), os.getpid()
    try:
        with _exit_on_sigterm():
            yield draft
            _write_record(draft, config, begun, time.perf_counter() - clock)
            _publish(draft, target)
    finally:
        if os.getpid() == owner:
            shutil.rmtree(draft, ignore_errors=True)


def _refuse_foreign(target: Path, out: str) -> None:
    """Raise InputError unless `target` is absent, an empty folder, or a former result and nothing else."""
    if not out:
        raise InputError("out is empty: name a folder for the results, such as out=out/first")
    try:
        if not target.exists():
            return
        if not target.is_dir():
            raise InputError(f"out={out} is a file: name a folder")
        found = {path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()}
        foreign = found - _list_run_files(target)
    except OSError as error:
        raise InputError(f"out={out} can not be read ({error.strerror}): name another folder") from None
    if foreign:
        raise InputError(f"out={out} holds {min(foreign)}, which no run wrote: name another folder, or move it away")


def _list_run_files(folder: Path) -> set[str]:
    """Return the names that the record in `folder` lists, itself included; empty without a record."""
    try:
        record = yaml.safe_load((folder / RECORD).read_text(encoding="utf-8"))
        return {RECORD, *record["files"]}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return set()


def write_metadata(
    folder: Path, config: Mapping[str, Any], about: Mapping[str, Any], drafts: Path | None = None
) -> None:
    """Write what a report says of its run: `config.yaml` (resolved) and `about.yaml`.

    Args:
        folder: of the results.
        config: resolved configuration.
        about: facts for the reader; command and versions are added.
        drafts: where a file is written before it takes its name, if `folder` is to outlive a crash.
    """
    whole = {**about, "command": _format_command(), "versions": get_versions()}
    for name, content in (("about", whole), ("config", dict(config))):
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        draft = (drafts or folder) / f"_{name}.draft"
        draft.write_text(text, encoding="utf-8")
        draft.replace(folder / f"{name}.yaml")


def read_command(folder: Path) -> str:
    """Return the command that made the results in `folder`, as `write_metadata` wrote it."""
    return str(yaml.safe_load((folder / "about.yaml").read_text(encoding="utf-8"))["command"])


@contextmanager
def _exit_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into SystemExit(143), so that the block is left through its `finally`."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    former = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


def _write_record(draft: Path, config: Mapping[str, Any], begun: datetime, seconds: float) -> None:
    """Write `run.yaml`: what was asked, with what, when, and which files it made."""
    about = {
        "command": _format_command(),
        "seed": config.get("seed"),
        "begun": begun.isoformat(timespec="seconds"),
        "wall_time": round(seconds, 3),
        "platform": f"{platform.platform()}, {os.cpu_count()} cores",
        "versions": get_versions(),
        "git": _get_git_state(),
        "files": sorted(path.relative_to(draft).as_posix() for path in draft.rglob("*") if not path.is_dir()),
        "config": dict(config),
    }
    (draft / RECORD).write_text(yaml.safe_dump(about, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _format_command() -> str:
    return shlex.join(["python", *sys.orig_argv[1:]])


def get_versions() -> dict[str, str | None]:
    """Return the versions of Python and of the packages that decide results; None for what is not installed."""
    return {"python": platform.python_version(), **{name: _get_version(name) for name in PACKAGES}}


def _get_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _get_git_state() -> dict[str, Any] | None:
    """Return the commit of this clone and whether files differ from it; None outside a clone."""
    if not (ROOT / ".git").exists():
        return None
    try:
        commit, changes = (
            subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return {"commit": commit, "dirty": bool(changes)}


def _publish(draft: Path, target: Path) -> None:
    """Rename `draft` to `target`; a former result there goes only when the new one stands."""
    former = draft.with_name(f"{draft.name}-former")
    if target.exists():
        target.rename(former)
    try:
        draft.rename(target)
    except BaseException:
        if former.exists() and not target.exists():
            former.rename(target)
        raise
    shutil.rmtree(former, ignore_errors=True)
