"""Two worlds side by side, with and without an operation, in one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.settings import varied
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
    from experiments.teaching.compared import called, measures, time_of
    from experiments.teaching.lessons import plain
    from experiments.teaching.replay import Reel, Scene, write

    settings = checked(config)
    played = play(settings, config)
    own = () if config.replay.lesson else measures(config)
    scenes = [Scene(shots, time_of(config, pair[-1]), own) for shots, pair in zip(played, settings, strict=True)]
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
    from experiments.teaching.compared import worlds
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
            raise InputError(
                f"replay.{name}={wanted[name]} must be a list of KEY=VALUE: 'replay.{name}=[\"army.size=0\"]'"
            )
    if wanted.lesson:
        texts(wanted.lesson)
        if not (wanted.without and wanted.gone):
            raise InputError("a lesson compares: leave replay.without and replay.gone as lesson=NAME sets them")
    scenes = [config, *([varied(config, wanted.gone)] if wanted.gone else [])]
    return [worlds(scene) for scene in scenes]


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
