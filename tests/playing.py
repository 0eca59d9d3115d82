"""Experiments as their commands play them, in this process and with a configuration of a test."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.experiment import Experiment, Given, conduct
from experiments.folder import open_result_folder
from experiments.running.player import Player
from experiments.running.work import Work


def play(kind: type[Experiment], config: DictConfig, out: Path) -> None:
    """Write a result into `out`."""
    plain: Any = OmegaConf.to_container(config)
    with Work() as work, open_result_folder(str(out), plain) as folder:
        conduct(kind, config, folder, work)


def list_jobs(kind: type[Experiment], config: DictConfig) -> list[Any]:
    """Return what an experiment plays."""
    return list(kind.read(config).make_jobs(Given(config)))


def make_player(workers: int) -> Player:
    """Return what plays jobs of which nothing is kept."""
    return Player(Work(), workers)
