"""Two worlds side by side, with and without an operation, in one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.settings import build, varied
from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.teaching.takes import Shot
    from sim.setting import Setting

LANGUAGES = ("en", "ar")


def main(config: DictConfig, folder: Path) -> None:
    """Play every scene in every seed and write the replay and its hours."""
    import pandas as pd

    from experiments.folder import command, describe
    from experiments.settings import facts
    from experiments.teaching.lessons import plain
    from experiments.teaching.replay import Reel, Scene, write

    settings = checked(config)
    played = play(settings, config)
    scenes = [Scene(shots, pair[-1].campaign) for shots, pair in zip(played, settings, strict=True)]
    pd.concat(hours(played, config.seed), ignore_index=True).to_parquet(folder / "ticks.parquet", index=False)
    notes = (played[0][0].note,)
    whole: Any = OmegaConf.to_container(config)
    describe(folder, whole, facts(settings[0][-1], config, notes))
    told = lesson(config, played, settings)
    wanted = config.replay
    reel = Reel(scenes, command(folder), wanted.title, wanted.language, told, called(config, told))
    write(reel, folder / "replay.html")
    for part in ("title", "answer", "gone") if told else ():
        print(plain(told["en"][part]))
    print(f"open {config.out}/replay.html in a browser")


def checked(config: DictConfig) -> list[tuple[Setting, ...]]:
    """Return the settings of every scene, a world after the other.

    Raises:
        InputError: the group `replay` holds something that means nothing, in one line with the cure.
    """
    from experiments.teaching.film import MOST
    from experiments.teaching.lessons import texts

    wanted = config.replay
    if wanted.language not in LANGUAGES:
        raise InputError(f"replay.language={wanted.language} must be en or ar")
    if not isinstance(wanted.people, int) or not 1 <= wanted.people <= MOST:
        raise InputError(f"replay.people={wanted.people} must be from 1 to {MOST}: a page has room for no more dots")
    for name in ("without", "gone"):
        if wanted[name] is None and name == "without":
            continue
        if not OmegaConf.is_list(wanted[name]) or any("=" not in str(change) for change in wanted[name]):
            raise InputError(f"replay.{name}={wanted[name]} must be a list: 'replay.{name}=[\"army.size=0\"]'")
    if wanted.lesson:
        texts(wanted.lesson)
        if not (wanted.without and wanted.gone):
            raise InputError("a lesson compares: leave replay.without and replay.gone as lesson=NAME sets them")
    scenes = [config, *([varied(config, wanted.gone)] if wanted.gone else [])]
    return [worlds(scene) for scene in scenes]


def worlds(config: DictConfig) -> tuple[Setting, ...]:
    """Return the settings of one scene: the world without what it is about, if there is one, and the one with it."""
    changes = without(config)
    return (*([build(varied(config, changes))] if changes else []), build(config))


def without(config: DictConfig) -> list[str]:
    """Return what the first world has otherwise: what `replay.without` says, or else the story of the scenario."""
    said = config.replay.without
    return list(story(config).get("without", ["campaign.tactics=[]"]) if said is None else said)


def story(config: DictConfig) -> dict[str, Any]:
    """Return the story of the scenario, {} for none."""
    told: Any = OmegaConf.to_container(config.story) if "story" in config else {}
    return dict(told)


def called(config: DictConfig, told: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return how the two worlds are called in each language; see `arms`."""
    changes = without(config)
    if told or config.replay.without is not None or all(".intensity=" in change for change in changes):
        return arms(told, changes)
    return {
        "en": {"arm_without": "without it", "arm_with": story(config).get("title", "as it is set")},
        "ar": {"arm_without": "من دون ذلك", "arm_with": "كما ضُبط"},
    }


def arms(told: Mapping[str, Mapping[str, str]], without: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return how the two worlds are called in each language; {} where the usual words fit.

    Args:
        told: the texts of a lesson, which may name them; {} without one.
        without: what the first world has otherwise.
    """
    if told:
        names = ("arm_without", "arm_with")
        return {
            language: {name: text for name, text in parts.items() if name in names} for language, parts in told.items()
        }
    if all(change in ("campaign.tactics=[]", "army.size=0") or ".intensity=" in change for change in without):
        return {}
    changes = ", ".join(without)
    return {
        language: {"arm_without": changes, "arm_with": word}
        for language, word in (("en", "as it is set"), ("ar", "كما ضُبط"))
    }


def play(settings: Sequence[tuple[Setting, ...]], config: DictConfig) -> list[list[Shot]]:
    """Return what was played, scene by scene, seed by seed; the first seed has films."""
    from experiments.runs import in_order
    from experiments.teaching.takes import Take, shoot

    takes = [
        Take(pair, config.seed + number, config.ticks, 0 if number else config.replay.people)
        for pair in settings
        for number in range(config.seeds)
    ]
    shots = list(in_order(shoot, takes, config.workers, "playing worlds"))
    return [shots[first : first + config.seeds] for first in range(0, len(shots), config.seeds)]


def hours(played: Sequence[Sequence[Shot]], seed: int) -> list[Any]:
    """Return the histories of all worlds, each with its scene, arm and seed."""
    from experiments.teaching.replay import ARMS

    return [
        history.assign(scene=scene, arm=arm, seed=seed + number)
        for scene, shots in enumerate(played)
        for number, shot in enumerate(shots)
        for arm, history in zip(ARMS[len(shot.histories)], shot.histories, strict=True)
    ]


def lesson(
    config: DictConfig, played: Sequence[Sequence[Shot]], settings: Sequence[tuple[Setting, ...]]
) -> dict[str, dict[str, str]]:
    """Return the texts of the lesson with the numbers of this run; empty without a lesson."""
    from experiments.teaching.findings import findings
    from experiments.teaching.lessons import told

    if not config.replay.lesson:
        return {}
    main, gone = (findings(shots, pair[-1].campaign) for shots, pair in zip(played, settings, strict=True))
    return told(config.replay.lesson, main, gone)


if __name__ == "__main__":
    app("replay", main)
