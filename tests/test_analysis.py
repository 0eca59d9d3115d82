"""Laws of the analysis: what must hold for any runs, and answers known by hand."""

import subprocess
import sys
from collections import Counter
from math import isnan, nan

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.analysis import (
    MEASURES,
    Analysis,
    IdentityError,
    analyse,
    duplicate_shared_arms,
    list_arms,
    name_arm,
    summarise_run,
)
from experiments.analysis.contrasts import compute_outcomes
from experiments.analysis.losses import compute_losses, summarise_knockouts
from experiments.analysis.pairing import compute_detectable, compute_interval, compute_pairing_factor, ratio_of_means
from experiments.analysis.summary import FIXED
from experiments.analysis.transitions import (
    CAUSES,
    count_transitions,
    select_changes,
    summarise_flows,
    total_changes,
)
from sim.state.records import OUTCOMES
from tests.synthetic_suppression import (
    SMALL,
    TACTICS,
    Recipe,
    analyse_small,
    history,
    intentions,
    main_frames,
    main_groups,
    main_transitions,
    make_small,
    variant_runs,
)


@pytest.fixture(scope="module")
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    return make_small()


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse_small()


class TestArms:
    def test_names_follow_the_order_of_tactics(self):
        assert list(list_arms(TACTICS)) == [
            "none",
            "flood",
            "abuse",
            "amplify",
            "flood+abuse",
            "flood+amplify",
            "abuse+amplify",
            "all",
        ]
        assert name_arm({"amplify", "flood"}, TACTICS) == "flood+amplify"

    def test_one_tactic_has_two_arms(self):
        assert list_arms(("flood",)) == {"none": frozenset(), "all": frozenset({"flood"})}

    def test_both_efforts_share_the_ends_and_nothing_else(self, frames):
        runs = frames[0]
        counts = runs.groupby("effort")["arm"].nunique()
        assert counts.to_dict() == {"additive": 8, "equal": 8}
        ends = runs[runs["arm"].isin(("none", "all"))].drop(columns="effort")
        assert ends.duplicated().sum() == len(ends) / 2
        assert not runs[~runs["arm"].isin(("none", "all"))].drop(columns="effort").duplicated().any()
        only = runs[(runs["arm"] == "flood") & (runs["effort"] == "additive")]
        pd.testing.assert_frame_equal(duplicate_shared_arms(only).reset_index(drop=True), only.reset_index(drop=True))


class TestSummary:
    def test_counts_run_to_the_end_and_means_stop_with_the_campaign(self):
        measures = {name: np.array([1.0, 2.0, 4.0, 8.0, 16.0]) for name in MEASURES}
        row = summarise_run(measures, 1, 3)
        assert row["dissent_posts"] == 30
        assert row["perceived_support"] == 3.0
        assert list(row) == list(MEASURES)

    def test_undefined_hours_are_left_out_of_means(self):
        measures = {**history(SMALL, frozenset(), "additive", 0), "mean_fear": np.array([nan, 2.0, 4.0])}
        assert summarise_run(measures, 0, 3)["mean_fear"] == 3.0

    def test_visibility_is_the_share_of_all_impressions_of_the_campaign(self):
        seen = {"dissent_impressions": np.array([9, 1, 3]), "topic_impressions": np.array([9, 10, 10])}
        measures = {**history(SMALL, frozenset(), "additive", 0), **seen}
        assert summarise_run(measures, 1, 3)["dissent_visibility"] == 0.2

    def test_a_campaign_after_the_end_gives_zero_and_nan(self):
        row = summarise_run({name: np.ones(2) for name in MEASURES}, 168, 336)
        assert row["dissent_posts"] == 0
        assert isnan(row["perceived_support"])

    def test_fixed_columns_come_first_in_their_order(self, analysis):
        assert tuple(analysis.summary.columns[: len(FIXED)]) == (
            *("arm", "effort", "seed", "dissent_wanted", "dissent_posts", "dissent_withheld", "withheld_fear"),
            *("withheld_climate", "withheld_joint", "withheld_redundant", "dissent_removed", "dissent_impressions"),
            *("dissent_impressions_nondissenters", "dissent_visibility", "perceived_support", "true_support"),
            *("perceived_supporters", "true_supporters", "wall_time"),
        )
        assert set(MEASURES) < set(analysis.summary.columns)
        assert not analysis.summary.duplicated(["arm", "effort", "seed"]).any()


class TestPairing:
    def test_interval_is_students(self):
        x = np.array([1.0, 4.0, 2.0, 8.0, 5.0])
        known = stats.t.interval(0.95, 4, loc=x.mean(), scale=stats.sem(x))
        assert compute_interval(x) == pytest.approx((x.mean(), *known))

    def test_interval_over_seeds_of_many_columns(self):
        x = np.arange(12.0).reshape(3, 4) ** 2
        together = compute_interval(x)
        for column in range(4):
            assert compute_interval(x[:, column]) == pytest.approx(tuple(part[column] for part in together))

    @pytest.mark.parametrize(("samples", "value"), [([3.0], 3.0), ([], nan), ([nan, 3.0], 3.0)])
    def test_too_few_seeds_have_no_interval(self, samples, value):
        found = compute_interval(samples)
        assert found.value == pytest.approx(value, nan_ok=True)
        assert isnan(found.lo)
        assert isnan(found.hi)

    def test_pairing_factor_of_data_with_a_known_one(self):
        common, own = np.array([-30.0, -10.0, 10.0, 30.0]), np.array([1.0, -1.0, -1.0, 1.0])
        factor = compute_pairing_factor(common + own, common - own)
        assert factor == pytest.approx((2 * np.var(common) + 2 * np.var(own)) / np.var(2 * own))

    def test_pairing_that_harms_says_so(self):
        x = np.array([1.0, 2.0, 3.0, 4.0])
        assert compute_pairing_factor(x, -x) == pytest.approx(0.5)

    @pytest.mark.parametrize(("a", "b"), [([1.0], [2.0]), ([1.0, 2.0], [2.0, 3.0])])
    def test_pairing_factor_is_undefined_without_variance(self, a, b):
        assert isnan(compute_pairing_factor(a, b))

    def test_ratio_interval_solves_fiellers_equation(self):
        rng = np.random.default_rng(3)
        x = rng.normal(10, 1, 12)
        y = 0.4 * x + rng.normal(0, 0.5, 12)
        ratio, lo, hi = ratio_of_means(y, x)
        assert lo < ratio < hi
        for bound in (lo, hi):
            t = stats.ttest_1samp(y - bound * x, 0).pvalue
            assert t == pytest.approx(0.05)

    def test_ratio_to_nothing_has_no_interval(self):
        assert np.isnan(ratio_of_means([1.0, 2.0, 3.0], [-5.0, 6.0, 0.0])[1:]).all()
        assert np.isnan(ratio_of_means([1.0], [0.0])).all()


class TestLosses:
    def test_a_flow_that_a_seed_lacks_counts_as_none(self):
        flows = [
            (seed, 5, "private", ending, n) for seed, ending, n in ((1, "left", 8), (1, "private", 2), (2, "left", 4))
        ]
        frame = pd.DataFrame(flows, columns=["seed", "tick", "without", "with", "intentions"])
        found = summarise_flows(frame.assign(arm="all", effort="additive")).set_index("with")["value"]
        assert found.to_dict() == {"left": 6.0, "private": 1.0}

    def test_net_loss_is_lost_minus_gained_posts_in_every_arm_seed_and_hour(self, frames):
        losses, transitions = compute_losses(frames[0]), main_transitions(SMALL)
        totals = total_changes(transitions, losses)
        assert (totals["lost_posts"] > 0).any()
        changes = select_changes(transitions).groupby(["arm", "effort", "seed", "tick", "change"])["posts"].sum()
        net = changes.unstack("change", fill_value=0).reindex(columns=["lost", "gained"], fill_value=0)
        hours = frames[1].set_index(["arm", "effort", "seed", "tick"]).sort_index()
        standing = (hours["dissent_posts"] - hours["dissent_removed"]).unstack("arm")
        missing = standing.rsub(standing["none"], axis=0).stack().reorder_levels(net.index.names)
        assert (missing.reindex(net.index) == net["lost"] - net["gained"]).all()
        assert (missing.drop(net.index) == 0).all()

    def test_a_loss_that_the_intentions_do_not_bear_out_is_refused(self, frames):
        losses = compute_losses(frames[0])
        losses.loc[losses.index[3], "lost"] += 1
        with pytest.raises(IdentityError, match="net loss = lost posts - gained posts: not so at"):
            total_changes(main_transitions(SMALL), losses)

    def test_arms_with_other_intentions_are_refused(self):
        none, other = intentions(SMALL, frozenset(), "additive", 1), intentions(SMALL, frozenset(), "additive", 2)
        with pytest.raises(IdentityError, match="the same intentions arise in every arm"):
            count_transitions(none, other)

    def test_what_is_lost_one_way_is_gained_the_other_way_for_the_same_cause(self):
        none, full = (intentions(SMALL, tactics, "additive", 1) for tactics in (frozenset(), frozenset(TACTICS)))
        there, back = (
            select_changes(count_transitions(*pair)).groupby(["change", "cause", "tick"])["posts"].sum()
            for pair in ((none, full), (full, none))
        )
        pd.testing.assert_series_equal(there["lost"], back["gained"])
        assert there["lost"].sum() > 0

    def test_transitions_are_those_of_a_plain_count(self):
        none, full = (intentions(SMALL, tactics, "additive", 1) for tactics in (frozenset(), frozenset(TACTICS)))
        expected = Counter(zip(none.tick.tolist(), none.outcome.tolist(), full.outcome.tolist(), strict=True))
        found = count_transitions(none, full)
        names = [*OUTCOMES, "dissent_removed"]
        assert expected == {
            (row.tick, names.index(row.without), names.index(row[3])): row.intentions
            for row in found[["tick", "without", "intentions", "with"]].itertuples(index=False)
        }

    def test_loss_is_the_difference_of_standing_dissent(self, frames):
        runs = frames[0].set_index(["effort", "seed", "arm"])
        standing = runs["dissent_posts"] - runs["dissent_removed"]
        for row in compute_losses(frames[0]).itertuples():
            assert row.lost == standing[row.effort, row.seed, "none"] - standing[row.effort, row.seed, row.arm]

    @pytest.mark.parametrize(
        ("column", "law"),
        [
            ("dissent_withheld", "four withheld cells"),
            ("dissent_posts", "dissent_wanted = "),
            ("unprompted", "opportunities = unwanted"),
        ],
    )
    def test_a_ledger_that_does_not_add_up_is_refused(self, frames, column, law):
        runs = frames[0].copy()
        runs.loc[7, column] += 1
        with pytest.raises(IdentityError, match=law) as error:
            compute_losses(runs)
        assert f"arm={runs.loc[7, 'arm']}" in str(error.value)
        assert "\n" not in str(error.value)

    def test_opportunities_must_not_depend_on_the_arm(self, frames):
        runs = frames[0].copy()
        row = runs.index[runs["arm"] == "flood"][0]
        runs.loc[row, ["opportunities", "unprompted"]] += 1
        with pytest.raises(IdentityError, match="same in every arm"):
            compute_losses(runs)

    def test_a_tick_that_does_not_add_up_is_refused(self, frames):
        ticks = frames[1].copy()
        ticks.loc[5, "private"] += 1
        with pytest.raises(IdentityError, match="tick=5"):
            analyse(frames[0], ticks, main_transitions(SMALL), main_groups(SMALL), TACTICS, SMALL.start, SMALL.stop)

    def test_an_arm_without_its_baseline_is_refused(self, frames):
        runs = frames[0]
        with pytest.raises(ValueError, match='no arm "none"'):
            compute_losses(runs[(runs["arm"] != "none") | (runs["seed"] != 2)])

    def test_no_dissent_at_all_is_no_percentage(self):
        losses = compute_losses(variant_runs(Recipe(seeds=2, ticks=48, start=100, stop=200), "main", "full"))
        assert losses["lost"].eq(0).all()
        assert losses["lost_percent"].isna().all()

    def test_causes_add_up_in_posts_and_percent(self, analysis):
        for _, group in analysis.causes.query("change != 'net'").groupby(["arm", "effort", "change"]):
            by = group.set_index("cause")[["value", "percent"]]
            np.testing.assert_allclose(by.drop(index="total").sum(), by.loc["total"], rtol=1e-12)

    def test_the_median_over_worlds_stands_beside_the_mean(self, analysis):
        whole = "arm == 'all' and effort == 'additive' and change == 'lost' and cause == 'left'"
        counts = select_changes(main_transitions(SMALL)).query(whole).groupby("seed")["posts"].sum()
        counts = counts.reindex(range(SMALL.seeds), fill_value=0)
        row = analysis.causes.query(whole).iloc[0]
        assert (row["median"], row["value"]) == (counts.median(), counts.mean())

    def test_a_knockout_of_everything_takes_the_whole_loss_and_of_nothing_none(self):
        recipe = Recipe(seeds=3, ticks=240, start=48, stop=120)
        main = variant_runs(recipe, "main", "full")
        same = variant_runs(recipe, "knockout", "no_climate")
        off = variant_runs(Recipe(0.0, 3, 240, 48, 120), "knockout", "no_fear")
        table = summarise_knockouts(compute_losses(pd.concat([main, same, off], ignore_index=True))).set_index(
            "knockout"
        )
        assert table.loc["no_fear", "share"] == 1
        assert table.loc["no_climate", ["reduction", "share"]].tolist() == [0, 0]
        assert table.loc["no_fear", "reduction"] == table.loc["no_fear", "full"]


class TestContrasts:
    def test_effects_have_the_sign_of_their_name(self):
        base = variant_runs(Recipe(seeds=1, ticks=60, start=10, stop=40), "main", "full")
        none, full = base[base["arm"] == "none"].copy(), base[base["arm"] == "none"].assign(arm="all")
        full["dissent_impressions"] = none["dissent_impressions"] - 10
        full["dissent_impressions_nondissenters"] = none["dissent_impressions_nondissenters"] - 4
        for column, shift in {
            "dissent_visibility": -0.25,
            "perceived_support": 0.5,
            "true_support": -0.125,
            "perceived_supporters": 8.0,
            "true_supporters": -2.0,
        }.items():
            none[column], full[column] = 1.0, 1.0 + shift
        found = compute_outcomes(pd.concat([none, full], ignore_index=True)).iloc[0]
        assert found["lost_dissent_impressions"] == 10
        assert found["lost_impressions_nondissenters"] == 4
        assert found["visibility_shift"] == -0.25
        assert found["perceived_support_shift"] == 0.5
        assert found["true_support_shift"] == -0.125
        assert found["perceived_supporters_shift"] == 8.0
        assert found["true_supporters_shift"] == -2.0
        share = 100 * 10 / none["dissent_impressions"].item()
        assert found["lost_dissent_impressions_percent"] == pytest.approx(share)


class TestDetectable:
    def test_it_is_found_in_four_of_five_tries(self):
        rng = np.random.default_rng(3)
        tries = rng.normal(0, 2.0, (4000, 12))
        true = np.mean([compute_detectable(sample) for sample in tries])
        found = np.mean([compute_interval(sample + true).lo > 0 for sample in tries])
        assert found == pytest.approx(0.8, abs=0.03)


class TestAnalyse:
    def test_before_the_campaign_the_arms_are_one(self, analysis):
        rows = analysis.timeline.query(f"series == 'standing' and tick < {SMALL.start}")
        wide = rows.pivot(index="tick", columns="arm", values="value")
        assert len(wide)
        np.testing.assert_array_equal(wide["none"], wide["all"])

    def test_timeline_is_the_mean_of_the_last_day_with_the_paired_interval(self, frames, analysis):
        tick = SMALL.start + 60
        rows = frames[1].query(f"effort == 'additive' and {tick} - 24 < tick <= {tick}")
        per_hour = (rows["dissent_posts"] - rows["dissent_removed"]).groupby([rows["arm"], rows["seed"]]).mean()
        gap = compute_interval(per_hour["all"].to_numpy() - per_hour["none"].to_numpy())
        base = per_hour["none"].mean()
        found = analysis.timeline.query(f"series == 'standing' and tick == {tick}").set_index("arm")
        assert found.loc["none", "value"] == pytest.approx(base)
        assert found.loc["all", ["value", "lo", "hi"]].tolist() == pytest.approx([base + part for part in gap])

    def test_visibility_over_a_day_is_the_share_of_all_impressions(self, frames, analysis):
        rows = frames[1].query("effort == 'additive' and arm == 'none' and tick < 24").groupby("seed")
        share = (rows["dissent_impressions"].sum() / rows["topic_impressions"].sum()).mean()
        found = analysis.timeline.query("series == 'visibility' and tick == 23 and arm == 'none'")
        assert found["value"].item() == pytest.approx(share)

    def test_days_of_causes_add_up_to_the_whole(self, analysis):
        per_day = analysis.daily_changes.groupby(["change", "cause"])["value"].sum()
        whole = analysis.causes.query("arm == 'all' and effort == 'additive'").set_index(["change", "cause"])["value"]
        for change in ("lost", "gained"):
            assert per_day[change].to_dict() == pytest.approx(whole[change][list(CAUSES)].to_dict())
        assert whole["net", "total"] == pytest.approx(whole["gained", "total"] - whole["lost", "total"])

    def test_one_seed_has_numbers_and_no_intervals(self):
        recipe = Recipe(seeds=1, ticks=200, start=48, stop=120)
        runs, ticks = main_frames(recipe)
        found = analyse(runs, ticks, main_transitions(recipe), main_groups(recipe), TACTICS, recipe.start, recipe.stop)
        for frame in (found.contrasts, found.causes, found.decomposition, found.interactions, found.robustness):
            assert frame["lo"].isna().all()
            assert frame["value"].notna().any()
        assert found.contrasts["pairing_factor"].isna().all()

    def test_a_run_of_two_ticks_is_survived(self):
        recipe = Recipe(seeds=2, ticks=2, start=168, stop=336)
        runs, ticks = main_frames(recipe)
        found = analyse(
            runs, ticks, main_transitions(recipe), main_groups(recipe), TACTICS, recipe.start, recipe.stop
        ).findings.set_index("name")
        assert isnan(found.loc["lost_dissent_percent", "value"])

    def test_a_silent_army_changes_nothing(self):
        recipe = Recipe(strength=0.0, seeds=2, ticks=120, start=24, stop=72)
        runs, ticks = main_frames(recipe)
        found = analyse(runs, ticks, main_transitions(recipe), main_groups(recipe), TACTICS, recipe.start, recipe.stop)
        assert found.decomposition["value"].eq(0).all()
        assert found.causes["value"].eq(0).all()

    def test_importing_it_loads_no_drawing_and_no_engine(self):
        heavy = "matplotlib", "numba", "hydra", "sim"
        code = f"import sys, experiments.analysis; print([m for m in {heavy} if m in sys.modules])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"
