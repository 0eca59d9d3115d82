"""The race of a detector and an army: a detector feeds moderation within a run, and the army hides after losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from experiments.experiment import Experiment, Given, start
from experiments.keys import Described, FieldsOf, ListOf, Named, Number, Plain, count_runs, key
from experiments.runs import fork_arms
from experiments.settings import describe_run
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from experiments.detection.detector import Detector
    from experiments.running.player import Player
    from sim.mechanisms.defences.watching import DetectorDefence
    from sim.setting import Setting
    from sim.world import World

CALIBRATION_SEED = 1_000_000  #: seeds of quiet worlds begin here, beyond those that are judged
CALIBRATION_START = 48  #: hours; by then accounts have written enough to be scored


class RaceJob(NamedTuple):
    """All rounds of one seed."""

    seed: int
    ticks: int
    watches: tuple[tuple[float, DetectorDefence], ...]  #: rate, rule
    ladder: tuple[Setting, ...]
    rounds: int
    tolerance: float


@dataclass(frozen=True, kw_only=True)
class Race(Experiment):
    """A detector that feeds moderation against an army that hides after losses."""

    place = "race"
    detector: dict[str, Any] = key(Described())
    watch: dict[str, Any] = key(
        FieldsOf("sim.mechanisms.defences.watching.DetectorDefence", besides=("detector", "limit")),
        source="sim.mechanisms.defences.watching.DetectorDefence",
    )
    rates: tuple[float, ...] = key(ListOf(Number(0, 1, open="low high"), 1, rising=True, example="[0.01,0.1]"))
    calibration: int = key(count_runs(1), unit="seeds")
    rounds: int = key(count_runs(1), unit="rounds")
    tolerance: float = key(Number(0, 1), unit="share", source="assumption")
    ladder: tuple[dict[str, Any], ...] = key(ListOf(Named(Plain()), 1, example="[{},{evasion.jitter: 600}]"))

    def play(self, given: Given, play: Player) -> tuple[Any, ...]:
        """Calibrate the detector, then play all rounds; return the watches by rate and the rounds."""
        setting, ladder, watch = build_race(given, self)
        limits = calibrate_limits(given, setting, watch, self, play)
        watches = tuple(zip(self.rates, limits, strict=True))
        jobs = [RaceJob(seed, given.ticks, watches, ladder, self.rounds, self.tolerance) for seed in given.seeds]
        return (watches, *play(run_job, jobs, self.label))

    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return a row a seed, rate and round, and what is said of them."""
        import pandas as pd

        from experiments.analysis.races import compute_net_harm, summarise_rounds

        rounds = pd.DataFrame([row for rows, _ in results[1:] for row in rows])
        return {"rounds": rounds, "summary": summarise_rounds(rounds), "tipping": compute_net_harm(rounds)}

    def describe(self, given: Given, results: Sequence[Any]) -> dict[str, Any]:
        """Return what the report says of the run."""
        told = describe_run(given.setting, given.config, results[-1][-1])
        told["facts"]["Limits of the detector"] = ", ".join(f"{rate:g}: {watch.limit:g}" for rate, watch in results[0])
        return told


def build_race(given: Given, asked: Race) -> tuple[Setting, tuple[Setting, ...], DetectorDefence]:
    """Return the setting, the same with the army on each rung of its ladder, and the defence without its limit.

    Raises:
        InputError: what is asked for means nothing, in one line with the cure.
    """
    from experiments.detection.adapter import DetectorAdapter
    from sim.mechanisms.defences.watching import DetectorDefence

    setting = given.setting
    campaign = setting.campaign
    least = max(campaign.end + 24, CALIBRATION_START)
    if not (campaign.tactics and setting.army.size) or least > given.ticks:
        raise InputError(f"nothing to race: give it army.size, campaign.tactics and ticks={least} or more")
    others = [name for rung in asked.ladder for name in rung if not name.startswith(("army.", "evasion."))]
    if others:
        raise InputError(f"race.ladder changes {others[0]}: it may change keys of army and evasion alone")
    ladder = tuple(setting.replace(rung) for rung in asked.ladder)
    looker = DetectorAdapter(build_detector(asked.detector))
    return setting, ladder, DetectorDefence(detector=looker, **asked.watch)


def build_detector(rule: dict[str, Any]) -> Detector:
    """Return the detector that a configuration describes.

    Raises:
        InputError: it cannot be built, or it needs labels, which nobody has within a run.
    """
    from experiments.detection.detector import check_kind

    try:
        found = check_kind("race.detector", instantiate(rule))
    except InstantiationException as error:
        if isinstance(error.__cause__, TypeError):
            cure = "say '~race.detector' '+race.detector={_target_: module.Class}' with what it takes"
            raise InputError(f"race.detector: {error.__cause__}: {cure}") from error
        raise
    if found.supervised:
        raise InputError(
            f"race.detector={found.name} learns from labels, which nobody has within a run: choose another"
        )
    return found


def calibrate_limits(
    given: Given, setting: Setting, watch: DetectorDefence, asked: Race, play: Player
) -> list[DetectorDefence]:
    """Return the defence for each false-positive rate; worlds of other seeds without a campaign set its limit."""
    import numpy as np

    from experiments.detection.measures import compute_threshold

    quiet = replace(setting, campaign=replace(setting.campaign, tactics=()))
    first = given.seeds[0] + CALIBRATION_SEED
    jobs = [(quiet, seed, given.ticks, watch) for seed in range(first, first + asked.calibration)]
    scores = np.concatenate(play(score_null_world, jobs, "calibrating"))
    return [replace(watch, limit=compute_threshold(scores, rate)) for rate in asked.rates]


def score_null_world(job: tuple[Setting, int, int, DetectorDefence]) -> Any:
    """Simulate a quiet world; return the scores, float64, of people who wrote, at the end of each day from the second.

    The detector is shown what a watch would show it, posts of the lag's age.
    """
    import numpy as np

    from experiments.detection.adapter import find_writers, snapshot_platform
    from sim.mechanisms.defences.watching import delay_view
    from sim.world import World

    setting, seed, ticks, watch = job
    detector: Any = watch.detector
    world, found = World(setting, rng=seed), []
    while world.now < ticks:
        world.run(min(24, ticks - world.now))
        if world.now >= CALIBRATION_START:
            site = delay_view(snapshot_platform(world), watch.lag)
            rows = find_writers(site)
            found.append(detector(site)[rows[rows < world.n_organic]])
    return np.concatenate(found)


def run_job(job: RaceJob) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Simulate one seed: each rung that may be reached without a detector, then the rounds at each rate.

    Returns:
        a row a round, and notes.
    """
    bare = [simulate_arms(job, rung, None) for rung in job.ladder[: job.rounds]]
    rows: list[dict[str, Any]] = []
    fought: dict[tuple[float, int], dict[str, Any]] = {}
    for rate, watch in job.watches:
        rung = 0
        for number in range(1, job.rounds + 1):
            if (watch.limit, rung) not in fought:  # the same limit and rung are the same world
                fought[watch.limit, rung] = simulate_arms(job, job.ladder[rung], watch)
            with_it, without = fought[watch.limit, rung], bare[rung]
            rows.append(
                {"seed": job.seed, "rate": rate, "round": number, "rung": rung} | compare_worlds(with_it, without)
            )
            lost = with_it["campaign"]["lost"] > job.tolerance
            rung = min(rung + lost, len(job.ladder) - 1)
    return rows, bare[0]["notes"]


def simulate_arms(job: RaceJob, setting: Setting, watch: DetectorDefence | None) -> dict[str, Any]:
    """Return what one world shows with the campaign and without it ("campaign", "quiet"), and notes on its graph."""
    from sim.observers.harm import ensure_harm

    setting = replace(setting, defences=(*setting.defences, *([watch] if watch else [])))
    conduct = {"quiet": (), "campaign": setting.campaign.tactics}
    arms = (replace(setting.campaign, tactics=tactics) for tactics in conduct.values())
    worlds = fork_arms(setting, job.seed, job.ticks, arms, lambda world: ensure_harm(world.observers))
    found: dict[str, Any] = {}
    for name, world in zip(conduct, worlds, strict=True):
        found |= {name: count_totals(world), "notes": world.notes}
    return found


def count_totals(world: World) -> dict[str, float]:
    """Return totals from the campaign's start: standing dissent, people suspended, share of the army's members lost."""
    from experiments.analysis.defences import INNOCENT
    from sim.observers.harm import GROUPS

    history = world.history.iloc[world.setting.campaign.start :]
    suspended = {whom: float(history[f"suspensions_{whom}"].sum()) for whom in GROUPS}
    return {
        "standing": float((history["dissent_posts"] - history["dissent_removed"]).sum()),
        "opportunities": float(history["opportunities"].sum()),
        "innocent": sum(suspended[whom] for whom in INNOCENT),
        "dissenters": suspended["dissenter"],
        "organised": suspended["organised"],
        "lost": suspended["organised"] / world.setting.army.size,
    }


def compare_worlds(with_it: dict[str, Any], without: dict[str, Any]) -> dict[str, float]:
    """Return what the detector changes in one round; `deficit` is what the army costs without a detector.

    `restored` and `silenced` are standing dissenting posts: more under the campaign with the detector, and less
    without a campaign. Suspensions are those of the world with the detector, under the campaign and in quiet.

    Raises:
        ValueError: opportunities differ between the four worlds, so they are not paired.
    """
    campaign, quiet = with_it["campaign"], with_it["quiet"]
    if len({fought[arm]["opportunities"] for fought in (with_it, without) for arm in ("quiet", "campaign")}) > 1:
        raise ValueError("opportunities differ between worlds of one seed: these are no pairs")
    return {
        "deficit": without["quiet"]["standing"] - without["campaign"]["standing"],
        "restored": campaign["standing"] - without["campaign"]["standing"],
        "silenced": without["quiet"]["standing"] - quiet["standing"],
        "innocent": campaign["innocent"] - without["campaign"]["innocent"],
        "dissenters": campaign["dissenters"] - without["campaign"]["dissenters"],
        "innocent_quiet": quiet["innocent"] - without["quiet"]["innocent"],
        "organised": campaign["organised"] - without["campaign"]["organised"],
        "lost": campaign["lost"],
    }


if __name__ == "__main__":
    start(Race)
