"""A calibration, from the search to the tables."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from experiments.analysis.priors import compute_prior_spread
from experiments.calibration import posterior, profiles
from experiments.calibration.measuring import LOST, UNARMED
from experiments.calibration.moments import Moment, list_held_out
from experiments.calibration.runner import PointRunner, hash_value, make_points
from experiments.calibration.search import compute_distance, search
from experiments.facts.facts import FACTS
from experiments.facts.table import compare
from experiments.sweeps.design import Axis, Point
from experiments.workers import count_cores
from sim.errors import InputError

DEFAULT, FITTED = "default", "fitted"
CLOSEST = 10  #: trials from which the walkers of the posterior set out


@dataclass(frozen=True, kw_only=True)
class CalibrationPlan:
    """How much is played."""

    seeds: Sequence[int]  #: of every trial, the same in all
    trials: int
    sobol: int
    batch: int
    draws: int  #: of the posterior, in which the headline is played
    headline_seeds: int
    held_out_seeds: int
    design_seed: int
    profile_points: int  #: values of each profile
    particles: int  #: of pyABC's posterior; 0 for none
    populations: int  #: of them

    def get_fresh_seeds(self, number: int) -> list[int]:
        """Return seeds that no trial has seen."""
        return list(range(self.seeds[-1] + 1, self.seeds[-1] + 1 + number))


@dataclass(frozen=True)
class Calibration:
    """Parameters with ranges, moments, and what plays them."""

    axes: Mapping[str, Axis]  #: from [0, 1] to values, by parameter
    moments: Sequence[Moment]
    player: PointRunner
    plan: CalibrationPlan
    profiled: Mapping[str, Axis] = field(default_factory=dict)  #: parameters that are profiled and not searched

    def compute_tables(self, problem: Any) -> dict[str, pd.DataFrame]:
        """Return every table by name; `problem` names what is searched for, beside seeds and sources.

        trials (a row a trial), moments, posterior (a row a parameter), profiles (a row a value of a parameter), facts
        (held out, a row a part for either setting), headline (a row a world).
        """
        self._refuse_undefined()
        study = self._hash_study(problem)
        trials = self._run_search(study)
        known = trials.dropna()
        surface, noise, likelihood, draws = self._fit_posterior(known)
        places = [
            dict(zip(self.axes, posterior.select_best(likelihood, draws), strict=True)),
            *self._find_closest(known, 1),
        ]
        candidates = make_points(self.axes, places)
        best, means = self._select_best(candidates)
        fitted = np.array([places[candidates.index(best)][key] for key in self.axes])
        summary = posterior.summarise_draws(list(self.axes), draws)
        return {
            "trials": trials.assign(**{f"{key} at": trials[key].map(axis) for key, axis in self.axes.items()}),
            "moments": self._tabulate_moments(means, surface, best),
            "profiles": self._profile(likelihood, surface, noise, best, fitted),
            "posterior": self._convert_units(self._add_abc(summary, study), best),
            "facts": self._compare_facts(best),
            "headline": self._simulate_headline(best, draws),
        }

    @property
    def _names(self) -> list[str]:
        return [moment.name for moment in self.moments]

    def _refuse_undefined(self) -> None:
        """Raise InputError, before anything is searched, for a moment that the default setting shows in no seed."""
        means = self.player([{}], self.plan.seeds, self._names)[self._names].mean()
        if names := means.index[means.isna()].tolist():
            raise InputError(
                f"{names[0]} cannot be measured in any of these worlds: raise population.size, ticks or seeds, or "
                "leave it out of calibrate.moments"
            )

    def _hash_study(self, problem: Any) -> str:
        """Return the name of all that decides what a search proposes and finds, but for how many trials it has."""
        plan, targets = self.plan, [[moment.name, moment.target, moment.scale] for moment in self.moments]
        return hash_value(
            [problem, targets, list(plan.seeds), self.player.code, plan.sobol, plan.batch, plan.design_seed]
        )

    def _run_search(self, study: str) -> pd.DataFrame:
        plan = self.plan
        counts = {"trials": plan.trials, "sobol": plan.sobol, "batch": plan.batch}
        journal = self.player.store.root / "search.log"

        def show(known: int, least: float) -> None:
            print(f"{known} of {plan.trials} trials, least distance {least:.3g}", file=sys.stderr)

        return search(
            list(self.axes), self.moments, self._evaluate,
            journal=journal, study=study, seed=plan.design_seed, show=show, **counts,
        )  # fmt: skip

    def _evaluate(self, places: Sequence[Mapping[str, float]]) -> pd.DataFrame:
        found = self.player(make_points(self.axes, places), self.plan.seeds, self._names)
        return found.groupby("point")[self._names].mean().reset_index(drop=True)

    def _find_closest(self, trials: pd.DataFrame, number: int) -> list[dict[str, float]]:
        return trials.nsmallest(number, "distance")[list(self.axes)].to_dict("records")  # type: ignore[return-value]

    def _fit_posterior(
        self, trials: pd.DataFrame
    ) -> tuple[posterior.Surface, posterior.F64, posterior.LogDensity, posterior.F64]:
        keys = list(self.axes)
        surface = posterior.fit_surface(*(trials[names].to_numpy() for names in (keys, self._names, "distance")))
        best = self.player(make_points(self.axes, self._find_closest(trials, 1)), self.plan.seeds, self._names)[
            self._names
        ]
        noise = best.sem().fillna(0.0).to_numpy()
        likelihood = posterior.make_log_likelihood(surface, self.moments, noise)
        start = np.array([[place[key] for key in keys] for place in self._find_closest(trials, CLOSEST)])
        return surface, noise, likelihood, posterior.sample_posterior(likelihood, start, self.plan.design_seed)

    def _select_best(self, candidates: Sequence[Point]) -> tuple[Point, pd.DataFrame]:
        """Return the candidate that comes closest when it is played, and the mean moments of default and candidate."""
        found = self.player([{}, *candidates], self.plan.seeds, self._names)
        means = found.groupby("point")[self._names].mean()
        closest = int(np.nanargmin(compute_distance(means, self.moments)[1:]))
        return candidates[closest], means.iloc[[0, 1 + closest]]

    def _tabulate_moments(self, means: pd.DataFrame, surface: posterior.Surface, best: Point) -> pd.DataFrame:
        """Return a row a moment, and beside default and fitted the same in worlds without an army."""
        played = self.player([{}, best], self.plan.seeds, [name + UNARMED for name in self._names])
        bare = played.groupby("point").mean()
        rows = [
            {"name": moment.name, "target": moment.target, "scale": moment.scale}
            | dict(zip((DEFAULT, FITTED), means[moment.name], strict=True))
            | {"surface_error": error}
            | dict(zip((DEFAULT + UNARMED, FITTED + UNARMED), bare[moment.name + UNARMED], strict=True))
            for moment, error in zip(self.moments, surface.error, strict=True)
        ]
        return pd.DataFrame(rows)

    def _profile(
        self,
        likelihood: posterior.LogDensity,
        surface: posterior.Surface,
        noise: posterior.F64,
        best: Point,
        fitted: posterior.F64,
    ) -> pd.DataFrame:
        """Return the profiles of the searched parameters, by the surface, and of `profiled`, by worlds."""
        grid = np.linspace(0.0, 1.0, self.plan.profile_points)
        tables = []
        for number, key in enumerate(self.axes):
            both = profiles.profile_searched(likelihood, fitted, number, grid)
            tables.append(profiles.tabulate_profile(key, grid, self._list_values(key, grid), *both))
        for key in self.profiled:
            values = self._list_values(key, grid)
            played = self.player([best | {key: value} for value in values], self.plan.seeds, self._names)
            found = played.groupby("point")[self._names].mean().to_numpy()
            both = profiles.profile_played(found, surface, self.moments, noise, fitted)
            tables.append(profiles.tabulate_profile(key, grid, values, *both))
        return pd.concat(tables, ignore_index=True)

    def _list_values(self, key: str, grid: posterior.F64) -> list[float]:
        axis = {**self.axes, **self.profiled}[key]
        return [point[key] for point in make_points({key: axis}, [{key: float(place)} for place in grid])]

    def _add_abc(self, summary: pd.DataFrame, study: str) -> pd.DataFrame:
        """Return the summary with the quantiles of pyABC's posterior beside it, if one is wanted."""
        if not self.plan.particles:
            return summary
        from experiments.calibration import abc_posterior

        def simulate(place: Mapping[str, float]) -> dict[str, float]:
            return self.player.run_here(make_points(self.axes, [place])[0], self.plan.seeds, self._names)

        found = abc_posterior.sample_abc(
            list(self.axes), self.moments, simulate, self.player.store.root / "abc" / f"{study}.db",
            particles=self.plan.particles, populations=self.plan.populations,
            workers=self.player.workers or count_cores(),
        )  # fmt: skip
        return summary.merge(abc_posterior.summarise_particles(list(self.axes), found), on="key")

    def _convert_units(self, summary: pd.DataFrame, best: Point) -> pd.DataFrame:
        """Return the posterior's places as values, beside the default's and the fitted."""
        composer, axes = self.player.composer, self.axes
        cell = composer.compose({})
        values = {
            name: [axes[key](min(u, np.nextafter(1.0, 0.0))) for key, u in zip(axes, summary[name], strict=True)]
            for name in summary.columns.intersection(["median", "low", "high", "abc_low", "abc_median", "abc_high"])
        }
        ends = {name: [axis(u) for axis in axes.values()] for name, u in (("from", 0.0), ("to", np.nextafter(1.0, 0)))}
        own = {DEFAULT: [composer.get_value({}, key, cell) for key in axes], FITTED: [best[key] for key in axes]}
        return summary.assign(**values, **ends, **own)

    def _compare_facts(self, best: Point) -> pd.DataFrame:
        """Return what the held-out facts show, in seeds that no trial has seen, under default and fitted setting."""
        names = list_held_out(self.moments)
        played = self.player([{}, best], self.plan.get_fresh_seeds(self.plan.held_out_seeds), names)
        rows = played.melt(["point", "seed"], names, "name")
        rows[["number", "part"]] = rows["name"].str.split(" ", n=1, expand=True)
        rows["number"] = rows["number"].astype(int)
        facts = [
            replace(fact, parts=tuple(p for p in fact.parts if f"{fact.number} {p.name}" in names)) for fact in FACTS
        ]
        shown = [fact for fact in facts if fact.parts]
        both = [compare(shown, rows[rows["point"] == place]).assign(setting=name)
                for place, name in enumerate((DEFAULT, FITTED))]  # fmt: skip
        kept = ["setting", "number", "fact", "part", "target", "low", "high", "value", "lo", "hi", "part_verdict"]
        return pd.concat(both, ignore_index=True).reindex(columns=kept)

    def _simulate_headline(self, best: Point, draws: posterior.F64) -> pd.DataFrame:
        """Return `setting, seed, value` of the headline: default, fitted, and draws of the posterior by number."""
        rng = np.random.default_rng(self.plan.design_seed)
        chosen = draws[rng.choice(len(draws), self.plan.draws, replace=False)]
        places = [dict(zip(self.axes, row, strict=True)) for row in chosen]
        played = self.player(
            [{}, best, *make_points(self.axes, places)], self.plan.get_fresh_seeds(self.plan.headline_seeds), [LOST]
        )
        names = [DEFAULT, FITTED, *(str(number) for number in range(len(places)))]
        settings = [names[place] for place in played["point"]]
        return pd.DataFrame({"setting": settings, "seed": played["seed"], "value": played[LOST]})


def compute_spread(headline: pd.DataFrame) -> Any:
    """Return `analysis.priors.PriorSpread` of the headline over draws of the posterior, about the fitted setting."""
    main = headline[headline["setting"] == FITTED].set_index("seed")["value"]
    drawn = headline[~headline["setting"].isin((DEFAULT, FITTED))]
    return compute_prior_spread(drawn.rename(columns={"setting": "variant"}), main)
