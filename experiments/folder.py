"""Results as one folder that is complete or absent, with a record of how they were made."""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, count
from pathlib import Path
from typing import Any

import yaml

from experiments.apps import read_command_words
from experiments.exit_codes import stop_on_signals
from experiments.ownership import UNKNOWN, Maker, find_objection, hash_files, write_record
from experiments.retrying import retry_while_open
from experiments.running.drafts import guard_disk, name_draft, name_former
from sim.errors import InputError

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("infowar-lab", "numpy", "numba", "mesa", "networkx", "pyarrow")


@contextmanager
def open_result_folder(out: str, config: Mapping[str, Any], maker: Maker = UNKNOWN) -> Iterator[Path]:
    """Yield a folder to write into, which becomes `out` only if the block succeeds; then print where it is.

    Until then its name begins with `_`. An error, Ctrl-C or SIGTERM removes it; what SIGKILL leaves is removed by the
    next command into `out` (`Work.begin`). A former result in `out` is replaced at the very end. If somebody changed it
    meanwhile, it stays, and the new result is beside it.

    Args:
        out: folder of the results; may exist if it is empty, or holds what `maker` wrote and nothing else.
        config: resolved configuration, kept in `run.yaml`.
        maker: the app and its scenario.

    Raises:
        InputError: `out` cannot be written, or holds something else.
    """
    target = check_folder(out, maker)
    draft = name_draft(target, os.getpid())
    begun, clock, owner = datetime.now(UTC), time.perf_counter(), os.getpid()
    missing = [path for path in (target, *draft.parents) if not path.exists()]
    with stop_on_signals():
        try:
            _make_draft(draft, target, out)
            with guard_disk(f"out={out}"):
                yield draft
                _write_record(draft, config, maker, begun, time.perf_counter() - clock)
        except BaseException:
            if os.getpid() == owner:
                shutil.rmtree(draft, ignore_errors=True)
                for path in missing:
                    with suppress(OSError):  # it was not made, or somebody put something there
                        path.rmdir()
            raise
        print(f"results: {_publish(draft, target, out, maker)}")


@contextmanager
def open_folder_alone(out: str, config: Mapping[str, Any], maker: Maker = UNKNOWN) -> Iterator[Path]:
    """As `open_result_folder`, while no other command writes into `out`.

    Raises:
        InputError: as `open_result_folder`, or another command does.
    """
    from experiments.running.work import Work  # not for --help, which is quick

    with Work(check_folder(out, maker)) as work:
        work.begin()
        with open_result_folder(out, config, maker) as folder:
            yield folder


def _make_draft(draft: Path, target: Path, out: str) -> None:
    """Make the folder that becomes `target`.

    Raises:
        InputError: it cannot be made.
    """
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():  # a name that this system refuses, such as con, is told now
            target.mkdir()
            target.rmdir()
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
    except OSError as error:
        raise InputError(f"out={out} cannot be written ({error.strerror}): name a folder that you may write") from None


def check_folder(out: str, maker: Maker) -> Path:
    """Return the folder that `out` names, and that a result of `maker` may become or replace.

    Raises:
        InputError: it is a file, or holds something else, in one line with the cure.
    """
    if not out:
        raise InputError("out is empty: name a folder for the results, such as out=out/first")
    target = Path(os.path.realpath(Path(out).expanduser()))
    try:
        if target.exists() and not target.is_dir():
            raise InputError(f"out={out} is a file: name a folder")
        refuse_file_above(target, out)
        objection = find_objection(target, maker) if target.exists() else ""
    except OSError as error:
        raise InputError(f"out={out} cannot be read ({error.strerror}): name another folder") from None
    if objection:
        raise InputError(f"out={out} {objection}: name another folder, or move it away")
    return target


def refuse_file_above(target: Path, out: str) -> None:
    """Raise InputError if what `out` lies in is a file."""
    above = next(folder for folder in target.parents if folder.exists())
    if not above.is_dir():
        raise InputError(f"out={out} lies in {above.name}, which is a file: name a folder")


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
        retry_while_open(partial(draft.replace, folder / f"{name}.yaml"))


def read_command(folder: Path) -> str:
    """Return the command that made the results in `folder`, as `write_metadata` wrote it."""
    return str(yaml.safe_load((folder / "about.yaml").read_text(encoding="utf-8"))["command"])


def _write_record(draft: Path, config: Mapping[str, Any], maker: Maker, begun: datetime, seconds: float) -> None:
    """Write `run.yaml`: what was asked, with what, when, and which files it made, each with its SHA-256."""
    about = {
        **maker._asdict(),
        "command": _format_command(),
        "seed": config.get("seed"),
        "begun": begun.isoformat(timespec="seconds"),
        "wall_time": round(seconds, 3),
        "platform": f"{platform.platform()}, {os.cpu_count()} cores",
        "versions": get_versions(),
        "git": _get_git_state(),
        "files": hash_files(draft),
        "config": dict(config),
    }
    write_record(draft, about)


def _format_command() -> str:
    return shlex.join(read_command_words())


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
            subprocess.run(
                ["git", *command], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
            ).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain"])
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return {"commit": commit, "dirty": bool(changes)}


def _publish(draft: Path, target: Path, out: str, maker: Maker) -> str:
    """Rename `draft` to `target` and return its name; a former result there goes only when the new one stands.

    What is found there is looked at when it no longer has its name, so that nobody changes it after that. If a run may
    not replace it, it gets its name back, and `draft` another one.
    """
    former = name_former(draft)
    try:
        objection = _set_aside(target, former, maker)
        place = _find_free_name(target) if objection else target
        retry_while_open(partial(draft.rename, place))
    except OSError as error:
        raise InputError(f"out={out} cannot be written ({error.strerror}): the result is whole in {draft}") from None
    finally:
        if former.exists() and not target.exists():
            retry_while_open(partial(former.rename, target))
    if objection:
        print(f"out={out} {objection} while the run went on: it stays, and the result is beside it", file=sys.stderr)
        return str(place)
    shutil.rmtree(former, ignore_errors=True)
    return out


def _set_aside(target: Path, former: Path, maker: Maker) -> str:
    """Rename `target`, if it is there, to `former`; return why it has to stay instead, "" if it has not."""
    if not target.exists():
        return ""
    try:
        retry_while_open(partial(target.rename, former))
    except OSError as error:
        return f"could not be replaced ({error.strerror})"
    objection = find_objection(former, maker)
    if objection:
        retry_while_open(partial(former.rename, target))
    return objection


def _find_free_name(target: Path) -> Path:
    """Return a name beside `target` that nothing has."""
    names = (target.with_name(f"{target.name}-new{number}") for number in chain(("",), count(2)))
    return next(path for path in names if not path.exists())
