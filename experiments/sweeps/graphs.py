"""A big graph is drawn or read once a machine; every worker maps the same file."""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from sim.people.networks import SocialNetwork
from sim.setting import NetworkRule, Setting
from sim.state.accounts import F64
from sim.state.graph import Graph

BIG = 20_000  #: people from which a graph is worth a file


@dataclass(frozen=True)
class MappedGraph:
    """A graph rule whose networks are kept in a folder, by what decides them, and mapped from there.

    Pages are shared by all processes of the machine and copied only where one writes, which none does.
    """

    rule: NetworkRule
    folder: Path
    files: str  #: hash of the files that the rule reads

    def size(self, default: int) -> int:
        """Return the number of people this graph holds when asked for `default`."""
        text = json.dumps([repr(self.rule), self.files, default])
        path = self.folder / f"size-{_hash_parts(text.encode())}"
        if not path.is_file():
            _write_once(path, lambda draft: _write(draft, str(self.rule.size(default))))
        return int(path.read_text(encoding="utf-8"))

    def __call__(self, size: int, stance: F64, seed: int) -> SocialNetwork:
        """Return the network of `size` people with these stances, float64 [size], as the rule would."""
        text = json.dumps([repr(self.rule), self.files, size, seed])
        place = self.folder / _hash_parts(text.encode(), stance.tobytes())
        if not place.is_dir():
            _write_once(place, lambda draft: _save(self.rule(size, stance, seed), draft))
        return _load(place)


def map_graph(setting: Setting, folder: Path, files: str) -> Setting:
    """Return the setting with its graph mapped from `folder` if it is big or comes from a file, else as it is."""
    big = setting.population.size >= BIG or hasattr(setting.graph, "path")
    return replace(setting, graph=MappedGraph(setting.graph, folder, files)) if big else setting


def _save(network: SocialNetwork, draft: Path) -> None:
    draft.mkdir()
    for name, column in network.graph._asdict().items():
        np.save(draft / f"{name}.npy", column)
    np.save(draft / "stance.npy", network.stance)
    np.save(draft / "community.npy", network.community)
    _write(draft / "notes.json", json.dumps(network.notes))


def _load(place: Path) -> SocialNetwork:
    columns = {name: _load_mapped(place / f"{name}.npy") for name in Graph._fields}
    notes = tuple(json.loads((place / "notes.json").read_text(encoding="utf-8")))
    return SocialNetwork(Graph(**columns), np.load(place / "stance.npy"), np.load(place / "community.npy"), notes)


def _load_mapped(path: Path) -> Any:
    return np.asarray(np.load(path, mmap_mode="c"))


def _write_once(target: Path, write: Callable[[Path], None]) -> None:
    """Have `target` appear whole, whoever of several processes is first."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(mkdtemp(prefix="_", dir=target.parent))
    try:
        write(scratch / target.name)
        with suppress(OSError):  # another process was first
            (scratch / target.name).rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _hash_parts(*parts: bytes) -> str:
    digest = blake2b(digest_size=12)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
