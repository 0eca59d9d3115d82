"""Who finds the campaign, and how much evasion defeats them? Detectors against axes of evasion, and the monitor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from experiments.experiment import Experiment, Given, start
from experiments.extras import require
from experiments.keys import CHANGES, Described, Keys, ListOf, Maybe, Named, Number, Word, count_runs, group, key, whole
from sim.errors import InputError, suggest

if TYPE_CHECKING:
    import pandas as pd

    from experiments.detection.cases import Case
    from experiments.detection.detector import Detector
    from experiments.detection.evaluation import BenchmarkJob, DetectorPanel, JobResult
    from experiments.detection.topic_monitor import TopicMonitor
    from experiments.running.player import Player
    from sim.setting import Setting

NO_EVASION, CONTROLS = (
    "none",
    "control",
)  #: level of every axis at which nobody hides; axis of the worlds without campaign


@dataclass(frozen=True, kw_only=True)
class Benchmark(Keys):
    """How detectors are judged."""

    rate: float = key(Number(0, 1, open="low high"), unit="share")
    members: int = key(whole(1), unit="accounts")
    hours: tuple[int, ...] = key(ListOf(whole(1), rising=True, example="[6,24]"), unit="h")
    train: tuple[str, ...] = key(CHANGES)
    cross_scenario: tuple[str, ...] = key(CHANGES)
    train_seeds: int = key(count_runs(0), unit="seeds")
    null_seeds: int = key(count_runs(1), unit="seeds")
    monitor_seeds: int = key(count_runs(1), unit="seeds")
    only: tuple[str, ...] | None = key(Maybe(ListOf(Word())))
    axes: dict[str, tuple[str, ...]] = key(Named(CHANGES))
    controls: dict[str, tuple[str, ...]] = key(Named(CHANGES, 1, example='{quiet: ["scenario=quiet"]}'))


@dataclass(frozen=True, kw_only=True)
class MonitorKeys(Keys):
    """The fields of `experiments.detection.topic_monitor.TopicMonitor`."""

    window: int = key(whole(1), unit="h")
    step: int = key(whole(1), unit="h")
    min_posts: int = key(whole(1), unit="posts")
    rate: float = key(Number(0, 1, open="low high"), unit="share")


@dataclass(frozen=True, kw_only=True)
class Detectors(Experiment):
    """Detectors against axes of evasion, and the monitor."""

    detectors: dict[str, Any] = key(Named(Maybe(Described())))
    benchmark: Benchmark = group(Benchmark)
    monitor: MonitorKeys = group(MonitorKeys)

    def play(self, given: Given, play: Player) -> list[Any]:
        """Train, calibrate, and play every cell in every seed; return panel, verdicts, outcomes and notes, as one."""
        from sim.world import World

        setting, detectors, monitor = prepare_benchmark(given, self)
        worlds = list(make_jobs(given, self.benchmark))
        panel, decided_by = train_detectors(given, self, detectors, monitor, play)
        verdicts = play(partial(evaluate, panel), worlds, "worlds, each seen by every detector", decided_by=decided_by)
        outcomes = pair_outcomes(verdicts, worlds, play)
        return [(panel, verdicts, outcomes, World(setting, rng=given.seeds[0]).notes)]

    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return what detectors and the monitor say of every world, what it achieved, and means."""
        import pandas as pd

        from experiments.analysis import detectors as analysis

        panel, verdicts, outcomes, _ = results[0]
        scores = pd.DataFrame([row for verdict in verdicts for row in verdict.scores])
        looks = pd.concat([verdict.windows for verdict in verdicts], ignore_index=True)
        return {
            "scores": scores,
            "looks": looks.assign(limit=panel.monitor.limit),
            "outcomes": outcomes,
            "summary": analysis.summarise_scores(scores),
            "achieved": analysis.summarise_outcomes(outcomes),
            "watched": analysis.summarise_monitor(looks, panel.monitor.limits),
        }


def evaluate(panel: DetectorPanel, world: BenchmarkJob) -> JobResult:
    """Simulate and judge one world."""
    from experiments.detection import evaluation

    return evaluation.evaluate((panel, world))


def prepare_benchmark(given: Given, asked: Detectors) -> tuple[Setting, dict[str, Detector], TopicMonitor]:
    """Return the campaign's setting, the detectors by name, and the monitor, before any world is played.

    Raises:
        InputError: something in the configuration cannot be.
    """
    from experiments.detection.topic_monitor import TopicMonitor, compute_rank

    require("this app", "detectors", "sklearn", "datasketch")
    for axis in asked.benchmark.only or ():
        if axis not in asked.benchmark.axes:
            raise InputError(f"benchmark.only has {axis}, which is no axis: {suggest(axis, asked.benchmark.axes)}")
    detectors, setting = build_detectors(asked), given.setting
    monitor = TopicMonitor(**asdict(asked.monitor))
    check_campaign(setting, given.ticks)
    compute_rank(asked.benchmark.monitor_seeds, monitor.rate)
    build_cross_scenario(given, asked.benchmark)
    build_training(given, asked.benchmark)
    list(make_jobs(given, asked.benchmark))
    return setting, detectors, monitor


def check_campaign(setting: Setting, ticks: int) -> None:
    """Raise InputError unless the run is longer than the days before the campaign."""
    if ticks <= setting.campaign.start:
        start = setting.campaign.start
        raise InputError(
            f"ticks={ticks} ends before the campaign starts in hour {start}: say ticks={start + 48} or more"
        )


def build_detectors(asked: Detectors) -> dict[str, Detector]:
    """Return the detectors by name.

    Raises:
        InputError: there is none, one is no detector, or one must learn and there is nothing to learn from.
    """
    from hydra.utils import instantiate

    from experiments.detection.detector import check_kind

    found = {name: instantiate(rule) for name, rule in asked.detectors.items() if rule is not None}
    if not found:
        raise InputError("detectors is empty: name one, as in +detectors.mine._target_=module.Class")
    for name, detector in found.items():
        check_kind(f"detectors.{name}", detector)
        if detector.supervised and not asked.benchmark.train_seeds:
            raise InputError(
                f"detectors.{name} must learn: say benchmark.train_seeds=1 or more, or detectors.{name}=null"
            )
    return found


def make_jobs(given: Given, asked: Benchmark) -> Iterator[BenchmarkJob]:
    """Yield every world that is judged: each level of each axis, and the controls, in every seed.

    The campaign that does not hide is played once a seed; it is level 0 of every axis.
    """
    from experiments.detection.evaluation import BenchmarkJob

    settings: list[tuple[str, str, int, Setting]] = [("", NO_EVASION, 0, given.setting)]
    for axis in asked.axes if asked.only is None else asked.only:
        for rank, word in enumerate(asked.axes[axis], 1):
            changed = given.alter((word,), f"benchmark.axes.{axis}").setting
            settings.append((axis, word.rpartition("=")[2], rank, changed))
    kinds = build_controls(given, asked)
    settings += [(CONTROLS, name, rank, setting) for rank, (name, setting) in enumerate(kinds.items())]
    for seed in given.seeds:
        for axis, level, rank, setting in settings:
            yield BenchmarkJob(axis, level, rank, seed, setting, given.ticks)


def train_detectors(
    given: Given, asked: Detectors, detectors: Mapping[str, Detector], monitor: TopicMonitor, play: Player
) -> tuple[DetectorPanel, Any]:
    """Simulate worlds for training and calibration, with seeds after those that are judged; train and calibrate.

    Returns:
        the panel, and the values that decide it.
    """
    from experiments.detection.evaluation import BenchmarkJob, EvaluationCriteria, set_thresholds, simulate, train

    wanted, first = asked.benchmark, given.seeds[-1] + 1
    null = first + wanted.train_seeds
    other = build_cross_scenario(given, wanted)
    plan = {
        "train": (build_training(given, wanted), range(first, null)),
        "cross_scenario": (other, range(first, null if wanted.cross_scenario else first)),
        "quiet": (given.alter(["scenario=quiet", "forces=none"]).setting, range(null, null + wanted.null_seeds)),
        "genuine": (given.alter(["scenario=quiet", "forces=genuine"]).setting, range(null, null + wanted.null_seeds)),
    }
    worlds = [
        BenchmarkJob(kind, "", 0, seed, setting, given.ticks)
        for kind, (setting, seeds) in plan.items()
        for seed in seeds
    ]
    cases: dict[str, list[Case]] = {kind: [] for kind in plan}
    for world, case in zip(worlds, play(simulate, worlds, "worlds for training and calibration"), strict=True):
        cases[world.axis].append(case)
    known = train(detectors, cases["train"], cases["cross_scenario"])
    reference = cases["quiet"] + cases["genuine"]
    seen, null_worlds = observe_null_worlds(given, asked, monitor, null + wanted.null_seeds, play)
    monitor.calibrate([monitor.compute_windows(case.view) for case in reference], seen)
    criteria = EvaluationCriteria(wanted.rate, wanted.members, wanted.hours)
    kinds = [type(detector) for detector in detectors.values()]
    return set_thresholds(known, reference, monitor, criteria), (asked, kinds, worlds, null_worlds)


def build_training(given: Given, asked: Benchmark) -> Setting:
    """Return the setting that learners learn from."""
    return given.alter(asked.train, "benchmark.train").setting


def build_controls(given: Given, asked: Benchmark) -> dict[str, Setting]:
    """Return the settings of null worlds by kind."""
    return {kind: given.alter(words, f"benchmark.controls.{kind}").setting for kind, words in asked.controls.items()}


def build_cross_scenario(given: Given, asked: Benchmark) -> Setting:
    """Return the setting of the other scenario that learners learn from.

    Raises:
        InputError: it is the one that is judged.
    """
    setting = given.alter(asked.cross_scenario, "benchmark.cross_scenario").setting
    if asked.cross_scenario and setting == given.setting:
        raise InputError(
            "benchmark.cross_scenario is the scenario that is judged: name another scenario, or "
            "benchmark.cross_scenario=[]"
        )
    return setting


def observe_null_worlds(
    given: Given, asked: Detectors, monitor: TopicMonitor, first: int, play: Player
) -> tuple[dict[str, list[pd.DataFrame]], list[BenchmarkJob]]:
    """Simulate null worlds of every kind, from seed `first`; return what the monitor sees, by kind, and the worlds."""
    from experiments.detection.evaluation import BenchmarkJob

    kinds = build_controls(given, asked.benchmark)
    seeds = range(first, first + asked.benchmark.monitor_seeds)
    worlds = [
        BenchmarkJob(kind, "", 0, seed, setting, given.ticks) for kind, setting in kinds.items() for seed in seeds
    ]
    looks = play(partial(observe, monitor), worlds, "null worlds for the monitor", decided_by=asked.monitor)
    seen = {kind: looks[place * len(seeds) : (place + 1) * len(seeds)] for place, kind in enumerate(kinds)}
    return seen, worlds


def observe(monitor: TopicMonitor, world: BenchmarkJob) -> pd.DataFrame:
    """Return what the monitor sees of a null world."""
    from experiments.detection import evaluation

    return evaluation.observe((monitor, world))


def pair_outcomes(verdicts: Sequence[JobResult], worlds: Sequence[BenchmarkJob], play: Player) -> pd.DataFrame:
    """Return the outcome of every world, and beside it, `NAME_without`, of the same world without the campaign.

    Of a world that has none it is its own.
    """
    import pandas as pd

    from experiments.detection.cases import OUTCOMES
    from experiments.detection.evaluation import simulate_outcome

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
    known |= zip(left, play(simulate_outcome, list(left.values()), "worlds without the campaign"), strict=True)
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
    return replace(world.setting.replace({"army.size": 0}), evasion=Evasion(), forces=forces)


if __name__ == "__main__":
    start(Detectors)
