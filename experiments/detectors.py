"""Who finds the campaign, and how much hiding does it take? Detectors against axes of evasion, and the observer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.settings import build, changed, facts, varied
from sim.errors import InputError, suggest

if TYPE_CHECKING:
    import pandas as pd

    from experiments.detection.cases import Case
    from experiments.detection.detector import Detector
    from experiments.detection.judging import Judge, Verdict, World
    from experiments.detection.observer import Observer
    from sim.setting import Setting

OPEN, CONTROLS = "none", "control"  #: level of every axis at which nobody hides; axis of the worlds without campaign
WHOLE = {"members": 1, "train_seeds": 0, "calm_seeds": 1, "watch_seeds": 1}


def main(config: DictConfig, folder: Path) -> None:
    """Train, calibrate, play every cell in every seed, write the tables and the report, and print what matters."""
    import pandas as pd
    from rich.console import Console

    from experiments.analysis import detectors as analysis
    from experiments.folder import describe
    from experiments.report import detectors as report
    from sim.world import World

    setting, detectors, observer = ready(config)
    worlds = list(cells(config))
    judge = trained(config, detectors, observer)
    verdicts = judged(judge, worlds, config.workers)
    scores = pd.DataFrame([row for verdict in verdicts for row in verdict.scores])
    looks = pd.concat([verdict.looks for verdict in verdicts], ignore_index=True)
    outcomes = paired(verdicts, worlds, config.workers)
    tables = {
        "scores": scores,
        "looks": looks.assign(limit=judge.observer.limit),
        "outcomes": outcomes,
        "summary": analysis.summary(scores),
        "achieved": analysis.achieved(outcomes),
        "watched": analysis.watched(looks, judge.observer.limits),
    }
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    whole: Any = OmegaConf.to_container(config)
    describe(folder, whole, facts(setting, config, World(setting, rng=config.seed).notes))
    Console().print(report.write(folder))


def ready(config: DictConfig) -> tuple[Setting, dict[str, Detector], Observer]:
    """Return the campaign's setting, the detectors by name, and the observer, before any world is played.

    Raises:
        InputError: something in the configuration can not be.
    """
    from experiments.detection.observer import Observer, rank

    check(config)
    detectors, setting, observer = chosen(config), build(config), Observer(**config.observer)
    check_campaign(setting, config.ticks)
    rank(config.benchmark.watch_seeds, observer.rate)
    elsewhere(config, setting)
    return setting, detectors, observer


def check(config: DictConfig) -> None:
    """Raise InputError unless every key of `benchmark` is what it may be, and scikit-learn and datasketch are there."""
    from importlib.util import find_spec

    if not find_spec("sklearn") or not find_spec("datasketch"):
        raise InputError("detectors need scikit-learn and datasketch: pip install 'infowar-lab[detectors]'")
    asked = config.benchmark
    for key, least in WHOLE.items():
        if not isinstance(asked[key], int) or isinstance(asked[key], bool) or asked[key] < least:
            raise InputError(f"benchmark.{key}={asked[key]} must be a whole number from {least}")
    if not isinstance(asked.rate, float) or not 0.0 < asked.rate < 1.0:
        raise InputError(f"benchmark.rate={asked.rate} must be above 0 and below 1")
    hours = list(asked.hours)
    if not all(isinstance(hour, int) and hour > 0 for hour in hours) or hours != sorted(set(hours)):
        raise InputError(f"benchmark.hours={hours} must be whole numbers above 0, in order")
    for axis in asked.only or ():
        if axis not in asked.axes:
            raise InputError(f"benchmark.only has {axis}, which is no axis: {suggest(str(axis), map(str, asked.axes))}")
    if not asked.controls:
        raise InputError("benchmark.controls is empty: name a kind of calm world, such as quiet: [scenario=quiet]")
    for key in ("axes", "controls"):
        if not all(isinstance(words, list) for words in (OmegaConf.to_container(asked[key]) or {}).values()):  # type: ignore[union-attr]
            raise InputError(f"benchmark.{key} must name lists: 'benchmark.{key}={{NAME: [KEY=VALUE]}}'")


def check_campaign(setting: Setting, ticks: int) -> None:
    """Raise InputError unless the run is longer than the days before the campaign."""
    if ticks <= setting.campaign.start:
        start = setting.campaign.start
        raise InputError(
            f"ticks={ticks} ends before the campaign starts in hour {start}: say ticks={start + 48} or more"
        )


def chosen(config: DictConfig) -> dict[str, Detector]:
    """Return the detectors by name.

    Raises:
        InputError: there is none, one is no detector, or one must learn and there is nothing to learn from.
    """
    from hydra.utils import instantiate

    from experiments.detection.detector import Detector

    found = {str(name): instantiate(rule) for name, rule in (config.detectors or {}).items() if rule is not None}
    if not found:
        raise InputError("detectors is empty: name one, as in +detectors.mine._target_=module.Class")
    for name, detector in found.items():
        if not isinstance(detector, Detector):
            kind = f"{type(detector).__module__}.{type(detector).__name__}"
            raise InputError(f"detectors.{name} is a {kind}: derive from experiments.detection.detector.Detector")
        if detector.supervised and not config.benchmark.train_seeds:
            raise InputError(
                f"detectors.{name} must learn: say benchmark.train_seeds=1 or more, or detectors.{name}=null"
            )
    return found


def cells(config: DictConfig) -> Iterator[World]:
    """Yield every world that is judged: each level of each axis, and the controls, in every seed.

    The campaign that does not hide is played once a seed; it is level 0 of every axis.
    """
    from experiments.detection.judging import World

    levels: list[tuple[str, str, int, list[str]]] = [("", OPEN, 0, [])]
    axes = config.benchmark.axes
    for axis in axes if config.benchmark.only is None else config.benchmark.only:
        words = axes[axis]
        levels += [(str(axis), str(word).rpartition("=")[2], rank, [word]) for rank, word in enumerate(words, 1)]
    controls = config.benchmark.controls.items()
    levels += [(CONTROLS, str(name), rank, list(words)) for rank, (name, words) in enumerate(controls)]
    settings = [(axis, level, rank, build(varied(config, words))) for axis, level, rank, words in levels]
    for seed in range(config.seed, config.seed + config.seeds):
        for axis, level, rank, setting in settings:
            yield World(axis, level, rank, seed, setting, config.ticks)


def trained(config: DictConfig, detectors: Mapping[str, Detector], observer: Observer) -> Judge:
    """Play the worlds for training and calibration, whose seeds follow those that are judged; train and calibrate."""
    from experiments.detection.judging import Rules, World, prepared, rehearse, taught
    from experiments.runs import in_order

    asked, first = config.benchmark, config.seed + config.seeds
    calm = first + asked.train_seeds
    plan = {
        "train": (build(varied(config, asked.train)), range(first, calm)),
        "elsewhere": (elsewhere(config, build(config)), range(first, calm if asked.elsewhere else first)),
        "quiet": (build(varied(config, ["scenario=quiet", "forces=none"])), range(calm, calm + asked.calm_seeds)),
        "genuine": (build(varied(config, ["scenario=quiet", "forces=genuine"])), range(calm, calm + asked.calm_seeds)),
    }
    worlds = [
        World(kind, "", 0, seed, setting, config.ticks) for kind, (setting, seeds) in plan.items() for seed in seeds
    ]
    cases: dict[str, list[Case]] = {kind: [] for kind in plan}
    played = in_order(rehearse, worlds, config.workers, "worlds for training and calibration")
    for world, case in zip(worlds, played, strict=True):
        cases[world.axis].append(case)
    known = taught(detectors, cases["train"], cases["elsewhere"])
    usual = cases["quiet"] + cases["genuine"]
    observer.calibrate([observer.look(case.view) for case in usual], watched(config, observer, calm + asked.calm_seeds))
    return prepared(known, usual, observer, Rules(asked.rate, asked.members, tuple(hour for hour in asked.hours)))


def elsewhere(config: DictConfig, judged: Setting) -> Setting:
    """Return the setting of the other scenario that learners learn from.

    Raises:
        InputError: it is the one that is judged.
    """
    setting = build(varied(config, config.benchmark.elsewhere or []))
    if config.benchmark.elsewhere and setting == judged:
        raise InputError("benchmark.elsewhere is what is judged: name another scenario, or benchmark.elsewhere=[]")
    return setting


def watched(config: DictConfig, observer: Observer, first: int) -> dict[str, list[pd.DataFrame]]:
    """Play calm worlds of every kind, from seed `first`; return what the observer sees of them, by kind."""
    from experiments.detection.judging import World, overlook
    from experiments.runs import in_order

    kinds = {str(kind): build(varied(config, words)) for kind, words in config.benchmark.controls.items()}
    seeds = range(first, first + config.benchmark.watch_seeds)
    tasks = [
        (observer, World(kind, "", 0, seed, setting, config.ticks)) for kind, setting in kinds.items() for seed in seeds
    ]
    looks = list(in_order(overlook, tasks, config.workers, "calm worlds for the observer"))
    return {kind: looks[place * len(seeds) : (place + 1) * len(seeds)] for place, kind in enumerate(kinds)}


def judged(judge: Judge, worlds: list[World], workers: int) -> list[Verdict]:
    """Play and judge all worlds side by side."""
    from experiments.detection.judging import judge as play
    from experiments.runs import in_order

    return list(in_order(play, [(judge, world) for world in worlds], workers, "worlds, each seen by every detector"))


def paired(verdicts: list[Verdict], worlds: list[World], workers: int) -> pd.DataFrame:
    """Return the outcome of every world, and beside it, `NAME_without`, of the same world without the campaign.

    Of a world that has none it is its own.
    """
    import pandas as pd

    from experiments.detection.cases import OUTCOMES
    from experiments.detection.judging import outcome
    from experiments.runs import in_order

    known = {
        (world.seed, world.setting): {name: verdict.outcome[name] for name in OUTCOMES}
        for verdict, world in zip(verdicts, worlds, strict=True)
    }
    calm = {(world.seed, setting): replace(world, setting=setting) for world in worlds for setting in [without(world)]}
    left = {key: world for key, world in calm.items() if key not in known}
    known |= zip(left, in_order(outcome, list(left.values()), workers, "worlds without the campaign"), strict=True)
    rows = []
    for verdict, world in zip(verdicts, worlds, strict=True):
        beside = known[world.seed, without(world)]
        rows.append(verdict.outcome | {f"{name}_without": value for name, value in beside.items()})
    return pd.DataFrame(rows)


def without(world: World) -> Setting:
    """Return the setting of a world without its campaign: no army, and no force that serves somebody."""
    from sim.actors.evasion import Evasion
    from sim.state.truth import GENUINE, ROLES

    forces = tuple(force for force in world.setting.forces if ROLES.index(force.role) in GENUINE)
    return replace(changed(world.setting, {"army.size": 0}), evasion=Evasion(), forces=forces)


if __name__ == "__main__":
    app("detectors", main)
