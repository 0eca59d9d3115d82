"""Simulate one world and record it: hourly measures, ledger, accounts and graph; the truth in a folder of its own."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.keys import Flag, Keys, key


@dataclass(frozen=True, kw_only=True)
class RunKeys(Keys):
    """What is written beside the tables; `record` is read by `experiments.panel`."""

    replay: bool = key(Flag())


def main(config: DictConfig, folder: Path) -> None:
    """Simulate `seeds` worlds, record them, draw their hours and print what happened."""
    import pandas as pd

    from experiments.folder import read_command, write_metadata
    from experiments.panel import read_panel_options
    from experiments.recorder import Recorder
    from experiments.report import world as report
    from experiments.report.page import write_report
    from experiments.report.terminal import show_report
    from experiments.running.progress import open_console, show_progress_bar
    from experiments.settings import build_setting, describe_run
    from experiments.teaching.film import Film
    from experiments.teaching.replay import ReplayPage, Scene, write_replay
    from experiments.teaching.replay_runs import ReplayRun, collect_run
    from experiments.workers import count_cores
    from sim.world import World

    asked, setting = RunKeys.read(config), build_setting(config)
    panel = read_panel_options(config.record)
    runs: list[ReplayRun] = []
    with (
        show_progress_bar(config.ticks * config.seeds, "simulating hours") as advance,
        Recorder(folder, panel) as recorder,
    ):
        for seed in range(config.seed, config.seed + config.seeds):
            world = World(setting, rng=seed, archive=recorder, threads=count_cores())
            recorder.begin(world)
            if asked.replay and not runs:
                world.observers.append(Film(world))
            world.run(config.ticks, advance)
            recorder.finish(world)
            runs.append(collect_run([world]))
    hours = [run.histories[0].assign(seed=config.seed + number) for number, run in enumerate(runs)]
    pd.concat(hours, ignore_index=True).to_parquet(folder / "ticks.parquet", index=False)
    write_metadata(folder, OmegaConf.to_container(config), describe_run(setting, config, world.notes))  # type: ignore[arg-type]
    if asked.replay:
        write_replay(ReplayPage([Scene(runs, setting.campaign)], read_command(folder)), folder / "replay.html")
    show_report(write_report(partial(report.compose, folder), folder), open_console())


if __name__ == "__main__":
    app("run", main)
