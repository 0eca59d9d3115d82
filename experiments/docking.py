"""Dock our model to Ross et al. 2019: the same curve in the limit of their assumptions, then one relaxed at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import DictConfig

from experiments.experiment import Experiment, Given, start
from experiments.keys import ListOf, Named, Plain, count_runs, key, whole
from experiments.runs import Run, warm_up
from experiments.settings import list_differences
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from experiments.published.ross_2019 import Ross
    from experiments.published.ross_borrowed import Borrowed
    from experiments.running.player import Player
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
        {LIMIT: limit} | {name: limit.replace(changes) for name, changes in relaxed.items()} | {UNKNOWN_CLIMATE: limit}
    )


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


class RossBatch(NamedTuple):
    """Runs of their model."""

    variant: str
    rule: Ross
    borrowed: Borrowed | None
    seeds: range


@dataclass(frozen=True, kw_only=True)
class Docking(Experiment):
    """The tipping point of Ross et al. 2019 in our model, and what moves it."""

    ross_seeds: int = key(count_runs(1), unit="seeds")
    bots: tuple[int, ...] = key(ListOf(whole(0), 1, rising=True, example="[0,20,50]"), unit="accounts")
    relaxed_bots: tuple[int, ...] = key(ListOf(whole(0), 1, rising=True, example="[0,20,50]"), unit="accounts")
    relaxed: dict[str, dict[str, Any]] = key(Named(Named(Plain())), source="assumption")

    def make_jobs(self, given: Given) -> list[Run]:
        """Return a run for each variant, number of bots and seed; `arm` names the number."""
        return [
            Run("docking", name, str(bots), "equal", seed, setting.replace({"army.size": bots}), given.ticks)
            for name, setting in make_variants(given.setting, self.relaxed).items()
            for bots in (self.bots if name == LIMIT else self.relaxed_bots)
            for seed in given.seeds
        ]

    def play(self, given: Given, play: Player) -> list[Any]:
        """Return the wins of bots in their model, a frame a batch, and in ours, a row a run."""
        self.check(given)
        runs, batches = self.make_jobs(given), self.make_batches(given)
        theirs = play(simulate_ross_batch, batches, "batches of their model")
        ours = play(simulate_run, runs, "worlds of ours", partial(warm_up, runs))
        return [theirs, ours]

    def make_batches(self, given: Given) -> list[RossBatch]:
        """Return the runs of their model, and of theirs with assumptions of ours."""
        from experiments.published.ross_2019 import Ross
        from experiments.published.ross_borrowed import make_assumptions

        seeds = range(given.config.seed, given.config.seed + self.ross_seeds)
        batches = [seeds[first : first + BATCH] for first in range(0, len(seeds), BATCH)]
        users, links = given.config.population.size, given.config.graph.links
        models: dict[str, Borrowed | None] = {ROSS: None, **make_assumptions(given.setting, given.ticks)}
        return [
            RossBatch(name, Ross(users=users, bots=bots, links=links, bot_links=links), borrowed, batch)
            for name, borrowed in models.items()
            for bots in (self.bots if borrowed is None else self.relaxed_bots)
            for batch in batches
        ]

    def select_asked_bots(self, given: Given) -> list[int]:
        """Return the numbers of bots for which the answer is given: 2 to 4% of the people."""
        low, high = (part * given.config.population.size for part in ASKED_SHARES)
        return [bots for bots in self.relaxed_bots if low <= bots <= high]

    def check(self, given: Given) -> None:
        """Raise InputError unless bots and ticks make curves that can be compared."""
        if other := sorted(set(self.relaxed_bots) - set(self.bots)):
            raise InputError(f"relaxed_bots has {other[0]}, which bots={list(self.bots)} lacks: add it there")
        if not self.select_asked_bots(given):
            size = given.config.population.size
            raise InputError(
                f"relaxed_bots={list(self.relaxed_bots)} has no number from 2% to 4% of the {size} people, which is "
                f"what is asked: add {max(1, round(0.03 * size))} to bots and to relaxed_bots"
            )
        if given.ticks < DAY:
            raise InputError(f"ticks={given.ticks} is less than the day that decides who wins: say ticks=72")

    def make_tables(self, given: Given, results: Sequence[Any]) -> dict[str, pd.DataFrame]:
        """Return every run, the curves, and every value in which a variant differs from the limit."""
        import pandas as pd

        theirs, ours = pd.concat(results[0], ignore_index=True), pd.DataFrame(results[1])
        return make_tables(theirs, ours, self.select_asked_bots(given)) | {
            "runs": pd.concat([theirs, ours], ignore_index=True),
            "values": tabulate_differences(make_variants(given.setting, self.relaxed)),
        }

    def describe(self, given: Given, results: Sequence[Any]) -> dict[str, Any]:
        """Return what the report says of the run."""
        return {"facts": describe_docking(given.setting, given.config), "asked": self.select_asked_bots(given)}


def simulate_ross_batch(job: RossBatch) -> pd.DataFrame:
    """Return the wins of bots in some runs of their model: variant, bots, seed, won."""
    import pandas as pd

    from experiments.published.ross_2019 import simulate_seeds
    from experiments.published.ross_borrowed import simulate

    name, rule, borrowed, seeds = job
    if borrowed is None:
        wins = simulate_seeds(rule, seeds)["bots_win"].astype(float).tolist()
    else:
        wins = [simulate(rule, borrowed, seed) for seed in seeds]
    return pd.DataFrame({"variant": name, "bots": rule.bots, "seed": list(seeds), "won": wins})


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
    start(Docking)
