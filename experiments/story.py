"""The story of a scenario: the same worlds with and without what it is about, drawn along a timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from experiments.experiment import Experiment, Given, start
from experiments.keys import CHANGES, Kind, ListOf, Named, Word, whole
from experiments.settings import describe_run
from sim.errors import InputError, suggest

if TYPE_CHECKING:
    import pandas as pd

    from sim.setting import Setting

WITH, WITHOUT = "with", "without"


@dataclass(frozen=True)
class Parts(Kind):
    """A value under each of some names, of its kind; there may be others."""

    kinds: Mapping[str, Kind]

    def check(self, key: str, value: Any) -> Any:
        """Return the values by name."""
        if not isinstance(value, Mapping):
            raise self.refuse(key, value)
        for name, kind in self.kinds.items():
            if name not in value:
                raise InputError(f"{key}.{name} is missing: name a scenario that tells a story, see --help")
            kind.check(f"{key}.{name}", value[name])
        return value

    def __str__(self) -> str:
        return f"names and values: {', '.join(self.kinds)}"


TEXT = Word(said="a text")
OUTCOME = Parts({"measure": TEXT, "label": TEXT, "from": whole(0), "to": whole(1)})
PICTURE = Parts({"title": TEXT, "lines": Named(TEXT), "look": TEXT})
STORY = Parts({"title": TEXT, "without": CHANGES, "outcomes": ListOf(OUTCOME), "pictures": ListOf(PICTURE)})


class StoryJob(NamedTuple):
    """One world to be played."""

    arm: str
    seed: int
    setting: Setting
    ticks: int


@dataclass(frozen=True, kw_only=True)
class Story(Experiment):
    """The same worlds with and without what a scenario is about."""

    label = "simulating worlds"

    def make_jobs(self, given: Given) -> list[StoryJob]:
        """Return both arms of every seed."""
        from sim.world import World

        story = read_story(given.config)
        arms = {WITH: given.setting, WITHOUT: given.alter(story["without"], "story.without").setting}
        world = World(given.setting, rng=given.config.seed)
        world.step()
        check_measures(story, world.history)
        return [StoryJob(arm, seed, rules, given.ticks) for seed in given.seeds for arm, rules in arms.items()]

    @staticmethod
    def simulate(job: StoryJob) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Return the hourly measures of one world, and what its graph says of itself."""
        from sim.world import World

        world = World(job.setting, rng=job.seed)
        return world.run(job.ticks).assign(arm=job.arm, seed=job.seed), world.notes

    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return the hours of every world, what is compared, and the timeline."""
        import pandas as pd

        from experiments.analysis.stories import compare_arms, make_timeline

        ticks = pd.concat([hours for hours, _ in results], ignore_index=True)
        outcomes = compare_arms(ticks, read_story(given.config)["outcomes"])
        return {"ticks": ticks, "outcomes": outcomes, "timeline": make_timeline(given.plain, given.ticks)}

    def describe(self, given: Given, results: Sequence[Any]) -> dict[str, Any]:
        """Return what the report says of the run."""
        without, told = read_story(given.config)["without"], describe_run(given.setting, given.config, results[0][-1])
        told["facts"]["Dashed lines"] = "the same with " + ", ".join(without) if without else "the same"
        return told


def read_story(config: DictConfig) -> dict[str, Any]:
    """Return the story of a scenario.

    Raises:
        InputError: the scenario has none, or a part of it is missing, in one line with the cure.
    """
    story: Any = OmegaConf.to_container(config.story) if "story" in config else {}
    STORY.check("story", story)
    hours = [(outcome["to"], outcome["from"], number) for number, outcome in enumerate(story["outcomes"])]
    for end, begin, number in sorted(hours, reverse=True):
        compared = f"story.outcomes[{number}] compares hours {begin} to {end}"
        if begin >= end:
            raise InputError(f"{compared}: say a later `to`")
        if end > config.ticks:  # of several, the one that needs most
            raise InputError(f"{compared} of {config.ticks}: say ticks={end} or more")
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
    start(Story)
