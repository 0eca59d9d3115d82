"""Labelled data of one world, for detectors, from a notebook."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from omegaconf import OmegaConf

from experiments.configuration import expand_path
from experiments.detection.export import FORMATS, read_formats
from experiments.export import record_worlds, write_dataset
from experiments.folder import open_folder_alone, write_metadata
from experiments.notebook.loading import as_setting, describe_setting
from experiments.settings import describe_run
from sim.agents import parse_seed
from sim.errors import InputError
from sim.world import World


def export(setting: Any, folder: str | Path, seed: Any = 1, formats: Sequence[str] = FORMATS) -> Path:
    """Simulate a world and write what its platform shows, and apart from it who was organised; return the folder.

    Args:
        setting: a `Setting`, or overrides to `load`.
        folder: new, empty, or of a former export, which is replaced.
        seed: of the world.
        formats: some of those that `infowar-lab export --help` names.

    Raises:
        InputError: an argument is wrong, or the folder holds something else or is in use.

    Example:
        >>> import infowar_lab as lab
        >>> folder = lab.export(["population.size=60", "ticks=24", "campaign.start=6"], "data", formats=["parquet"])
        results: data
        >>> sorted(path.name for path in folder.glob("*.parquet"))
        ['accounts.parquet', 'follows.parquet', 'posts.parquet']
    """
    if isinstance(setting, World):
        raise InputError("a world does not keep its posts: say export(world.setting, folder, seed=world.seed)")
    setting, number, wanted = as_setting(setting), parse_seed(seed), read_formats(formats)
    whole = describe_setting(setting) | {"ticks": setting.ticks, "seed": number, "seeds": 1}
    config = OmegaConf.create({name: whole[name] for name in ("ticks", "seed", "seeds")})
    place = Path(expand_path(str(folder), "folder"))
    with open_folder_alone(str(place), whole) as draft:
        with TemporaryDirectory(dir=draft, prefix="world-") as scratch:
            notes = record_worlds(setting, config, Path(scratch))
            write_dataset(Path(scratch), setting, whole, draft, wanted)
        write_metadata(draft, whole, describe_run(setting, config, notes))
    return place
