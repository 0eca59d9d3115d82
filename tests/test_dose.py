"""The dose-response curve: its half, and what stands at each dose."""

from math import isnan

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.contrasts import compute_outcomes
from experiments.analysis.dose import compute_doses, find_half_dose, summarise_doses
from experiments.analysis.losses import compute_losses
from tests.synthetic_suppression import (
    Recipe,
    variant_runs,
)


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

    def test_no_loss_or_one_dose_has_no_half(self):
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
