"""Fit parameters of people and platform to moments, and say what the moments leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import resumable_app
from experiments.configuration import CONF
from experiments.extras import require
from experiments.keys import Change, Flag, Keys, ListOf, Word, count_runs, key, read_group, whole
from sim.errors import InputError

if TYPE_CHECKING:
    from experiments.calibration.moments import Moment
    from experiments.sweeps.design import Axis
    from experiments.sweeps.plan import Composer, PlanRow

AMOUNTS = (
    "trials", "sobol", "batch", "draws", "headline_seeds", "held_out_seeds", "design_seed", "profile_points",
    "particles", "populations",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CalibrateKeys(Keys):
    """What is fitted to what, and with how many worlds."""

    place = "calibrate"
    parameters: tuple[str, ...] = key(ListOf(Change(said="KEY=interval(LOW,HIGH)")), source="assumption")
    moments: str = key(Word(said="facts, or the name of a CSV file"))
    trials: int = key(count_runs(8), unit="parameter sets")
    sobol: int = key(count_runs(1), unit="parameter sets")
    batch: int = key(count_runs(1), unit="parameter sets")
    draws: int = key(count_runs(2), unit="points")
    headline_seeds: int = key(count_runs(2), unit="seeds")
    held_out_seeds: int = key(count_runs(2), unit="seeds")
    design_seed: int = key(whole(0))
    profiles: tuple[str, ...] = key(ListOf(Change(said="KEY=interval(LOW,HIGH)")), source="assumption")
    profile_points: int = key(count_runs(3), unit="points")
    particles: int = key(count_runs(0), unit="particles")
    populations: int = key(count_runs(1), unit="populations")
    plan: bool = key(Flag())


def main(config: DictConfig, overrides: Sequence[str]) -> bool:
    """Search, judge and report; every run is kept, so that the same command continues where it was stopped."""
    options = read_group(config, "calibrate")
    CalibrateKeys.read(config)
    check_options(options, config.seeds)
    require("calibrate", "calibrate", "optuna")
    if options["particles"]:
        require("calibrate.particles", "posterior", "optuna", "pyabc")
    from experiments.calibration import posterior, search
    from experiments.settings import build_setting
    from experiments.sweeps.design import parse_ranges
    from experiments.validity import check_ticks as check_ticks

    axes = parse_ranges(options["parameters"], "calibrate.parameters")
    profiled = parse_ranges(options["profiles"], "calibrate.profiles")
    if twice := sorted(axes.keys() & profiled.keys()):
        raise InputError(f"{twice[0]} is fitted and so profiled anyway: leave it out of calibrate.profiles")
    search.refuse_forces(list(axes))
    search.refuse_forces(list(profiled), "calibrate.profiles")
    posterior.check_trials(options["trials"], len(axes))
    moments = load_moments(options["moments"])
    check_ticks(build_setting(config), config.ticks)
    composer, table = compose_ends(overrides, axes, profiled)
    print(format_size(len(axes), moments, options, config.seeds))
    if options["plan"]:
        return True
    run_calibration(config, options, axes, profiled, moments, composer, table)
    from experiments.report.calibrate import compose
    from experiments.report.page import write_report
    from experiments.sweeps.sealing import seal

    told = write_report(partial(compose, Path(config.out)), Path(config.out))
    print(told.headline, *told.summary)
    print(f"report: {config.out}/report.html")
    seal(Path(config.out))
    return True


def compose_ends(
    overrides: Sequence[str], axes: Mapping[str, Axis], profiled: Mapping[str, Axis]
) -> tuple[Composer, list[PlanRow]]:
    """Return what composes points, and the default and both ends of the ranges, composed and so checked."""
    from experiments.calibration.runner import make_points
    from experiments.sweeps import plan

    composer = plan.Composer("calibrate", overrides, CONF)
    ends = make_points(axes, [dict.fromkeys(axes, edge) for edge in (0.0, 1.0)])
    ends += [point for key, axis in profiled.items() for point in make_points({key: axis}, [{key: 0.0}, {key: 1.0}])]
    return composer, plan.compose_rows(composer, [{}, *ends], {})


def run_calibration(
    config: DictConfig,
    options: Mapping[str, Any],
    axes: Mapping[str, Axis],
    profiled: Mapping[str, Axis],
    moments: Sequence[Moment],
    composer: Composer,
    table: Sequence[PlanRow],
) -> None:
    """Simulate what is missing and write every table into `out`."""
    from experiments.calibration import calibration, files, measuring, runner
    from experiments.folder import write_metadata
    from experiments.running.drafts import guard_disk
    from experiments.sweeps.identity import hash_code
    from experiments.sweeps.store import Store

    with Store(config.out, measuring.list_measures(), config) as store:
        player = runner.PointRunner(
            composer,
            store,
            config.workers,
            hash_code((row.cell.setting for row in table), runner.SOURCES),
            config.engine,
            config.address,
        )
        amount = {key: options[key] for key in AMOUNTS} | {"seeds": range(config.seed, config.seed + config.seeds)}
        work = calibration.Calibration(axes, moments, player, calibration.CalibrationPlan(**amount), profiled)
        facts = {"Parameters": ", ".join(axes), "Moments": ", ".join(moment.name for moment in moments)}
        facts |= {"Trials": f"{options['trials']}, each of {config.seeds} seeds, the same in all"}
        with guard_disk(store.place):
            plain: Any = OmegaConf.to_container(config)
            write_metadata(store.root, plain, {"facts": facts}, store.work)
        tables = work.compute_tables([options["parameters"], table[0].cell.name])
        with guard_disk(store.place):
            files.write_tables(store.root, tables, store.work)
        store.compact()


def load_moments(name: str) -> list[Moment]:
    """Return the moments that `calibrate.moments` names."""
    from experiments.calibration.moments import FACT_ROWS, make_fact_moments, read_moments

    return make_fact_moments() if name == FACT_ROWS else read_moments(name)


def format_size(keys: int, moments: Sequence[Moment], options: Mapping[str, Any], seeds: int) -> str:
    """Return how large a calibration is, in words."""
    from experiments.running.progress import format_count

    lines = [f"{keys} parameters, {options['trials']} trials x {seeds} seeds, {format_count(len(moments), 'moment')}:"]
    lines += [f"  {moment.name}: {moment.target:g} +- {moment.scale:g}" for moment in moments]
    return "\n".join(lines)


def check_options(options: Mapping[str, Any], seeds: int) -> None:
    """Raise InputError unless the options of conf/calibrate.yaml go together; `CalibrateKeys` has each alone."""
    if options["sobol"] & (options["sobol"] - 1):
        below = 1 << (options["sobol"].bit_length() - 1)
        raise InputError(f"calibrate.sobol={options['sobol']} must be a power of two, so say {below} or {2 * below}")
    if seeds < 2:
        raise InputError(f"seeds={seeds} says nothing of chance: a trial needs two seeds or more")
    if not isinstance(options["parameters"], list) or not options["parameters"]:
        raise InputError("""calibrate.parameters must be a list: 'calibrate.parameters=["KEY=interval(LOW,HIGH)"]'""")
    if not isinstance(options["profiles"], list):
        raise InputError('calibrate.profiles must be a list, ["KEY=interval(LOW,HIGH)"] or []')


if __name__ == "__main__":
    resumable_app("calibrate", main)
