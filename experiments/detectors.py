"""Who finds the campaign, and how much evasion defeats them? Detectors against axes of evasion, and the observer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.extras import require
from experiments.settings import apply_overrides, build_setting, describe_run, replace_fields
from sim.errors import InputError, suggest

if TYPE_CHECKING:
    import pandas as pd

    from experiments.detection.cases import Case
    from experiments.detection.detector import Detector
    from experiments.detection.evaluation import BenchmarkJob, DetectorPanel, JobResult
    from experiments.detection.observer import Observer
    from sim.setting import Setting

NO_EVASION, CONTROLS = (
    "none",
    "control",
)  #: level of every axis at which nobody hides; axis of the worlds without campaign
MINIMUM = {"members": 1, "train_seeds": 0, "null_seeds": 1, "observer_seeds": 1}


def main(config: DictConfig, folder: Path) -> None:
    """Train, calibrate, play every cell in every seed, write the tables and the report, and print what matters."""
    import pandas as pd
    from rich.console import Console

    from experiments.analysis import detectors as analysis
    from experiments.folder import write_metadata
    from experiments.report import detectors as report
    from sim.world import World

    setting, detectors, observer = prepare_benchmark(config)
    worlds = list(make_jobs(config))
    judge = train_detectors(config, detectors, observer)
    verdicts = evaluate_worlds(judge, worlds, config.workers)
    scores = pd.DataFrame([row for verdict in verdicts for row in verdict.scores])
    looks = pd.concat([verdict.windows for verdict in verdicts], ignore_index=True)
    outcomes = pair_outcomes(verdicts, worlds, config.workers)
    tables = {
        "scores": scores,
        "looks": looks.assign(limit=judge.observer.limit),
        "outcomes": outcomes,
        "summary": analysis.summarise_scores(scores),
        "achieved": analysis.summarise_outcomes(outcomes),
        "watched": analysis.summarise_observer(looks, judge.observer.limits),
    }
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    whole: Any = OmegaConf.to_container(config)
    write_metadata(folder, whole, describe_run(setting, config, World(setting, rng=config.seed).notes))
    Console().print(report.write(folder))


def prepare_benchmark(config: DictConfig) -> tuple[Setting, dict[str, Detector], Observer]:
    """Return the campaign's setting, the detectors by name, and the observer, before any world is played.

    Raises:
        InputError: something in the configuration cannot be.
    """
    from experiments.detection.observer import Observer, compute_rank

    check_options(config)
    detectors, setting, observer = build_detectors(config), build_setting(config), Observer(**config.observer)
    check_campaign(setting, config.ticks)
    compute_rank(config.benchmark.observer_seeds, observer.rate)
    build_cross_scenario(config, setting)
    return setting, detectors, observer


def check_options(config: DictConfig) -> None:
    """Raise InputError unless every key of `benchmark` is what it may be, and scikit-learn and datasketch are there."""
    require("this app", "detectors", "sklearn", "datasketch")
    asked = config.benchmark
    for key, least in MINIMUM.items():
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
        raise InputError("benchmark.controls is empty: name a kind of null world, such as quiet: [scenario=quiet]")
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


def build_detectors(config: DictConfig) -> dict[str, Detector]:
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


def make_jobs(config: DictConfig) -> Iterator[BenchmarkJob]:
    """Yield every world that is judged: each level of each axis, and the controls, in every seed.

    The campaign that does not hide is played once a seed; it is level 0 of every axis.
    """
    from experiments.detection.evaluation import BenchmarkJob

    levels: list[tuple[str, str, int, list[str]]] = [("", NO_EVASION, 0, [])]
    axes = config.benchmark.axes
    for axis in axes if config.benchmark.only is None else config.benchmark.only:
        words = axes[axis]
        levels += [(str(axis), str(word).rpartition("=")[2], rank, [word]) for rank, word in enumerate(words, 1)]
    controls = config.benchmark.controls.items()
    levels += [(CONTROLS, str(name), rank, list(words)) for rank, (name, words) in enumerate(controls)]
    settings = [
        (axis, level, rank, build_setting(apply_overrides(config, words))) for axis, level, rank, words in levels
    ]
    for seed in range(config.seed, config.seed + config.seeds):
        for axis, level, rank, setting in settings:
            yield BenchmarkJob(axis, level, rank, seed, setting, config.ticks)


def train_detectors(config: DictConfig, detectors: Mapping[str, Detector], observer: Observer) -> DetectorPanel:
    """Simulate worlds for training and calibration, with seeds after those that are judged; train and calibrate."""
    from experiments.detection.evaluation import BenchmarkJob, EvaluationCriteria, set_thresholds, simulate, train
    from experiments.runs import run_jobs

    asked, first = config.benchmark, config.seed + config.seeds
    null = first + asked.train_seeds
    plan = {
        "train": (build_setting(apply_overrides(config, asked.train)), range(first, null)),
        "cross_scenario": (
            build_cross_scenario(config, build_setting(config)),
            range(first, null if asked.cross_scenario else first),
        ),
        "quiet": (
            build_setting(apply_overrides(config, ["scenario=quiet", "forces=none"])),
            range(null, null + asked.null_seeds),
        ),
        "genuine": (
            build_setting(apply_overrides(config, ["scenario=quiet", "forces=genuine"])),
            range(null, null + asked.null_seeds),
        ),
    }
    worlds = [
        BenchmarkJob(kind, "", 0, seed, setting, config.ticks)
        for kind, (setting, seeds) in plan.items()
        for seed in seeds
    ]
    cases: dict[str, list[Case]] = {kind: [] for kind in plan}
    played = run_jobs(simulate, worlds, config.workers, "worlds for training and calibration")
    for world, case in zip(worlds, played, strict=True):
        cases[world.axis].append(case)
    known = train(detectors, cases["train"], cases["cross_scenario"])
    reference = cases["quiet"] + cases["genuine"]
    observer.calibrate(
        [observer.compute_windows(case.view) for case in reference],
        observe_null_worlds(config, observer, null + asked.null_seeds),
    )
    return set_thresholds(
        known, reference, observer, EvaluationCriteria(asked.rate, asked.members, tuple(hour for hour in asked.hours))
    )


def build_cross_scenario(config: DictConfig, judged: Setting) -> Setting:
    """Return the setting of the other scenario that learners learn from.

    Raises:
        InputError: it is the one that is judged.
    """
    setting = build_setting(apply_overrides(config, config.benchmark.cross_scenario or []))
    if config.benchmark.cross_scenario and setting == judged:
        raise InputError(
            "benchmark.cross_scenario is the scenario that is judged: name another scenario, or "
            "benchmark.cross_scenario=[]"
        )
    return setting


def observe_null_worlds(config: DictConfig, observer: Observer, first: int) -> dict[str, list[pd.DataFrame]]:
    """Simulate null worlds of every kind, from seed `first`; return what the observer sees of them, by kind."""
    from experiments.detection.evaluation import BenchmarkJob, observe
    from experiments.runs import run_jobs

    kinds = {
        str(kind): build_setting(apply_overrides(config, words)) for kind, words in config.benchmark.controls.items()
    }
    seeds = range(first, first + config.benchmark.observer_seeds)
    tasks = [
        (observer, BenchmarkJob(kind, "", 0, seed, setting, config.ticks))
        for kind, setting in kinds.items()
        for seed in seeds
    ]
    looks = list(run_jobs(observe, tasks, config.workers, "null worlds for the observer"))
    return {kind: looks[place * len(seeds) : (place + 1) * len(seeds)] for place, kind in enumerate(kinds)}


def evaluate_worlds(judge: DetectorPanel, worlds: list[BenchmarkJob], workers: int) -> list[JobResult]:
    """Simulate and judge all worlds side by side."""
    from experiments.detection.evaluation import evaluate as play
    from experiments.runs import run_jobs

    return list(run_jobs(play, [(judge, world) for world in worlds], workers, "worlds, each seen by every detector"))


def pair_outcomes(verdicts: list[JobResult], worlds: list[BenchmarkJob], workers: int) -> pd.DataFrame:
    """Return the outcome of every world, and beside it, `NAME_without`, of the same world without the campaign.

    Of a world that has none it is its own.
    """
    import pandas as pd

    from experiments.detection.cases import OUTCOMES
    from experiments.detection.evaluation import simulate_outcome
    from experiments.runs import run_jobs

    known = {
        (world.seed, world.setting): {name: verdict.outcome[name] for name in OUTCOMES}
        for verdict, world in zip(verdicts, worlds, strict=True)
    }
    null = {
        (world.seed, setting): replace(world, setting=setting)
        for world in worlds
        for setting in [remove_campaign(world)]
    }
    left = {key: world for key, world in null.items() if key not in known}
    known |= zip(
        left, run_jobs(simulate_outcome, list(left.values()), workers, "worlds without the campaign"), strict=True
    )
    rows = []
    for verdict, world in zip(verdicts, worlds, strict=True):
        beside = known[world.seed, remove_campaign(world)]
        rows.append(verdict.outcome | {f"{name}_without": value for name, value in beside.items()})
    return pd.DataFrame(rows)


def remove_campaign(world: BenchmarkJob) -> Setting:
    """Return the setting of a world without its campaign: no army, and no force with a principal."""
    from sim.actors.evasion import Evasion
    from sim.state.truth import GENUINE, ROLES

    forces = tuple(force for force in world.setting.forces if ROLES.index(force.role) in GENUINE)
    return replace(replace_fields(world.setting, {"army.size": 0}), evasion=Evasion(), forces=forces)


if __name__ == "__main__":
    app("detectors", main)
