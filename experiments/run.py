"""Play one world and record it: hourly measures, ledger, accounts and graph; the truth in a folder of its own."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from experiments.app import app


def main(config: DictConfig, folder: Path) -> None:
    """Play `seeds` worlds, record them, draw their hours and print what happened."""
    import pandas as pd
    from rich.console import Console

    from experiments.folder import command, describe
    from experiments.panel import wanted
    from experiments.recorder import Recorder
    from experiments.report import world as report
    from experiments.runs import cores, progress
    from experiments.settings import build, facts
    from experiments.teaching.film import Film
    from experiments.teaching.replay import Reel, Scene, write
    from experiments.teaching.takes import Shot, shown
    from sim.world import World

    setting = build(config)
    panel = wanted(config.record)
    shots: list[Shot] = []
    with progress(config.ticks * config.seeds, "playing hours") as advance, Recorder(folder, panel) as recorder:
        for seed in range(config.seed, config.seed + config.seeds):
            world = World(setting, rng=seed, archive=recorder, threads=cores())
            recorder.begin(world)
            if config.replay and not shots:
                world.observers.append(Film(world))
            world.run(config.ticks, advance)
            recorder.finish(world)
            shots.append(shown([world]))
    hours = [shot.histories[0].assign(seed=config.seed + number) for number, shot in enumerate(shots)]
    pd.concat(hours, ignore_index=True).to_parquet(folder / "ticks.parquet", index=False)
    describe(folder, OmegaConf.to_container(config), facts(setting, config, world.notes))  # type: ignore[arg-type]
    if config.replay:
        write(Reel([Scene(shots, setting.campaign)], command(folder)), folder / "replay.html")
    Console().print(report.write(folder))


if __name__ == "__main__":
    app("run", main)
