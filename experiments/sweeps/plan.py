"""From a design to runs: every point composed and checked beside its baseline, equal runs once."""

import json
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments.app import get_scenario
from experiments.composing import compose, expand_override, expand_paths, get_written_name
from experiments.config_errors import explain_composition, explain_construction
from experiments.configuration import is_group
from experiments.keys import SHARED
from experiments.running.jobs import Job
from experiments.running.progress import show_steps
from experiments.settings import combine_groups, get_baseline_changes, has_default, instantiate_group
from experiments.sweeps.design import APP_KEYS, Point, parse_story_baseline
from experiments.sweeps.identity import hash_config, hash_files, make_run_id
from sim.errors import InputError
from sim.memory import check_memory
from sim.setting import GROUPS, Setting

PATIENCE = 1.0  #: s until it is shown how many points have been checked


@dataclass(frozen=True)
class Configuration:
    """One configuration without its seed."""

    name: str  #: hash of the resolved configuration
    setting: Setting
    ticks: int
    files: str  #: hash of the files that the graph's rule reads
    config: Mapping[str, Any]  #: resolved, plain values


@dataclass(frozen=True)
class PlanRow:
    """A point of the design and what it is compared with."""

    values: Point  #: what varies, with the value that this point has
    cell: Configuration
    baseline: Configuration | None
    changes: Point  #: what the baseline has otherwise; {} for no baseline


class Composer:
    """Composes points as Hydra would, at a fraction of the cost.

    Hydra composes once for each set of group choices; single values are then set in a copy of what it returned, which
    is what Hydra does with them, and rules whose configuration was seen before are not built again.
    """

    def __init__(self, name: str, overrides: Sequence[str], conf: Path) -> None:
        self.name, self.conf = name, conf
        words = [expand_override(word, conf) for word in overrides]
        self.overrides = [word for word in words if _parse_key(word).partition(".")[0] not in APP_KEYS]
        self._composed: dict[tuple[str, ...], tuple[DictConfig, dict[str, Any]]] = {}
        self._rules: dict[str, Any] = {}
        self._people: dict[tuple[str, int], int] = {}

    @property
    def scenario(self) -> str | None:
        """The scenario that the command line names."""
        return get_scenario(self._compose_groups({})[1])

    def compose(self, point: Point) -> Configuration:
        """Return the checked configuration of `point`.

        Raises:
            InputError: a key is unknown or a value is outside its range, in one line that names the point.
        """
        words = format_point(point)
        with _name_point(words, self.name, self.overrides, self.conf):
            config = deepcopy(self._compose_groups(point)[0])
            for key, value in point.items():
                if not self._is_choice(key, value):
                    OmegaConf.update(config, key, value, force_add=has_default(config, key))
            plain: dict[str, Any] = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)  # type: ignore[assignment]
            ticks = plain["ticks"]
            SHARED["ticks"].check("ticks", ticks)
            setting = self._build_setting(plain)
            check_memory(setting)
            setting.check_victims(self._count_people(setting))
        files = hash_files(plain)
        return Configuration(hash_config(plain, files), setting, ticks, files, plain)

    def get_value(self, point: Point, key: str, cell: Configuration) -> Any:
        """Return the value that `key` has at `point`, which may not name it: a choice for a group."""
        known = self._compose_groups(point)[1] | point
        return known[key] if key in known else _get_at_key(cell.config, key)

    def _is_choice(self, key: str, value: Any) -> bool:
        names = value if isinstance(value, list) else [value]
        return all(isinstance(name, str) for name in names) and is_group(key, self.conf)

    def _compose_groups(self, point: Point) -> tuple[DictConfig, dict[str, Any]]:
        groups = tuple(_write_choice(key, value) for key, value in point.items() if self._is_choice(key, value))
        if groups not in self._composed:
            chosen = {_parse_key(word) for word in groups}
            kept = [word for word in self.overrides if _parse_key(word) not in chosen]
            whole = compose(self.name, [*kept, *groups], self.conf, with_hydra=True)
            expand_paths(whole)
            choices = {key: get_written_name(key, str(name)) for key, name in whole.hydra.runtime.choices.items()}
            OmegaConf.set_struct(whole, False)
            for key in ("hydra", *(own for own in APP_KEYS if own in whole)):
                whole.pop(key, None)
            OmegaConf.set_struct(whole, True)
            self._composed[groups] = whole, choices
        return self._composed[groups]

    def _count_people(self, setting: Setting) -> int:
        key = (repr(setting.graph), setting.population.size)
        if key not in self._people:  # of a graph from a file only the file knows
            self._people[key] = setting.graph.size(setting.population.size)
        return self._people[key]

    def _build_setting(self, plain: Mapping[str, Any]) -> Setting:
        rules = {"ticks": plain["ticks"]}
        for group in GROUPS:
            text = json.dumps([group, plain[group]])
            if text not in self._rules:
                self._rules[text] = instantiate_group(OmegaConf.create({group: plain[group]})[group], group)
            rules[group] = self._rules[text]
        return combine_groups(rules)


@contextmanager
def _name_point(words: Sequence[str], name: str, overrides: Sequence[str], conf: Path) -> Any:
    """Turn a mistake inside this block into one line that names the point."""
    try:
        try:
            yield
        except InstantiationException as error:
            raise explain_construction(error) from error
        except InputError:
            raise
        except (HydraException, OmegaConfBaseException, ValueError) as error:
            kept = [word for word in overrides if _parse_key(word) not in {_parse_key(other) for other in words}]
            raise explain_composition(error, name, [*kept, *words], conf) from error
    except InputError as error:
        at = f" (at the point {' '.join(words)})" if words else ""
        raise InputError(f"{error}{at}") from error


def _parse_key(word: str) -> str:
    return str(OverridesParser.create().parse_overrides([word])[0].key_or_group)


def _write_choice(key: str, value: str | list[str]) -> str:
    return f"{key}={value}" if isinstance(value, str) else f"{key}=[{','.join(value)}]"


def format_point(point: Point) -> list[str]:
    """Return the words of a point, each "KEY=VALUE", as Hydra would read them again."""
    return [f"{key}={_format_value(value)}" for key, value in point.items()]


def _format_value(value: Any) -> str:
    if isinstance(value, str):
        return value if value.replace("_", "").replace(".", "").replace("/", "").isalnum() else json.dumps(value)
    return json.dumps(value)


def _get_at_key(config: Mapping[str, Any], key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def compose_rows(composer: Composer, design: Sequence[Point], baseline: Point | None) -> list[PlanRow]:
    """Return every point composed and checked, its baseline beside it; equal baselines are one object.

    `baseline`: what it changes in every point, {} for none; None: what the story of each point's scenario says.
    """
    varied = list(dict.fromkeys(key for point in design for key in point))
    cells: dict[str, Configuration] = {}
    found = []
    for point in show_steps(design, "checking points", PATIENCE):
        cell = composer.compose(point)
        cell = cells.setdefault(cell.name, cell)
        changes = (
            parse_story_baseline(get_baseline_changes(cell.config.get("story", {}))) if baseline is None else baseline
        )
        beside = _compose_baseline(composer, point | changes, baseline is None) if changes else None
        beside = cells.setdefault(beside.name, beside) if beside else None
        found.append(PlanRow({key: composer.get_value(point, key, cell) for key in varied}, cell, beside, changes))
    return found


def _compose_baseline(composer: Composer, point: Point, told: bool) -> Configuration:
    try:
        return composer.compose(point)
    except InputError as error:
        cure = """, the baseline of its story: say 'sweep.baseline=["KEY=VALUE"]', or sweep.baseline=[] for none"""
        raise InputError(f"{error}{cure if told else ''}") from None


def list_configurations(table: Sequence[PlanRow]) -> list[Configuration]:
    """Return every different cell of a plan, baselines first, each once."""
    baselines = {row.baseline.name: row.baseline for row in table if row.baseline is not None}
    return list((baselines | {row.cell.name: row.cell for row in table}).values())


def make_jobs(cells: Sequence[Configuration], seeds: Sequence[int], code: str) -> list[Job]:
    """Return a run for each cell and seed; seeds are the outer loop, so that a sweep cut short is even."""
    return [
        Job(make_run_id(cell.name, seed, code), cell.name, seed, code, (cell.setting, cell.files, seed, cell.ticks))
        for seed in seeds
        for cell in cells
    ]
