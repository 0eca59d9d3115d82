"""Who owns a result folder: a run may replace only what a run of the same app and scenario wrote."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

RECORD = "run.yaml"  #: written last: a folder without it is no result
#: what file managers leave in the folders that they show: Finder, Explorer, Dolphin
LITTER = {".ds_store", ".localized", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory"}
SEAL = re.compile(rb"(?s)(.*\n)seal: ([0-9a-f]{64})\s*")


class Maker(NamedTuple):
    """What makes a result."""

    app: str = ""
    scenario: str | None = None  #: None for an app without one

    def __str__(self) -> str:
        if not self.scenario:
            return self.app
        return f"{self.app} {'' if self.scenario.startswith('lesson=') else 'scenario='}{self.scenario}"


UNKNOWN = Maker()  #: of a result that no app made


def is_litter(path: Path) -> bool:
    """Return whether a file manager leaves files of this name in the folders that it shows."""
    return path.name.startswith("._") or path.name.lower() in LITTER


def list_files(folder: Path) -> list[str]:
    """Return the names of all files in `folder` but litter, with forward slashes, in order."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in found if not is_litter(path))


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in `folder` but litter, by its name."""
    return {name: hash_file(folder / name) for name in list_files(folder)}


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write `record` into `folder`, with its own SHA-256 as the last line."""
    text = yaml.safe_dump(dict(record), sort_keys=False, allow_unicode=True).encode()
    (folder / RECORD).write_bytes(text + f"seal: {hashlib.sha256(text).hexdigest()}\n".encode())


def find_objection(folder: Path, maker: Maker) -> str:
    """Return why a run by `maker` may not replace `folder`, in words that follow its name; "" if it may."""
    record = _read_record(folder)
    known = record.get("files", ())
    there = Maker(record.get("app", maker.app), record.get("scenario", maker.scenario))
    if there != maker:
        return f"holds a result of {there}"
    files = list_files(folder)
    if foreign := sorted({*files} - {*known} - ({RECORD} if record else set())):
        return f"holds {foreign[0]}, which no run wrote"
    if not isinstance(known, dict):  # older than 0.2
        return ""
    if missing := sorted({*known} - {*files}):
        return f"has lost {missing[0]}, which its run wrote"
    edited = (name for name in known if hash_file(folder / name) != known[name])
    changed = next(edited, "") if _is_sealed(folder) else RECORD
    return f"holds {changed}, which was changed after its run" if changed else ""


def _read_record(folder: Path) -> dict[str, Any]:
    """Return what the record in `folder` says; {} without a record that can be read."""
    try:
        record: dict[str, Any] = yaml.safe_load((folder / RECORD).read_bytes())
        set(record["files"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return {}
    return record


def _is_sealed(folder: Path) -> bool:
    found = SEAL.fullmatch((folder / RECORD).read_bytes())
    return found is not None and hashlib.sha256(found[1]).hexdigest().encode() == found[2]
