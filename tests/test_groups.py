"""Who loses: groups of dissenters share out what is lost and gained, and each is counted by its own posts."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.groups import EVERYBODY, classify_dissenters, count_by_group, count_voices, summarise_groups
from experiments.analysis.transitions import (
    ENDINGS,
    STANDING,
)
from sim.observers.intentions import IntentionTable
from sim.state.accounts import DISSENTER, FIGHT, INDIFFERENT, LOYALIST, WITHDRAW, make_blank_accounts
from tests.synthetic_suppression import (
    analyse_small,
)


def make_dissenters() -> Any:
    """Return a world of ten dissenters, the first of whom comes least often and has most interest, and two others."""
    accounts = make_blank_accounts(12)
    accounts.cohort[:10], accounts.cohort[10:] = DISSENTER, LOYALIST
    accounts.reaction[:], accounts.hardcore[9] = np.repeat([WITHDRAW, INDIFFERENT, FIGHT], 4), True
    accounts.sessions[:], accounts.intentions_per_session[:] = np.arange(1, 13), 1.0
    accounts.interest[:], accounts.abuse_received[[3, 11]] = 1 / np.arange(1, 13) ** 2, [1, 9]
    graph = SimpleNamespace(followers_start=np.cumsum(np.arange(13)))
    return SimpleNamespace(accounts=accounts, graph=graph, n_organic=12)


class TestGroups:
    def test_groups_of_a_kind_share_out_lost_and_gained_posts(self):
        analysis = analyse_small()
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
