"""Laws of the analysis: what must hold for any runs, and answers known by hand."""

import subprocess
import sys
from collections import Counter
from itertools import chain, combinations
from math import isnan, nan
from types import SimpleNamespace
from typing import Any

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
from experiments.analysis.dose import compute_doses, find_half_dose, summarise_doses
from experiments.analysis.groups import EVERYBODY, classify_dissenters, count_by_group, count_voices, summarise_groups
from experiments.analysis.losses import compute_losses, summarise_knockouts
from experiments.analysis.pairing import compute_detectable, compute_interval, compute_pairing_factor, ratio_of_means
from experiments.analysis.priors import compute_prior_spread
from experiments.analysis.recovery import (
    CENSORED,
    NO_DEFICIT,
    RECOVERED,
    compute_median_time,
    compute_recovery,
    kaplan_meier,
)
from experiments.analysis.robustness import summarise_robustness
from experiments.analysis.shapley import (
    compute_interaction_index,
    compute_joint_effect,
    compute_shapley_values,
    decompose,
    make_game,
)
from experiments.analysis.summary import FIXED
from experiments.analysis.transitions import (
    CAUSES,
    ENDINGS,
    STANDING,
    count_transitions,
    select_changes,
    summarise_flows,
    total_changes,
)
from experiments.analysis.turning import find_sign_change, find_turning_point
from sim.observers.intentions import IntentionTable
from sim.state.accounts import DISSENTER, FIGHT, INDIFFERENT, LOYALIST, WITHDRAW, make_blank_accounts
from sim.state.records import OUTCOMES
from tests.synthetic_suppression import (
    TACTICS,
    Recipe,
    history,
    intentions,
    main_frames,
    main_groups,
    main_transitions,
    variant_runs,
    variants,
)

SMALL = Recipe(seeds=4, ticks=336, start=96, stop=192)


@pytest.fixture(scope="module")
def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    return main_frames(SMALL)


@pytest.fixture(scope="module")
def analysis(frames: tuple[pd.DataFrame, pd.DataFrame]) -> Analysis:
    runs = pd.concat([frames[0], variants(seeds=3)], ignore_index=True)
    return analyse(runs, frames[1], main_transitions(SMALL), main_groups(SMALL), TACTICS, SMALL.start, SMALL.stop)


def subsets(players: tuple[str, ...]) -> list[frozenset[str]]:
    return [frozenset(s) for s in chain.from_iterable(combinations(players, n) for n in range(len(players) + 1))]


def random_game(seed: int, players: tuple[str, ...] = TACTICS, seeds: int = 5) -> dict[frozenset[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    return {s: rng.integers(-1000, 1000, seeds).astype(float) for s in subsets(players)}


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


def make_dissenters() -> Any:
    """Return a world of ten dissenters, the first of whom comes least often and has most interest, and two others."""
    accounts = make_blank_accounts(12)
    accounts.cohort[:10], accounts.cohort[10:] = DISSENTER, LOYALIST
    accounts.reaction[:], accounts.hardcore[9] = np.repeat([WITHDRAW, INDIFFERENT, FIGHT], 4), True
    accounts.sessions[:], accounts.intentions_per_session[:] = np.arange(1, 13), 1.0
    accounts.interest[:], accounts.abuse_received[[3, 11]] = 1 / np.arange(1, 13) ** 2, [1, 9]
    graph = SimpleNamespace(followers_start=np.cumsum(np.arange(13)))
    return SimpleNamespace(accounts=accounts, graph=graph, n_organic=12)


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


class TestGroups:
    def test_groups_of_a_kind_share_out_lost_and_gained_posts(self, analysis):
        table = analysis.groups.set_index(["kind", "group", "measure"])["value"]
        causes = analysis.causes.query("arm == 'all' and effort == 'additive' and cause == 'total'")
        for change, value in causes.set_index("change")["value"].drop("net").items():
            assert table["everybody", "all dissenters", change] == pytest.approx(value)
            assert table["abuse"].xs(change, level="measure").sum() == pytest.approx(value)
        assert table["abuse"].xs("share_of_loss", level="measure").sum() == pytest.approx(100)

    def test_net_percent_is_of_the_groups_own_posts(self):
        rows = [(seed, "k", "g", 3, base, lost, gained) for seed, base, lost, gained in ((1, 10, 5, 0), (2, 20, 5, 15))]
        rows += [(seed, "everybody", "all dissenters", 3, 30, 10, 5) for seed in (1, 2)]
        frame = pd.DataFrame(rows, columns=["seed", "kind", "group", "people", "baseline", "lost", "gained"])
        found = summarise_groups(frame).set_index(["kind", "measure"]).loc["k"]
        assert found.loc["net_percent", "value"] == pytest.approx((50 - 50) / 2)
        assert found.loc["share_of_loss", "value"] == pytest.approx(-50)

    def test_a_seed_without_the_group_counts_as_nothing_lost(self):
        rows = [(1, "k", "g", 3, 10, 6, 2), (1, EVERYBODY, "all", 3, 10, 6, 2), (2, EVERYBODY, "all", 3, 10, 5, 0)]
        frame = pd.DataFrame(rows, columns=["seed", "kind", "group", "people", "baseline", "lost", "gained"])
        found = summarise_groups(frame).set_index(["kind", "measure"])["value"].loc["k"]
        assert (found["lost"], found["gained"], found["net_percent"]) == (3.0, 1.0, 40.0)

    def test_dissenters_are_grouped_by_what_they_are_and_bore(self):
        names = classify_dissenters(make_dissenters())
        assert names["reaction"].tolist() == ["withdraw"] * 4 + ["indifferent"] * 4 + ["fight", "hard core"]
        assert names["abuse"].tolist() == ["attacked" if i == 3 else "never attacked" for i in range(10)]
        deciles = ["1 (lowest)", *map(str, range(2, 10)), "10 (highest)"]
        assert names["followers"].tolist() == deciles
        assert names["activity"].tolist() == deciles[::-1]  # who comes most often has least interest

    def test_groups_and_voices_are_counted_by_author(self):
        posted, silent = ENDINGS.index(STANDING), 0
        author, key = np.array([0, 0, 3, 3, 9, 9], np.int32), np.arange(6, dtype=np.uint64)
        none, arm = (
            IntentionTable(key, author, author, np.where(spoke, posted, silent).astype(np.int8))
            for spoke in ([1, 1, 1, 0, 1, 0], [1, 0, 0, 1, 1, 0])
        )
        table = count_by_group(none, arm, make_dissenters()).set_index(["kind", "group"])
        assert table.loc[("abuse", "attacked")].tolist() == [1, 1, 1, 1]  # people, baseline, lost, gained
        assert table.loc[("abuse", "never attacked")].tolist() == [9, 3, 1, 0]
        assert table.loc[("everybody", "all dissenters")].tolist() == [10, 4, 2, 1]
        assert count_voices(none) == pytest.approx(16 / 6)  # 2, 1 and 1 posts


class TestDetectable:
    def test_it_is_found_in_four_of_five_tries(self):
        rng = np.random.default_rng(3)
        tries = rng.normal(0, 2.0, (4000, 12))
        true = np.mean([compute_detectable(sample) for sample in tries])
        found = np.mean([compute_interval(sample + true).lo > 0 for sample in tries])
        assert found == pytest.approx(0.8, abs=0.03)


class TestDoses:
    def test_half_of_a_straight_line_in_log_odds_is_found_exactly(self):
        intensity = np.array([0.01, 0.1, 0.5, 1.0])
        share = np.array([0.01, 0.1, 0.5, 0.9])
        odds = np.log(share / (1 - share))
        frame = pd.DataFrame(
            [
                (i, seed, s, scale * (o - odds[0]), 0.0)
                for seed, scale in ((1, 3.0), (2, 5.0), (3, 4.0))
                for i, s, o in zip(intensity, share, odds, strict=True)
            ],
            columns=["intensity", "seed", "army_share", "lost_dissent_percent", "lost_dissent_impressions_percent"],
        )
        middle = (odds[0] + odds[-1]) / 2
        assert find_half_dose(frame) == pytest.approx([1 / (1 + np.exp(-middle))] * 3)

    def test_no_loss_or_one_dose_has_no_half(self, frames):
        rows = [(x, seed, x, -1.0, 0.0) for seed in (1, 2) for x in (0.1, 0.5)]
        names = ["intensity", "seed", "army_share", "lost_dissent_percent", "lost_dissent_impressions_percent"]
        frame = pd.DataFrame(rows, columns=names)
        assert isnan(find_half_dose(frame).value)
        assert isnan(find_half_dose(frame[frame["intensity"] == 0.1]).value)
        assert isnan(find_half_dose(frame.assign(army_share=frame["army_share"] * (frame["intensity"] > 0.01))).value)

    def test_the_curve_is_that_of_each_dose(self):
        recipe = Recipe(seeds=3, ticks=240, start=48, stop=120)
        runs = variant_runs(recipe, "dose", "0.5")
        table = summarise_doses(compute_doses(runs, compute_outcomes(runs)))
        lost = compute_losses(runs)["lost_percent"]
        row = table.query("outcome == 'lost_dissent_percent'").iloc[0]
        assert (row["dose"], row["value"], row["seeds"]) == (0.5, pytest.approx(lost.mean()), 3)


class TestShapley:
    @pytest.mark.parametrize("players", [("a",), ("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d")])
    def test_efficiency_in_every_seed(self, players):
        game = random_game(1, players)
        total = sum(compute_shapley_values(game, players).values())
        np.testing.assert_allclose(total, game[frozenset(players)] - game[frozenset()], rtol=0, atol=1e-9)

    def test_symmetry(self):
        game = random_game(2)
        swap = {"flood": "abuse", "abuse": "flood", "amplify": "amplify"}
        even = {s: game[s] + game[frozenset(swap[t] for t in s)] for s in game}
        values = compute_shapley_values(even, TACTICS)
        np.testing.assert_array_equal(values["flood"], values["abuse"])
        assert not np.array_equal(values["flood"], values["amplify"])

    def test_a_dummy_gets_what_it_brings_alone(self):
        game = random_game(3)
        dull = {s: game[s - {"amplify"}] + (7.0 if "amplify" in s else 0.0) for s in game}
        np.testing.assert_allclose(compute_shapley_values(dull, TACTICS)["amplify"], 7.0)
        np.testing.assert_allclose(compute_interaction_index(dull, TACTICS, ("flood", "amplify")), 0.0, atol=1e-9)

    def test_additivity(self):
        first, second = random_game(4), random_game(5)
        both = compute_shapley_values({s: first[s] + second[s] for s in first}, TACTICS)
        for tactic in TACTICS:
            apart = compute_shapley_values(first, TACTICS)[tactic] + compute_shapley_values(second, TACTICS)[tactic]
            np.testing.assert_allclose(both[tactic], apart, atol=1e-9)

    def test_known_answer_of_the_glove_game(self):
        game = {s: np.array([float("flood" in s and len(s) > 1)]) for s in subsets(TACTICS)}
        values = {tactic: float(value[0]) for tactic, value in compute_shapley_values(game, TACTICS).items()}
        assert values == pytest.approx({"flood": 2 / 3, "abuse": 1 / 6, "amplify": 1 / 6})

    def test_interaction_of_a_pure_pair_is_its_surplus(self):
        game = {s: np.array([5.0 * ({"flood", "abuse"} <= s) + 2.0 * len(s)]) for s in subsets(TACTICS)}
        assert compute_interaction_index(game, TACTICS, ("flood", "abuse")) == pytest.approx(5.0)
        assert compute_joint_effect(game, ("flood", "abuse")) == pytest.approx(5.0)
        assert compute_interaction_index(game, TACTICS, ("flood", "amplify")) == pytest.approx(0.0)

    def test_a_surplus_of_all_three_is_half_seen_by_the_index_and_not_alone(self):
        game = {s: np.array([6.0 * (len(s) == 3)]) for s in subsets(TACTICS)}
        assert compute_interaction_index(game, TACTICS, ("flood", "abuse")) == pytest.approx(3.0)
        assert compute_joint_effect(game, ("flood", "abuse")) == pytest.approx(0.0)

    def test_decomposition_sums_to_the_whole_effect(self, analysis):
        table, whole = analysis.decomposition, analysis.contrasts
        assert table.columns[:5].tolist() == ["outcome", "tactic", "value", "lo", "hi"]
        sums = table.groupby(["outcome", "effort"])["value"].sum()
        for outcome, effort in sums.index.drop(["lost_posts", "gained_posts"]):
            effect = whole[(whole["outcome"] == outcome) & (whole["effort"] == effort) & (whole["arm"] == "all")]
            assert sums[outcome, effort] == pytest.approx(effect["value"].item())
            net = sums["lost_posts", effort] - sums["gained_posts", effort]
            assert net == pytest.approx(sums["lost_dissent", effort])

    def test_a_missing_arm_is_named(self, frames):
        runs = frames[0]
        with pytest.raises(ValueError, match="missing: flood\\+abuse"):
            decompose(compute_outcomes(runs[runs["arm"] != "flood+abuse"]), TACTICS, ("additive",))

    def test_games_keep_seeds_in_order(self, frames):
        mixed = compute_outcomes(frames[0].sample(frac=1, random_state=1).reset_index(drop=True))
        game = make_game(mixed, TACTICS, "lost_dissent", "additive")
        losses = compute_losses(frames[0]).query("arm == 'all' and effort == 'additive'").sort_values("seed")
        np.testing.assert_array_equal(game[frozenset(TACTICS)], losses["lost"])
        assert not game[frozenset()].any()


class TestRecovery:
    def test_known_time(self):
        deficit = np.concatenate([np.zeros(100), np.full(100, 10.0), np.full(48, 8.0), np.full(100, 1.0)])
        found = compute_recovery(deficit, 100, 200)
        hours = next(h for h in range(200) if deficit[200 + h : 224 + h].mean() < 5)
        assert found == (RECOVERED, hours, 10.0, 0.0, pytest.approx(0.1), False)
        assert 24 < hours < 48

    def test_at_once(self):
        deficit = np.concatenate([np.full(72, 6.0), np.zeros(48)])
        assert compute_recovery(deficit, 0, 72)[:2] == (RECOVERED, 0.0)

    def test_only_the_last_three_days_are_the_reference(self):
        deficit = np.concatenate([np.full(100, 50.0), np.full(72, 4.0), np.full(60, 1.0)])
        assert compute_recovery(deficit, 0, 172).reference == 4.0

    def test_censored_at_what_could_be_seen(self):
        deficit = np.full(200, 3.0)
        assert compute_recovery(deficit, 0, 100)[:2] == (CENSORED, 77.0)
        assert compute_recovery(deficit[:110], 0, 100)[:2] == (CENSORED, 0.0)

    @pytest.mark.parametrize(("after", "late"), [(60, True), (140, False)])
    def test_a_half_crossed_in_the_last_day_that_can_be_seen_is_late(self, after, late):
        deficit = np.concatenate([np.full(72, 8.0), np.full(30, 6.0), np.full(after - 30, 3.0)])
        found = compute_recovery(deficit, 0, 72)
        assert (found.outcome, found.is_late, found.remaining) == (RECOVERED, late, pytest.approx(0.375))

    def test_overshoot_is_a_share_of_the_reference(self):
        deficit = np.concatenate([np.full(72, 4.0), np.full(48, -1.0)])
        assert compute_recovery(deficit, 0, 72).overshoot == pytest.approx(0.25)

    @pytest.mark.parametrize("level", [0.0, -2.0])
    def test_nothing_to_recover_from(self, level):
        assert compute_recovery(np.full(100, level), 0, 50).outcome == NO_DEFICIT
        assert compute_recovery(np.full(2, level), 168, 336).outcome == NO_DEFICIT

    def test_kaplan_meier_known_answer(self):
        hours, seen = [1.0, 2.0, 2.0, 3.0, 5.0], [True, True, False, False, True]
        times, surviving = kaplan_meier(hours, seen)
        assert times.tolist() == [1.0, 2.0, 5.0]
        assert surviving == pytest.approx([0.8, 0.6, 0.0])
        assert compute_median_time(hours, seen) == 5.0

    def test_kaplan_meier_agrees_with_scipy(self):
        rng = np.random.default_rng(11)
        hours, seen = rng.integers(1, 30, 60).astype(float), rng.random(60) < 0.6
        known = stats.ecdf(stats.CensoredData.right_censored(hours, ~seen)).sf
        times, surviving = kaplan_meier(hours, seen)
        np.testing.assert_allclose(surviving, known.evaluate(times), atol=1e-12)

    def test_most_worlds_censored_have_no_median(self):
        assert isnan(compute_median_time([3.0, 9.0, 9.0], [True, False, False]))
        assert isnan(compute_median_time([9.0, 9.0], [False, False]))
        assert isnan(compute_median_time([], []))

    def test_findings_count_the_censored(self, frames):
        runs, ticks = frames
        short = ticks[ticks["tick"] < SMALL.stop + 26]
        found = analyse(
            runs, short, main_transitions(SMALL), main_groups(SMALL), TACTICS, SMALL.start, SMALL.stop
        ).findings.set_index("name")
        assert found.loc["recovery_hours", "note"].startswith("4 censored")
        assert isnan(found.loc["recovery_hours", "value"])


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
