"""The story of a scenario: the same worlds with and without what it is about, drawn along a timeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.folder import write_metadata
from experiments.runs import run_jobs
from experiments.settings import build_setting, describe_run, set_keys
from sim.errors import InputError, suggest

if TYPE_CHECKING:
    import pandas as pd

    from sim.setting import Setting

WITH, WITHOUT = "with", "without"
STORY_KEYS = {"title": str, "without": list, "outcomes": list, "pictures": list}


class StoryJob(NamedTuple):
    """One world to be played."""

    arm: str
    seed: int
    setting: Setting
    ticks: int


def main(config: DictConfig, folder: Path) -> None:
    """Simulate both arms in every seed, compare them, draw the pictures, and print what the story says."""
    import pandas as pd
    from rich.console import Console

    from experiments.analysis.stories import compare_arms, make_timeline
    from experiments.report import story as report
    from sim.world import World

    story = read_story(config)
    setting = build_setting(config)
    arms = {WITH: setting, WITHOUT: build_setting(set_keys(config, story["without"], "story.without"))}
    world = World(setting, rng=config.seed)
    world.step()
    check_measures(story, world.history)
    seeds = range(config.seed, config.seed + config.seeds)
    jobs = [StoryJob(arm, seed, rules, config.ticks) for seed in seeds for arm, rules in arms.items()]
    ticks = pd.concat(run_jobs(run_job, jobs, config.workers, "simulating worlds"), ignore_index=True)
    ticks.to_parquet(folder / "ticks.parquet", index=False)
    compare_arms(ticks, story["outcomes"]).to_parquet(folder / "outcomes.parquet", index=False)
    whole: Any = OmegaConf.to_container(config)
    make_timeline(whole, config.ticks).to_parquet(folder / "timeline.parquet", index=False)
    told = describe_run(setting, config, world.notes)
    told["facts"]["Dashed lines"] = "the same with " + ", ".join(story["without"]) if story["without"] else "the same"
    write_metadata(folder, whole, told)
    Console().print(report.write(folder))


def run_job(job: StoryJob) -> pd.DataFrame:
    """Return the hourly measures of one world."""
    from sim.world import World

    return World(job.setting, rng=job.seed).run(job.ticks).assign(arm=job.arm, seed=job.seed)


def read_story(config: DictConfig) -> dict[str, Any]:
    """Return the story of a scenario.

    Raises:
        InputError: the scenario has none, or a part of it is missing, in one line with the cure.
    """
    story: Any = OmegaConf.to_container(config.story) if "story" in config else {}
    for key, kind in STORY_KEYS.items():
        if not isinstance(story.get(key), kind):
            raise InputError(f"story.{key} must be a {kind.__name__}: name a scenario that tells a story, see --help")
    for number, outcome in enumerate(story["outcomes"]):
        if not 0 <= outcome["from"] < outcome["to"] <= config.ticks:
            raise InputError(
                f"story.outcomes[{number}] compares hours {outcome['from']} to {outcome['to']} of {config.ticks}: "
                f"say ticks={outcome['to']} or more"
            )
    return dict(story)


def check_measures(story: dict[str, Any], history: pd.DataFrame) -> None:
    """Raise InputError unless every measure that the story names is in the history of its world."""
    named = [outcome["measure"] for outcome in story["outcomes"]]
    named += [measure for picture in story["pictures"] for measure in picture["lines"]]
    for measure in named:
        if measure not in history:
            known = [str(name) for name in history]
            raise InputError(f"story names the measure {measure}, which is unknown: {suggest(str(measure), known)}")


if __name__ == "__main__":
    app("story", main)
