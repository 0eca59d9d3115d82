"""Other assumptions and unknown parameters: which signs survive, where they turn, and what luck is."""

from math import isnan, nan

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.contrasts import compute_outcomes
from experiments.analysis.losses import compute_losses
from experiments.analysis.mixes import COLUMNS, fit_slopes, select_mixes, summarise_mixes
from experiments.analysis.pairing import compute_interval
from experiments.analysis.priors import compute_prior_spread
from experiments.analysis.robustness import summarise_robustness
from experiments.analysis.turning import find_sign_change, find_turning_point
from tests.synthetic_suppression import (
    Recipe,
    variant_runs,
)


class TestRobustness:
    def test_verdicts(self):
        table = pd.DataFrame(
            [("main", "full", x) for x in (9.0, 10.0, 11.0, 14.0)]
            + [("robustness", "same", x) for x in (1.0, 1.2, 1.1)]
            + [("robustness", "turned", -x) for x in (1.0, 1.2, 1.1)]
            + [("fight_back", "0.3", x) for x in (-5.0, 5.0, 1.0)]
            + [("robustness", "one seed", 1.0)],
            columns=["family", "variant", "lost_dissent_percent"],
        )
        table = table.assign(arm="all", effort="additive", perceived_support_shift=0.0)
        table["seed"] = table.groupby(["family", "variant"]).cumcount()
        table["lost_dissent_impressions_percent"] = -table["lost_dissent_percent"]
        found = summarise_robustness(table)
        few = found[(found["family"] == "main_few") & (found["outcome"] == "lost_dissent_percent")].iloc[0]
        assert (few["value"], few["seeds"]) == (10.0, 3), "the main setting on the seeds of the others"
        found = found[found["family"] != "main_few"]
        loss = found[found["outcome"] == "lost_dissent_percent"].set_index("variant")["sign"].to_dict()
        expected = {
            "full": "survives",
            "same": "survives",
            "turned": "reversed",
            "0.3": "unclear",
            "one seed": "unclear",
        }
        assert loss == expected
        gap = found[found["outcome"] == "lost_dissent_percent"].set_index("variant")
        same = compute_interval([1.0 - 9.0, 1.2 - 10.0, 1.1 - 11.0])
        assert gap.loc["same", ["difference", "difference_lo", "difference_hi"]].tolist() == pytest.approx(same)
        assert isnan(gap.loc["full", "difference"])
        assert gap.loc["one seed", "difference"] == pytest.approx(-8.0)
        seen = found[found["outcome"] == "lost_dissent_impressions_percent"].set_index("variant")["sign"]
        assert seen.to_dict() == expected
        support = found[found["outcome"] == "perceived_support_shift"]
        assert support["sign"].eq("headline has no sign").all()
        assert found["variant"].iloc[0] == "full"

    @pytest.mark.parametrize(
        ("doses", "values", "where"),
        [
            ([0.0, 0.2, 0.4], [4.0, 1.0, -1.0], 0.3),
            ([0.4, 0.0, 0.2], [-1.0, 4.0, 1.0], 0.3),
            ([0.0, 0.2], [1.0, 0.0], 0.2),
            ([0.0, 0.6], [3.0, 1.0], nan),
            ([0.0, 0.2, 0.4, 0.6], [-1.0, 1.0, 1.0, -1.0], 0.1),
            ([], [], nan),
        ],
    )
    def test_where_the_sign_changes(self, doses, values, where):
        assert find_sign_change(doses, values) == pytest.approx(where, nan_ok=True)

    def test_a_turning_point_has_an_interval_over_seeds(self):
        rng = np.random.default_rng(4)
        doses, seeds = np.tile([0.0, 0.2, 0.4, 0.6], 40), np.repeat(np.arange(40), 4)
        frame = pd.DataFrame({"dose": doses, "seed": seeds, "value": 9 - 30 * doses + rng.normal(0, 3, 40)[seeds]})
        found = find_turning_point(frame)
        assert found.lo < found.value < found.hi
        assert found.value == pytest.approx(0.3, abs=0.05)
        assert found.hi - found.lo == pytest.approx(2 * 1.96 * 3 / np.sqrt(40) / 30, rel=0.3)
        assert find_turning_point(frame) == found

    def test_samples_that_do_not_turn_have_no_upper_end(self):
        frame = pd.DataFrame({"dose": [0.0, 1.0] * 3, "seed": [1, 1, 2, 2, 3, 3], "value": [5, -9, 5, 1, 5, 1]})
        assert find_turning_point(frame).hi == np.inf
        assert isnan(find_turning_point(frame.query("seed == 1")).lo)
        assert isnan(find_turning_point(frame.query("seed == 9")).value)

    def test_seeds_that_shift_draw_and_main_alike_are_no_parameter_uncertainty(self):
        seed = np.arange(20)
        luck = np.random.default_rng(3).normal(0, 50, 20)
        main = pd.Series(30 + luck, index=seed)
        shift = np.linspace(-10, 10, 20)
        found = compute_prior_spread(
            pd.DataFrame({"variant": seed.astype(str), "seed": seed, "value": main + shift}), main
        )
        ends = main.mean() + np.quantile(shift, [0.05, 0.95])
        assert (found.low, found.high) == (pytest.approx(ends[0]), pytest.approx(ends[1]))
        assert found.parameters == pytest.approx(np.var(shift, ddof=1))
        assert found.seeds == pytest.approx(np.var(luck, ddof=1))

    def test_a_draw_of_two_seeds_counts_once_and_one_without_its_main_world_not(self):
        draws = pd.DataFrame({"variant": list("aabc"), "seed": [1, 2, 1, 9], "value": [11.0, 23.0, 14.0, 0.0]})
        found = compute_prior_spread(draws, pd.Series({1: 10.0, 2: 20.0}))
        assert (found.draws, found.value) == (2, pytest.approx(15.0 + (2 + 4) / 2))

    def test_no_draws(self):
        found = compute_prior_spread(pd.DataFrame({"variant": [], "seed": [], "value": []}), pd.Series([1.0, 2.0]))
        assert found.draws == 0
        assert isnan(found.low)


class TestMixes:
    def test_a_plane_s_slopes_are_found_exactly_whatever_mixes_are_missing(self):
        rows = [
            (withdraw, fight, seed, seed + 40 * withdraw - 30 * fight)
            for withdraw in (0.0, 0.25, 0.5, 0.75)
            for fight in (0.0, 0.3)
            for seed in (1, 2, 3)
            if withdraw + fight <= 1
        ]
        slopes = fit_slopes(pd.DataFrame(rows, columns=COLUMNS))
        assert slopes["withdraw"] == pytest.approx((4.0, 4.0, 4.0))
        assert slopes["fight"] == pytest.approx((-3.0, -3.0, -3.0))

    def test_the_surface_is_the_mean_of_each_mix_with_its_interval(self):
        runs = pd.concat([variant_runs(Recipe(x, seeds=3, ticks=240), "mix", f"{x}/0.1") for x in (0.2, 0.6)])
        mixes = select_mixes(compute_outcomes(runs))
        table = summarise_mixes(mixes)
        assert table[["withdraw", "fight", "seeds"]].to_numpy().tolist() == [[0.2, 0.1, 3], [0.6, 0.1, 3]]
        lost = compute_losses(runs).groupby("variant")["lost_percent"]
        for row, (_, percent) in zip(table.to_dict("records"), lost, strict=True):
            assert (row["value"], row["lo"], row["hi"]) == pytest.approx(compute_interval(percent))

    def test_without_mixes_there_is_no_slope(self):
        none = select_mixes(compute_outcomes(variant_runs(Recipe(seeds=2, ticks=240), "dose", "0.5")))
        assert summarise_mixes(none).empty
        assert all(isnan(slope.value) for slope in fit_slopes(none).values())
