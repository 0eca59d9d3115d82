"""Shares of tactics: the laws of Shapley values and of their interactions, seed by seed."""

from itertools import chain, combinations

import numpy as np
import pytest

from experiments.analysis.contrasts import compute_outcomes
from experiments.analysis.losses import compute_losses
from experiments.analysis.shapley import (
    compute_interaction_index,
    compute_joint_effect,
    compute_shapley_values,
    decompose,
    make_game,
)
from tests.synthetic_suppression import (
    TACTICS,
    analyse_small,
    make_small,
)


def subsets(players: tuple[str, ...]) -> list[frozenset[str]]:
    return [frozenset(s) for s in chain.from_iterable(combinations(players, n) for n in range(len(players) + 1))]


def random_game(seed: int, players: tuple[str, ...] = TACTICS, seeds: int = 5) -> dict[frozenset[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    return {s: rng.integers(-1000, 1000, seeds).astype(float) for s in subsets(players)}


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

    def test_decomposition_sums_to_the_whole_effect(self):
        analysis = analyse_small()
        table, whole = analysis.decomposition, analysis.contrasts
        assert table.columns[:5].tolist() == ["outcome", "tactic", "value", "lo", "hi"]
        sums = table.groupby(["outcome", "effort"])["value"].sum()
        for outcome, effort in sums.index.drop(["lost_posts", "gained_posts"]):
            effect = whole[(whole["outcome"] == outcome) & (whole["effort"] == effort) & (whole["arm"] == "all")]
            assert sums[outcome, effort] == pytest.approx(effect["value"].item())
            net = sums["lost_posts", effort] - sums["gained_posts", effort]
            assert net == pytest.approx(sums["lost_dissent", effort])

    def test_a_missing_arm_is_named(self):
        frames = make_small()
        runs = frames[0]
        with pytest.raises(ValueError, match="missing: flood\\+abuse"):
            decompose(compute_outcomes(runs[runs["arm"] != "flood+abuse"]), TACTICS, ("additive",))

    def test_games_keep_seeds_in_order(self):
        frames = make_small()
        mixed = compute_outcomes(frames[0].sample(frac=1, random_state=1).reset_index(drop=True))
        game = make_game(mixed, TACTICS, "lost_dissent", "additive")
        losses = compute_losses(frames[0]).query("arm == 'all' and effort == 'additive'").sort_values("seed")
        np.testing.assert_array_equal(game[frozenset(TACTICS)], losses["lost"])
        assert not game[frozenset()].any()
