"""How long it lasts: times of recovery of one world and of many, some of them not seen to their end."""

from math import isnan

import numpy as np
import pytest
from scipy import stats

from experiments.analysis import (
    analyse,
)
from experiments.analysis.recovery import (
    CENSORED,
    NO_DEFICIT,
    RECOVERED,
    compute_median_time,
    compute_recovery,
    kaplan_meier,
)
from tests.synthetic_suppression import (
    SMALL,
    TACTICS,
    main_groups,
    main_transitions,
    make_small,
)


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

    def test_findings_count_the_censored(self):
        frames = make_small()
        runs, ticks = frames
        short = ticks[ticks["tick"] < SMALL.stop + 26]
        found = analyse(
            runs, short, main_transitions(SMALL), main_groups(SMALL), TACTICS, SMALL.start, SMALL.stop
        ).findings.set_index("name")
        assert found.loc["recovery_hours", "note"].startswith("4 censored")
        assert isnan(found.loc["recovery_hours", "value"])
