"""Compare two settings in the same seeds: differences with intervals."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from experiments.analysis.pairing import compute_interval
from experiments.analysis.summary import COUNTS, MEANS, MEASURES, summarise_run
from experiments.notebook.loading import Changes, as_setting, get_compared
from experiments.running.player import run_jobs
from experiments.teaching.comparison import get_time_span, read_story
from experiments.teaching.replay_runs import ReplayJob, run_job
from experiments.workers import check_workers, hide_main
from sim.agents import parse_seed
from sim.errors import InputError, suggest
from sim.setting import GROUPS, Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PATIENCE = 2.0  #: seconds until a progress bar is shown
SHOWN = ("dissent_posts", "dissent_withheld", "dissent_visibility", "perceived_support", "mean_fear")
Pair = tuple[pd.DataFrame, pd.DataFrame]
R = TypeVar("R")


@dataclass(frozen=True, repr=False)
class Effect:
    """An outcome with and without, and the difference over paired seeds with its 95% t-interval."""

    outcome: str
    measured: str  #: over which hours, and whether it is a total or a mean
    with_: float
    without: float
    value: float  #: with - without
    lo: float
    hi: float
    seeds: int

    def __str__(self) -> str:
        from experiments.report.story import format_verdict

        row = {"label": f"{self.outcome} ({self.measured}):", "with": self.with_, "without": self.without}
        return format_verdict(row | {name: getattr(self, name) for name in ("value", "lo", "hi", "seeds")})

    __repr__ = __str__


@dataclass(frozen=True, repr=False)
class Comparison:
    """Worlds with and without something, paired by seed: the same people, graph and chance (common random numbers).

    Attributes:
        changes: what differs in the worlds without.
        time_span: the first hour of what happens in the worlds with, and the hour after its last.
        hours: every hourly measure, a row an arm ("with" | "without"), seed and tick.
        table: every outcome, a row a seed: columns seed, outcome, with, without, difference. Counts are totals from
            the first hour of `time_span` on, means are of its hours (`experiments.analysis.summary`), and what only
            some worlds have is a mean from its first hour on.
        key_outcomes: outcomes that a notebook shows: those of the scenario's story, if there is one.

    Example:
        >>> import infowar_lab as lab
        >>> small = lab.load("population.size=200", "ticks=48", "campaign.start=12")
        >>> comparison = lab.compare(small, without="army.size=0", seeds=2, workers=1)
        >>> comparison
        <Comparison of 2 pairs of worlds over 48 hours, without: army.size=0>
        >>> comparison.effect("army_posts").without
        0.0
        >>> comparison.table.query("outcome == 'dissent_posts'")["seed"].tolist()
        [1, 2]
    """

    changes: str
    time_span: tuple[int, int]
    hours: pd.DataFrame
    table: pd.DataFrame
    key_outcomes: tuple[str, ...] = SHOWN

    @property
    def seeds(self) -> int:
        """Number of pairs."""
        return int(self.table["seed"].nunique())

    def effect(self, outcome: str) -> Effect:
        """Return what an outcome of `table` changes by.

        Raises:
            InputError: there is no such outcome.
        """
        rows = self.table[self.table["outcome"] == outcome]
        if rows.empty:
            known = map(str, self.table["outcome"].unique())
            raise InputError(f"{outcome} is no outcome of this comparison: {suggest(str(outcome), known)}")
        value, lo, hi = map(float, compute_interval(rows["difference"]))
        with_, without = float(rows["with"].mean()), float(rows["without"].mean())
        seeds = int(rows["difference"].notna().sum())
        return Effect(outcome, self._name_hours(outcome), with_, without, value, lo, hi, seeds)

    def plot(self, measure: str = "dissent_posts", *, ax: "Axes | None" = None) -> "Axes":
        """Draw an hourly measure with and without, as means of the last 24 hours; `time_span` is shaded.

        Args:
            measure: a column of `hours`.
            ax: to draw on; a figure of its own if None.

        Raises:
            InputError: the measure is unknown.
        """
        from experiments.report.notebook import plot_pair

        return plot_pair(self.hours, measure, self.time_span, ax)

    def _name_hours(self, outcome: str) -> str:
        start, stop = self.time_span
        if outcome in MEANS:
            return f"mean of hours {start} to {stop}"
        return f"{'total' if outcome in COUNTS else 'mean'} from hour {start} on"

    def __repr__(self) -> str:
        length, pairs = self.hours["tick"].max() + 1, "pair" if self.seeds == 1 else "pairs"
        return f"<Comparison of {self.seeds} {pairs} of worlds over {length} hours, without: {self.changes}>"

    def _repr_html_(self) -> str:
        sentences = "".join(f"<li>{escape(str(self.effect(outcome)))}</li>" for outcome in self.key_outcomes)
        more = f"<code>.effect(NAME)</code> of {self.table['outcome'].nunique()} outcomes, <code>.table</code>"
        return f"<p>{escape(repr(self)[1:-1])}</p><ul>{sentences}</ul><p>More: {more}, <code>.plot()</code></p>"


def compare(
    setting: Any, without: Changes | None = None, seeds: int | Iterable[int] = 20, workers: int = 0
) -> Comparison:
    """Simulate worlds with and without something in the same seeds, and compare them.

    Worlds that differ in how the campaign is conducted are one world, played once, until it begins.

    Args:
        setting: of the worlds with; a `Setting`, or overrides to `load`.
        without: the setting of the others, or changes, each "KEY=VALUE". By default what the story of the scenario
            says, for a setting that was loaded; otherwise the army gets no orders.
        seeds: how many pairs, in seeds 1, 2, ...; or the seeds.
        workers: processes; 0 means one for each core.

    Raises:
        InputError: an argument is wrong, or both worlds would be the same.

    Example:
        >>> import infowar_lab as lab
        >>> small = lab.Setting(population=lab.Population(size=200), campaign=lab.Campaign(start=12), ticks=24)
        >>> effect = lab.compare(small, seeds=[7, 8], workers=1).effect("army_posts")
        >>> effect.seeds, effect.lo <= effect.value <= effect.hi
        (2, True)
    """
    setting = as_setting(setting)
    other, changes = get_compared(setting, without)
    if other.ticks != setting.ticks:
        raise InputError(f"ticks={other.ticks} without and {setting.ticks} with: give both the same")
    time_span = find_time_span(setting)
    if setting.ticks <= time_span[0]:
        raise InputError(f"ticks={setting.ticks} ends before anything happens, in hour {time_span[0]}: give more")
    numbers = list_seeds(seeds)
    jobs = [ReplayJob((other, setting), seed, setting.ticks, 0) for seed in numbers]
    pairs = dict(zip(numbers, simulate_pairs(simulate_pair, jobs, workers), strict=True))
    labelled = [
        hours.assign(arm=arm, seed=seed)
        for seed, pair in pairs.items()
        for arm, hours in zip(("without", "with"), pair, strict=True)
    ]
    table = pd.concat([_make_rows(seed, pair, time_span) for seed, pair in pairs.items()], ignore_index=True)
    told = read_story(setting.loaded_from).get("outcomes", ()) if setting.loaded_from is not None else ()
    key_outcomes = tuple(dict.fromkeys(outcome["measure"] for outcome in told)) or SHOWN
    return Comparison(", ".join(changes), time_span, pd.concat(labelled, ignore_index=True), table, key_outcomes)


def find_time_span(setting: Setting) -> tuple[int, int]:
    """Return the first hour of all that is scheduled in a setting, and the hour after the last that is played."""
    config = setting.loaded_from
    campaign = setting.campaign if config is None else get_time_span(config, setting)
    return campaign.start, min(campaign.end, setting.ticks)


def list_seeds(given: int | Iterable[int]) -> list[int]:
    """Return different seeds: 1, 2, ... for a number of them."""
    seeds = list(range(1, given + 1)) if isinstance(given, int) else [parse_seed(seed) for seed in given]
    if not seeds or len(set(seeds)) < len(seeds):
        raise InputError(f"seeds={given!r} must be a number of paired worlds from 1, or different seeds")
    return seeds


def simulate_pairs(play_one: Callable[[ReplayJob], R], jobs: Sequence[ReplayJob], workers: int) -> list[R]:
    """Run jobs side by side; those with a class of the notebook itself in this process, as no other one has it.

    Workers load no main module of the caller, so that a script needs no guard.
    """
    if not isinstance(workers, int) or workers < 0:
        raise InputError(f"workers={workers!r} must be 0, for one a core, or a number of processes")
    groups = [getattr(setting, name) for setting in jobs[0].settings for name in GROUPS]
    rules = [rule for group in groups for rule in (group if isinstance(group, tuple) else (group,))]
    theirs = {type(rule).__module__ for rule in rules} - sys.modules.keys() | {"__main__"}
    workers = 1 if any(type(rule).__module__ in theirs for rule in rules) else workers
    check_workers(jobs[0].settings, workers, len(jobs))
    with hide_main():
        return run_jobs(play_one, jobs, workers, "simulating worlds", PATIENCE)


def simulate_pair(job: ReplayJob) -> Pair:
    """Simulate a pair of worlds in this process; return the hours of the first and of the second."""
    first, second = run_job(job).histories
    return first, second


def _make_rows(seed: int, pair: Pair, time_span: tuple[int, int]) -> pd.DataFrame:
    without, with_ = (_list_outcomes(hours, *time_span) for hours in pair)
    names = [name for name in with_ if name in without]
    both = {"with": [with_[name] for name in names], "without": [without[name] for name in names]}
    frame = pd.DataFrame({"seed": seed, "outcome": names, **both})
    return frame.assign(difference=frame["with"] - frame["without"])


def _list_outcomes(hours: pd.DataFrame, start: int, stop: int) -> dict[str, float]:
    """Return one world's outcomes: the summary that apps make, and means of what only some worlds have."""
    summary = summarise_run({name: hours[name].to_numpy() for name in MEASURES}, start, stop)
    further = [name for name in map(str, hours) if name not in (*MEASURES, "tick")]
    means = hours[start:][further].mean()
    return {name: float(value) for name, value in (*summary.items(), *means.items())}  # type: ignore[misc]
