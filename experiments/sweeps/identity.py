"""What makes two runs one: the configuration that decides, the files that it names, the seed, and the sources."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from experiments.folder import ROOT
from experiments.running.identity import find_own_files, hash_paths
from experiments.sweeps.design import APP_KEYS
from sim.setting import Setting

#: sources that decide what a run measures
SOURCES = ("sim/**/*.py", "experiments/runs.py", "experiments/analysis/summary.py", "experiments/sweeps/world.py")


def hash_config(plain: Mapping[str, Any], files: str) -> str:
    """Return a hash of a resolved configuration without its seed; `files`: of `hash_files`."""
    return _hash([select_decisive(plain), files])


def make_run_id(cell: str, seed: int, code: str) -> str:
    """Return the identity of one run: of a configuration by its name, in a seed, by sources by their hash."""
    return _hash([cell, seed, code])


def select_decisive(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides a run in a resolved configuration, so that runs of one world are known as such.

    Where nobody is enlisted, nothing else that is said of the army or of how it fights decides anything
    (tests/test_purity.py): every such baseline is one run a seed.
    """
    kept = {key: value for key, value in plain.items() if key not in APP_KEYS}
    army, campaign = kept.get("army"), kept.get("campaign")
    if isinstance(army, dict) and isinstance(campaign, dict) and army.get("size") == 0:
        kept["army"] = {"_target_": army.get("_target_"), "size": 0}
        kept["campaign"] = {key: campaign.get(key) for key in ("_target_", "start", "hours", "victims")}
    return kept


def hash_files(plain: Mapping[str, Any]) -> str:
    """Return a hash of the files that the graph's configuration names."""
    named = [value for value in dict(plain.get("graph", {})).values() if isinstance(value, str)]
    return _hash([blake2b(Path(name).read_bytes()).hexdigest() for name in named if Path(name).is_file()])


def hash_code(settings: Iterable[Setting], further: Sequence[str] = ()) -> str:
    """Return a hash of the sources that decide what runs under `settings` measure, those of rules from elsewhere too.

    A user's own modules that these import are among them. `further`: patterns of sources that measure beside `SOURCES`.
    """
    groups = [group for setting in settings for group in vars(setting).values()]
    kinds = {type(rule) for group in groups for rule in (group if isinstance(group, tuple) else (group,))}
    theirs = [Path(getattr(sys.modules[kind.__module__], "__file__", None) or "") for kind in kinds]
    theirs += find_own_files(kind.__module__ for kind in kinds)
    return hash_sources([*theirs, *(path for pattern in further for path in ROOT.glob(pattern))])


def hash_sources(more: Iterable[Path] = ()) -> str:
    """Return a hash of the sources that decide what any run measures, and of `more`."""
    return hash_paths([*(path for pattern in SOURCES for path in ROOT.glob(pattern)), *more])


def _hash(value: Any) -> str:
    return blake2b(json.dumps(_normalise(value), sort_keys=True).encode(), digest_size=10).hexdigest()


def _normalise(value: Any) -> Any:
    """Return the value with 15.0 and 15 made one, as the rules make them."""
    if isinstance(value, dict):
        return {str(key): _normalise(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_normalise(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
