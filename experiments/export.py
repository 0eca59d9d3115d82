"""Labelled data for detectors: simulate a world, or use a recorded one, and write what a platform would show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import app, compose_config
from experiments.keys import Word, write_value
from sim.errors import InputError

if TYPE_CHECKING:
    from sim.setting import Setting

#: keys that are not of the world
OWN = ("seed", "seeds", "out", "formats", "world", "release", "workers", "engine", "address", "story")


def main(config: DictConfig, folder: Path) -> None:
    """Write one data set a seed, each with its card, and print where it stands."""
    from experiments.detection.export import read_formats
    from experiments.folder import write_metadata
    from experiments.running.progress import open_console
    from experiments.settings import describe_run

    formats = read_formats(config.formats)
    with open_recording(config, folder) as (world, setting, whole, notes):
        for seed in range(config.seed, config.seed + config.seeds):
            place = folder if config.seeds == 1 else folder / f"seed-{seed}"
            said = write_dataset(world, setting, whole | {"seed": seed}, place, formats)
            open_console().print(said + format_verdict(config.release, said), highlight=False)
    write_metadata(folder, OmegaConf.to_container(config), describe_run(setting, config, notes))  # type: ignore[arg-type]


@contextmanager
def open_recording(config: DictConfig, folder: Path) -> Iterator[tuple[Path, Setting, dict[str, Any], tuple[str, ...]]]:
    """Yield a folder of recorded worlds, their setting, what decided them, and what is known of their graph."""
    from experiments.settings import build_setting

    if Word(said="the name of a folder").check("world", config.world):
        source = Path(config.world)
        whole = read_recorded_config(source, config)
        yield source, build_setting(OmegaConf.create(whole)), whole, ("as recorded",)
        return
    setting = build_setting(config)
    with TemporaryDirectory(dir=folder, prefix="world-") as scratch:
        notes = record_worlds(setting, config, Path(scratch))
        yield Path(scratch), setting, OmegaConf.to_container(config), notes  # type: ignore[misc]


def read_recorded_config(source: Path, config: DictConfig) -> dict[str, Any]:
    """Return the configuration of the recorded run in `source`, with the seed that is asked for.

    Raises:
        InputError: there is no such run, or it has no such seed.
    """
    needed = ("config.yaml", "posts.parquet", "truth/posts.parquet")
    for name in needed:
        if not (source / name).is_file():
            raise InputError(f"world={source} holds no {name}: name the folder of a run of experiments.run")
    whole: dict[str, Any] = OmegaConf.to_container(OmegaConf.load(source / "config.yaml"))  # type: ignore[assignment]
    first, last = whole["seed"], whole["seed"] + whole["seeds"] - 1
    if not first <= config.seed <= config.seed + config.seeds - 1 <= last:
        raise InputError(f"world={source} has the seeds {first} to {last}: set seed and seeds within")
    refuse_other_world(config, whole, source)
    return whole


def refuse_other_world(config: DictConfig, whole: dict[str, Any], source: Path) -> None:
    """Raise InputError if a key of the world is set beside `world`, to another value than it was recorded with."""
    asked, recorded = _flatten(OmegaConf.to_container(config)), _flatten(whole)
    other = {
        key: value for key, value in asked.items() if key.partition(".")[0] not in OWN and value != recorded.get(key)
    }
    defaults = _flatten(OmegaConf.to_container(compose_config("export", []))) if other else {}
    for key, value in other.items():
        if value != defaults.get(key):
            raise InputError(
                f"{key}={write_value(value)} is not for world={source}, which is exported as it was recorded, with "
                f"{write_value(recorded.get(key))}: leave {key} or world out"
            )


def _flatten(values: Any, place: str = "") -> dict[str, Any]:
    if not isinstance(values, dict) or not values:
        return {place: values}
    parts = (_flatten(one, f"{place}.{name}" if place else str(name)) for name, one in values.items())
    return {key: value for part in parts for key, value in part.items()}


def record_worlds(setting: Setting, config: DictConfig, folder: Path) -> tuple[str, ...]:
    """Record one world a seed into `folder`; return what the last one's graph says of itself."""
    from experiments.panel import PanelOptions
    from experiments.recorder import Recorder
    from experiments.running.progress import show_progress_bar
    from experiments.workers import count_cores
    from sim.world import World

    hours = config.ticks * config.seeds
    with show_progress_bar(hours, "simulating hours") as advance, Recorder(folder, PanelOptions(0, 24, ())) as recorder:
        for seed in range(config.seed, config.seed + config.seeds):
            world = World(setting, rng=seed, archive=recorder, threads=count_cores())
            recorder.begin(world)
            world.run(config.ticks, advance)
            recorder.finish(world)
    return world.notes


def write_dataset(world: Path, setting: Setting, whole: dict[str, Any], folder: Path, formats: tuple[str, ...]) -> str:
    """Write the data set of one seed and its card into `folder`; return its fingerprint, in words."""
    from experiments.detection.card import Card, count_accounts, hash_settings
    from experiments.detection.card import write_card as write_card
    from experiments.detection.dataset import Dataset
    from experiments.detection.export import export
    from experiments.folder import get_versions
    from experiments.running.progress import show_progress_bar

    folder.mkdir(exist_ok=True)
    dataset = Dataset(world, whole["seed"], setting.campaign.start, setting.evasion)
    size = dataset.size
    with show_progress_bar(size, "writing posts") as advance:
        fingerprint = export(dataset, folder, formats, advance)
    counts = count_accounts(dataset.truth, size)
    name = f"seed {whole['seed']}"
    write_card(folder, Card(name, formats, fingerprint, hash_settings(whole), get_versions(), setting.evasion, counts))
    return fingerprint


def format_verdict(release: DictConfig, fingerprint: str) -> str:
    """Say whether a data set is the release that was asked for."""
    if not release.fingerprint:
        return ""
    if fingerprint == release.fingerprint:
        return f"\nthis is release {release.name}"
    return f"\nthis is not release {release.name}: a setting was changed, or other versions round otherwise"


if __name__ == "__main__":
    app("export", main)
