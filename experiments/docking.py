"""Dock our model to Ross et al. 2019: the same curve in the limit of their assumptions, then one relaxed at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from experiments.app import MAX_INTEGER, app
from experiments.folder import write_metadata
from experiments.runs import Run, run_jobs, warm_up
from experiments.settings import build_setting, list_differences, replace_fields
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from experiments.published.ross_2019 import Ross
    from experiments.published.ross_borrowed import Borrowed
    from sim.setting import Setting

LIMIT, ROSS = "limit", "Ross et al. 2019"
UNKNOWN_CLIMATE = (
    "limit, true climate unknown at first"  #: no value does this: perceived climates are set to 1/2 by hand
)
DAY = 24
ASKED_SHARES = 0.02, 0.04  #: the paper's claim is of bots that are this share of the users
BATCH = 100  #: runs of their model that a process is handed at a time


def make_variants(limit: Setting, relaxed: Mapping[str, Mapping[str, Any]]) -> dict[str, Setting]:
    """Return by name the limit, the settings that relax one assumption, and the limit for `UNKNOWN_CLIMATE`."""
    return (
        {LIMIT: limit}
        | {name: replace_fields(limit, changes) for name, changes in relaxed.items()}
        | {UNKNOWN_CLIMATE: limit}
    )


def make_runs(settings: Mapping[str, Setting], config: DictConfig) -> list[Run]:
    """Return a run for each variant, number of bots and seed; `arm` names the number."""
    seeds = range(config.seed, config.seed + config.seeds)
    return [
        Run("docking", name, str(bots), "equal", seed, replace_fields(setting, {"army.size": bots}), config.ticks)
        for name, setting in settings.items()
        for bots in (config.bots if name == LIMIT else config.relaxed_bots)
        for seed in seeds
    ]


def simulate_run(run: Run) -> dict[str, Any]:
    """Simulate one world; return variant, bots, seed, won and r, the correlation of fact 13 (nan if undefined)."""
    from experiments.facts.decisions import Decisions
    from experiments.facts.opinion import compute_climate_voice, compute_correlation
    from sim.observers.voice import SpeechCounts
    from sim.world import World

    world = World(run.setting, rng=run.seed)
    if run.variant == UNKNOWN_CLIMATE:
        world.accounts.opinion_climate[:] = 0.5
    decisions = Decisions(len(world.role))
    world.observers[:] = [SpeechCounts(), decisions]
    ticks = world.run(run.ticks)
    r = compute_correlation(*compute_climate_voice(decisions, world.n_organic))
    return {"variant": run.variant, "bots": int(run.arm), "seed": run.seed, "won": judge_win(ticks), "r": r}


def judge_win(ticks: pd.DataFrame) -> float:
    """Return 1 if the principal's side wrote more on the topic than dissent in the last day, 0.5 if as much, else 0."""
    last = ticks.iloc[-DAY:]
    lead = last["loyal_posts"].sum() - last["dissent_posts"].sum()
    return float(lead > 0) if lead else 0.5


def simulate_ross(limit: Setting, config: DictConfig) -> pd.DataFrame:
    """Return the wins of bots in their model, and in theirs with assumptions of ours: variant, bots, seed, won."""
    import pandas as pd

    from experiments.published.ross_2019 import Ross
    from experiments.published.ross_borrowed import make_assumptions

    seeds = range(config.seed, config.seed + config.ross_seeds)
    batches = [seeds[first : first + BATCH] for first in range(0, len(seeds), BATCH)]
    users, links = config.population.size, config.graph.links
    models: dict[str, Borrowed | None] = {ROSS: None, **make_assumptions(limit, config.ticks)}
    jobs = [
        (name, Ross(users=users, bots=bots, links=links, bot_links=links), borrowed, batch)
        for name, borrowed in models.items()
        for bots in (config.bots if borrowed is None else config.relaxed_bots)
        for batch in batches
    ]
    return pd.concat(run_jobs(_simulate_ross_batch, jobs, config.workers, "batches of their model"), ignore_index=True)


def _simulate_ross_batch(job: tuple[str, Ross, Borrowed | None, range]) -> pd.DataFrame:
    import pandas as pd

    from experiments.published.ross_2019 import simulate_seeds
    from experiments.published.ross_borrowed import simulate

    name, rule, borrowed, seeds = job
    if borrowed is None:
        wins = simulate_seeds(rule, seeds)["bots_win"].astype(float).tolist()
    else:
        wins = [simulate(rule, borrowed, seed) for seed in seeds]
    return pd.DataFrame({"variant": name, "bots": rule.bots, "seed": list(seeds), "won": wins})


def select_asked_bots(config: DictConfig) -> list[int]:
    """Return the numbers of bots for which the answer is given: 2 to 4% of the people."""
    low, high = (part * config.population.size for part in ASKED_SHARES)
    return [bots for bots in config.relaxed_bots if low <= bots <= high]


def check_options(config: DictConfig) -> None:
    """Raise InputError unless bots, ticks and seeds make curves that can be compared."""
    for key in ("bots", "relaxed_bots"):
        bots = list(config[key])
        whole = all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in bots)
        if not bots or not whole or bots != sorted(set(bots)):
            raise InputError(f"{key}={bots} must be rising whole numbers of at least 0, such as {key}=[0,20,50]")
    if other := sorted(set(config.relaxed_bots) - set(config.bots)):
        raise InputError(f"relaxed_bots has {other[0]}, which bots={list(config.bots)} lacks: add it there")
    if not select_asked_bots(config):
        size = config.population.size
        raise InputError(
            f"relaxed_bots={list(config.relaxed_bots)} has no number from 2% to 4% of the {size} people, which is "
            f"what is asked: add {max(1, round(0.03 * size))} to bots and to relaxed_bots"
        )
    if config.ticks < DAY:
        raise InputError(f"ticks={config.ticks} is less than the day that decides who wins: say ticks=72")
    runs = config.ross_seeds
    if not isinstance(runs, int) or isinstance(runs, bool) or not 1 <= runs <= MAX_INTEGER:
        raise InputError(f"ross_seeds={runs} must be a whole number from 1 to {MAX_INTEGER}")


def main(config: DictConfig, folder: Path) -> None:
    """Simulate all variants and their model, write tables and report, and print what moves the tipping point."""
    import pandas as pd
    from rich.console import Console

    from experiments.report import docking as report

    check_options(config)
    wanted: dict[str, Any] = OmegaConf.to_container(config)  # type: ignore[assignment]
    settings = make_variants(build_setting(config), wanted["relaxed"])
    runs = make_runs(settings, config)
    theirs = simulate_ross(settings[LIMIT], config)
    warm_up(runs)
    ours = pd.DataFrame(run_jobs(simulate_run, runs, config.workers, "worlds of ours"))
    tables = make_tables(theirs, ours, select_asked_bots(config)) | {
        "runs": pd.concat([theirs, ours], ignore_index=True)
    }
    for name, table in (tables | {"values": tabulate_differences(settings)}).items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    write_metadata(
        folder, wanted, {"facts": describe_docking(settings[LIMIT], config), "asked": select_asked_bots(config)}
    )
    report.write(folder)
    report.show(folder, Console())


def make_tables(theirs: pd.DataFrame, ours: pd.DataFrame, numbers: Sequence[int]) -> dict[str, pd.DataFrame]:
    """Return the tables of the report by name; `numbers` are those of bots for which the answer is given."""
    import pandas as pd

    from experiments.analysis import tipping
    from experiments.analysis.pairing import compute_interval

    wins = pd.concat([theirs, ours], ignore_index=True)
    names = wins["variant"].unique()
    summary = partial(pd.DataFrame, columns=["variant", "value", "lo", "hi"])
    quiet = ours[ours["bots"] == ours["bots"].min()]
    return {
        "docking": tipping.compute_win_curves(wins),
        "tipping": tipping.find_tipping_points(wins),
        "shifts": tipping.compute_shifts(ours, LIMIT, numbers),
        "gap": tipping.compute_shifts(theirs, ROSS, numbers),
        "answers": summary([(name, *tipping.pool_wins(wins, name, numbers)) for name in names]),
        "lift": summary([(name, *tipping.compute_lift(wins, name, numbers)) for name in names]),
        "climate": summary(
            [(name, *compute_interval(group["r"])) for name, group in quiet.groupby("variant", sort=False)]
        ),
    }


def tabulate_differences(settings: Mapping[str, Setting]) -> pd.DataFrame:
    """Return every value in which a variant differs from the limit: variant, key, limit, value (as text)."""
    import pandas as pd

    rows = [
        (name, key, _format_value(before), _format_value(after))
        for name, setting in settings.items()
        for key, before, after in list_differences(settings[LIMIT], setting)
    ]
    return pd.DataFrame(rows, columns=["variant", "key", "limit", "value"])


def _format_value(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else f"{value:g}"


def describe_docking(limit: Setting, config: DictConfig) -> dict[str, Any]:
    """Return what the report says was run."""
    last = config.seed + config.seeds - 1
    return {
        "People": f"{limit.population.size:,} on a preferential-attachment graph, {config.graph.links} links each",
        "Runs": f"{config.seeds} a point of ours (seeds {config.seed} to {last}), {config.ticks} hours each; "
        f"{config.ross_seeds:,} a point of theirs",
        "Wins": "the principal's side writes more on the topic in the last 24 hours",
    }


if __name__ == "__main__":
    app("docking", main)
