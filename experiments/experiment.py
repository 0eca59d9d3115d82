"""What an experiment is, and the one way in which all of them run.

An experiment is a value: its keys, the jobs that they ask for, what one job simulates, the tables that come of it, and
the module that writes its report. A file in this folder defines one and ends with `start(NAME)`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib import import_module
from inspect import currentframe
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from omegaconf import DictConfig, OmegaConf

from experiments.app import play_app
from experiments.configuration import CONF
from experiments.folder import write_metadata
from experiments.keys import Keys, check_jobs
from experiments.settings import apply_overrides, build_setting, describe_run
from experiments.workers import check_workers
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from experiments.report.page import Report
    from experiments.running.player import Player
    from experiments.running.work import Work
    from sim.setting import Setting


@dataclass(frozen=True)
class Given:
    """What a command line asks for beside an experiment's own keys."""

    config: DictConfig  #: resolved

    @cached_property
    def setting(self) -> Setting:
        """The setting that the configuration describes."""
        return build_setting(self.config)

    @property
    def seeds(self) -> range:
        """The seeds, the same in every arm."""
        return range(self.config.seed, self.config.seed + self.config.seeds)

    @property
    def ticks(self) -> int:
        """Length of a run, h."""
        return int(self.config.ticks)

    @property
    def plain(self) -> dict[str, Any]:
        """The configuration as plain values."""
        return OmegaConf.to_container(self.config)  # type: ignore[return-value]

    def alter(self, changes: Sequence[str], name: str = "") -> Given:
        """Return the same with changes, each "KEY=VALUE" or "GROUP=CHOICE"; `name` is the key that holds them."""
        return Given(apply_overrides(self.config, changes, name))


@dataclass(frozen=True, kw_only=True)
class Experiment(Keys, ABC):
    """Base of all experiments.

    Write `make_jobs`, `simulate` and `make_tables`; experiments/report/NAME.py has `compose(folder) -> Report`.
    """

    label: ClassVar[str] = "simulating seeds"  #: words beside the progress bar

    def make_jobs(self, given: Given) -> Sequence[Any]:
        """Return what is to be played: values that can be pickled, and whose plain fields tell them apart.

        Raises:
            InputError: what is asked for means nothing, in one line with the cure.
        """
        raise NotImplementedError(f"{type(self).__name__} plays no jobs: write make_jobs and simulate, or play")

    @staticmethod
    def simulate(job: Any) -> Any:
        """Play one job, in any process, and return what can be pickled."""
        raise NotImplementedError("a job that nobody plays: write simulate beside make_jobs")

    def play(self, given: Given, play: Player) -> Sequence[Any]:
        """Return what all jobs return, in order; another experiment may play some jobs after others."""
        return play(type(self).simulate, self.make_jobs(given), self.label)

    @abstractmethod
    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return the tables by name, without ending."""

    def describe(self, given: Given, results: Sequence[Any]) -> dict[str, Any]:
        """Return what the report says of the run; the notes on the graph are the last part of the last result."""
        return describe_run(given.setting, given.config, results[-1][-1])

    def compose(self, given: Given, folder: Path) -> Report:
        """Return what the report says of the result in `folder`."""
        name = type(self).__module__.rpartition(".")[2]
        return import_module(f"experiments.report.{name}").compose(folder)

    def judge(self, tables: dict[str, pd.DataFrame]) -> bool:
        """Return whether all is as it should be; if not, the command leaves with code 1."""
        return True


def start(kind: type[Experiment], conf: Path = CONF) -> None:
    """Run an experiment by the command line, as `experiments.app.app` does; its name is that of its module."""
    frame = currentframe()
    caller = frame.f_back.f_globals if frame and frame.f_back else {}  # __main__, whoever runs it: -m, runpy or a file
    name, spec = kind.__module__, caller.get("__spec__")
    if name == "__main__" and spec is not None:  # by its own name, it is the same in every process
        name = spec.name
        kind = getattr(import_module(name), kind.__name__)
    elif name == "__main__":
        name = Path(caller.get("__file__", name)).stem
    met: list[bool] = []
    play_app(name.rpartition(".")[2], lambda *place: met.append(conduct(kind, *place)), conf)
    if not all(met):
        raise SystemExit(1)


def check_size(experiment: Experiment, given: Given) -> None:
    """Raise InputError if so many seeds ask for too many jobs, judged by what few seeds ask for."""
    few = 100
    if given.config.seeds <= 5 * few or type(experiment).make_jobs is Experiment.make_jobs:
        return
    try:
        one, two = (
            len(experiment.make_jobs(Given(OmegaConf.merge(given.config, {"seeds": seeds}))))  # type: ignore[arg-type]
            for seeds in (few, 2 * few)
        )
    except InputError:  # about so few seeds: what is wrong with all of them is told when they are laid out
        return
    check_jobs(one + (two - one) * (given.config.seeds - few) // few, f"seeds={given.config.seeds}")


def conduct(kind: type[Experiment], config: DictConfig, folder: Path, work: Work) -> bool:
    """Play an experiment, write its tables and its report into `folder`, and print what matters.

    Args:
        kind: the experiment.
        config: composed, checked and resolved.
        folder: for the result.
        work: for what is done before the result is whole.

    Returns:
        what the experiment says of its tables (`judge`).
    """
    from experiments.report.page import write_report
    from experiments.report.terminal import show_report
    from experiments.running.player import Player
    from experiments.running.progress import open_console

    experiment, given = kind.read(config), Given(config)
    if "population" in config:
        check_workers([given.setting], config.workers, config.seeds, config.engine)
    check_size(experiment, given)
    results = experiment.play(given, Player(work, config.workers, config.engine, config.address))
    tables = experiment.make_tables(given, results)
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    write_metadata(folder, given.plain, experiment.describe(given, results))
    show_report(write_report(partial(experiment.compose, given, folder), folder), open_console())
    return experiment.judge(tables)
