"""Two worlds side by side, with and without an operation, in one HTML file without dependencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import play_app
from experiments.keys import CHANGES, Keys, Maybe, Word, key, whole
from experiments.settings import apply_overrides
from experiments.workers import check_workers
from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.running.work import Work
    from experiments.teaching.replay_runs import ReplayRun
    from sim.setting import Setting

LANGUAGES = ("en", "ar")


@dataclass(frozen=True, kw_only=True)
class ReplayKeys(Keys):
    """What is shown, and how."""

    place = "replay"
    people: int = key(whole(1), unit="people")
    without: tuple[str, ...] | None = key(Maybe(CHANGES))
    variation: tuple[str, ...] = key(CHANGES)
    lesson: str = key(Word())
    language: str = key(Word(LANGUAGES))
    title: str = key(Word())


def main(config: DictConfig, folder: Path, work: Work) -> None:
    """Simulate every scene in every seed and write the replay and its hours."""
    import pandas as pd

    from experiments.folder import read_command, write_metadata
    from experiments.settings import describe_run
    from experiments.teaching.comparison import get_time_span, name_page, select_measures
    from experiments.teaching.lessons import strip_marks
    from experiments.teaching.replay import ReplayPage, Scene, write_replay

    settings = build_scenes(config)
    played = run_scenes(settings, config, work)
    own = () if config.replay.lesson else select_measures(config)
    scenes = [Scene(runs, get_time_span(config, pair[-1]), own) for runs, pair in zip(played, settings, strict=True)]
    pd.concat(label_histories(played, config.seed), ignore_index=True).to_parquet(folder / "ticks.parquet", index=False)
    notes = (played[0][0].note,)
    whole: Any = OmegaConf.to_container(config)
    write_metadata(folder, whole, describe_run(settings[0][-1], config, notes))
    told = fill_lesson(config, played, settings)
    wanted = config.replay
    page = ReplayPage(scenes, read_command(folder), wanted.title, wanted.language, told, name_page(config, told))
    write_replay(page, folder / "replay.html")
    for part in ("title", "answer", "variation") if told else ():
        print(strip_marks(told["en"][part]))
    print(f"open {config.out}/replay.html in a browser")


def build_scenes(config: DictConfig) -> list[tuple[Setting, ...]]:
    """Return the settings of every scene, a world after the other.

    Raises:
        InputError: the group `replay` holds something that means nothing, in one line with the cure.
    """
    from experiments.teaching.comparison import build_settings
    from experiments.teaching.lessons import read_texts

    wanted = ReplayKeys.read(config)
    check_page(wanted.people, wanted.language, "replay.")
    if wanted.lesson:
        read_texts(wanted.lesson)
        if not (wanted.without and wanted.variation):
            raise InputError(
                "a lesson needs its own comparison: leave replay.without and replay.variation as lesson=NAME sets them"
            )
    scenes = [config, *([apply_overrides(config, wanted.variation, "replay.variation")] if wanted.variation else [])]
    return [build_settings(scene) for scene in scenes]


def check_page(people: Any, language: Any, place: str = "") -> None:
    """Raise InputError unless a page can show so many people in this language; `place` is where their keys are."""
    from experiments.teaching.film import MAX_ACCOUNTS

    if language not in LANGUAGES:
        raise InputError(f"{place}language={language} must be en or ar")
    if not isinstance(people, int) or not 1 <= people <= MAX_ACCOUNTS:
        raise InputError(f"{place}people={people} must be from 1 to {MAX_ACCOUNTS}: a page has room for no more dots")


def run_scenes(settings: Sequence[tuple[Setting, ...]], config: DictConfig, work: Work) -> list[list[ReplayRun]]:
    """Return what was played, scene by scene, seed by seed; the first seed has films."""
    from experiments.running.player import Player
    from experiments.teaching.replay_runs import ReplayJob, run_job

    jobs = [
        ReplayJob(pair, config.seed + number, config.ticks, 0 if number else config.replay.people)
        for pair in settings
        for number in range(config.seeds)
    ]
    check_workers((one for pair in settings for one in pair), config.workers, len(jobs), config.engine)
    runs = Player(work, config.workers, config.engine, config.address)(run_job, jobs, "simulating worlds")
    return [runs[first : first + config.seeds] for first in range(0, len(runs), config.seeds)]


def label_histories(played: Sequence[Sequence[ReplayRun]], seed: int) -> list[Any]:
    """Return the histories of all worlds, each with its scene, arm and seed."""
    from experiments.teaching.replay import ARMS

    return [
        history.assign(scene=scene, arm=arm, seed=seed + number)
        for scene, runs in enumerate(played)
        for number, run in enumerate(runs)
        for arm, history in zip(ARMS[len(run.histories)], run.histories, strict=True)
    ]


def fill_lesson(
    config: DictConfig, played: Sequence[Sequence[ReplayRun]], settings: Sequence[tuple[Setting, ...]]
) -> dict[str, dict[str, str]]:
    """Return the texts of the lesson with the numbers of this run; empty without a lesson."""
    from experiments.teaching.findings import compute_findings
    from experiments.teaching.lessons import fill_texts

    if not config.replay.lesson:
        return {}
    main, variation = (compute_findings(runs, pair[-1].campaign) for runs, pair in zip(played, settings, strict=True))
    return fill_texts(config.replay.lesson, main, variation)


if __name__ == "__main__":
    play_app("replay", main)
