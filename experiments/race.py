"""The race of a detector and an army: a detector feeds moderation within a run, and the army hides after losses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from experiments.app import app
from experiments.app_options import read_app_options
from experiments.folder import write_metadata
from experiments.runs import run_jobs
from experiments.settings import build_setting, describe_run, replace_fields
from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.detection.detector import Detector
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


def main(config: DictConfig, folder: Path) -> None:
    """Calibrate the detector, run all jobs, write tables and report, and print what matters."""
    import pandas as pd
    from rich.console import Console

    from experiments.analysis.races import compute_net_harm, summarise_rounds
    from experiments.report import race as report

    setting, ladder, watch = build_race(config)
    rates = tuple(config.race.rates)
    watches = tuple(zip(rates, calibrate_limits(config, setting, watch, rates), strict=True))
    asked = (config.race.rounds, config.race.tolerance)
    seeds = range(config.seed, config.seed + config.seeds)
    rows: list[dict[str, Any]] = []
    notes: tuple[str, ...] = ()
    jobs = [RaceJob(seed, config.ticks, watches, ladder, *asked) for seed in seeds]
    for found, said in run_jobs(run_job, jobs, config.workers, "simulating seeds"):
        rows, notes = rows + found, said
    rounds = pd.DataFrame(rows)
    for name, table in {
        "rounds": rounds,
        "summary": summarise_rounds(rounds),
        "tipping": compute_net_harm(rounds),
    }.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    told = describe_run(setting, config, notes)
    told["facts"]["Limits of the detector"] = ", ".join(f"{rate:g}: {watch.limit:g}" for rate, watch in watches)
    write_metadata(folder, OmegaConf.to_container(config), told)  # type: ignore[arg-type]
    report.write(folder, Console())


def build_race(config: DictConfig) -> tuple[Setting, tuple[Setting, ...], DetectorDefence]:
    """Return the setting, the same with the army on each rung of its ladder, and the defence without its limit.

    Raises:
        InputError: a key of `race` means nothing, in one line with the cure.
    """
    from experiments.detection.adapter import DetectorAdapter
    from sim.mechanisms.defences.watching import DetectorDefence

    setting, asked = build_setting(config), read_app_options(config, "race", "race")
    rates = asked["rates"]
    if not rates or any(not 0 < rate < 1 for rate in rates) or sorted(set(rates)) != rates:
        raise InputError(f"race.rates={rates} must lie between 0 and 1, rising, as in [0.01, 0.1]")
    for name in ("rounds", "calibration"):
        if not isinstance(asked[name], int) or asked[name] < 1:
            raise InputError(f"race.{name}={asked[name]} must be a whole number from 1")
    if not asked["ladder"] or not 0 <= asked["tolerance"] <= 1:
        raise InputError("race.ladder needs a rung and race.tolerance a share: say race.ladder=[{}] race.tolerance=0.1")
    campaign = setting.campaign
    least = max(campaign.end + 24, CALIBRATION_START)
    if not (campaign.tactics and setting.army.size) or least > config.ticks:
        raise InputError(f"nothing to race: give it army.size, campaign.tactics and ticks={least} or more")
    others = [name for rung in asked["ladder"] for name in rung if not str(name).startswith(("army.", "evasion."))]
    if others:
        raise InputError(f"race.ladder changes {others[0]}: it may change keys of army and evasion alone")
    ladder = tuple(replace_fields(setting, rung) for rung in asked["ladder"])
    looker = DetectorAdapter(build_detector(asked["detector"]))
    try:
        return setting, ladder, DetectorDefence(detector=looker, **asked["watch"])
    except InputError as error:
        raise InputError(str(error).replace("DetectorDefence.", "race.watch.", 1)) from error


def build_detector(rule: dict[str, Any]) -> Detector:
    """Return the detector that a configuration describes.

    Raises:
        InputError: it cannot be built, or it needs labels, which nobody has within a run.
    """
    try:
        found: Detector = instantiate(rule)
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
    config: DictConfig, setting: Setting, watch: DetectorDefence, rates: tuple[float, ...]
) -> list[DetectorDefence]:
    """Return the defence for each false-positive rate; worlds of other seeds without a campaign set its limit."""
    import numpy as np

    from experiments.detection.measures import compute_threshold

    quiet = replace(setting, campaign=replace(setting.campaign, tactics=()))
    seeds = range(config.seed + CALIBRATION_SEED, config.seed + CALIBRATION_SEED + config.race.calibration)
    jobs = [(quiet, seed, config.ticks, watch) for seed in seeds]
    scores = np.concatenate(list(run_jobs(score_null_world, jobs, config.workers, "calibrating")))
    return [replace(watch, limit=compute_threshold(scores, rate)) for rate in rates]


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
    from sim.world import World

    setting = replace(setting, defences=(*setting.defences, *([watch] if watch else [])))
    trunk = World(setting, rng=job.seed)
    ensure_harm(trunk.observers)
    trunk.run(setting.campaign.start)
    found: dict[str, Any] = {"notes": trunk.notes}
    for name, tactics in (("quiet", ()), ("campaign", setting.campaign.tactics)):
        world = trunk.fork(replace(setting.campaign, tactics=tactics))
        world.run(job.ticks - world.now)
        found[name] = count_totals(world)
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
    app("race", main)
