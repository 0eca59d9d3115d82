"""Chance stays keyed with a user's type, ranking and observer loaded: silent army, one troll more, threads."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from sim.observers.base import StepRecord
from sim.platform.feed import Feed
from sim.setting import Setting
from sim.state import records
from sim.state.accounts import Accounts
from sim.state.posts import TOXIC_THRESHOLD, Posts
from sim.state.truth import TROLL
from sim.world import World
from tests.test_purity import TICKS, Latent, assert_same_latent, named, same_history, without
from tests.worlds import LIVELY, START, Diary, Stubborn, fingerprint, lively


@dataclass(frozen=True, kw_only=True)
class CivilFirst(Feed):
    """A ranking of a user's own: the newest first, abuse last."""

    def rank(self, posts: Posts, base: int, new: slice) -> None:
        posts.score[new] = posts.time[new] - 1e9 * (posts.toxicity[new] >= TOXIC_THRESHOLD)


class Candour(Stubborn):
    """Looks at others too: speaks on a whim the likelier, the calmer those are whom the person follows."""

    def decide(self, intention: Any, usual: int) -> int:
        calm = 1.0 - self.following.agg("fear", np.mean) if len(self.following) else 0.5
        return records.VOICED if self.draw("candour", intention.key) < 0.5 * calm else usual


class Calm:
    """An observer of a user's own: the mean fear of who came, and how many sessions people of the type have had."""

    def __init__(self, world: World) -> None:
        self.world = world

    def observe(self, step: StepRecord) -> dict[str, float]:
        sessions = self.world.agents_by_type[Candour].agg("sessions_read", sum)
        return {"fear_of_who_came": float(step.update.fear.sum()), "sessions_of_ours": float(sessions)}


def loaded(setting: Setting, ticks: int, *observers: Any, threads: int = 1) -> World:
    world = World(replace(setting, feed=CivilFirst(depth=32)), rng=5, threads=threads)
    world.set_agent_class(Candour, 0.3)
    world.observers += [Calm(world), *observers]
    world.run(ticks)
    return world


def test_the_load_changes_the_world() -> None:
    """The tests below are about something: type, ranking and observer all show."""
    world, usual = loaded(LIVELY, TICKS), World(LIVELY, rng=5)
    usual.run(TICKS)
    assert fingerprint(world) != fingerprint(usual)
    assert world.history["sessions_of_ours"].iloc[-1] > 100
    fears = world.agents_by_type[Candour].agg("fear", max), usual.accounts.fear.max()
    assert fears[0] == 0.0 < fears[1]


def test_a_silent_army_leaves_the_world_bit_identical() -> None:
    silent, empty = loaded(lively(campaign={"intensity": 0.0}), TICKS), loaded(lively(army={"size": 0}), TICKS)
    trolls = np.flatnonzero(silent.state.truth.role == TROLL)
    assert len(trolls)
    for name, one, other in zip(Accounts._fields, without(trolls, silent.accounts), empty.accounts, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=name)
    here = named(silent.state.ledger.get_rows(), silent.accounts)
    there = named(empty.state.ledger.get_rows(), empty.accounts)
    for name in Posts._fields:
        np.testing.assert_array_equal(here[name], there[name], err_msg=name)
    same_history(silent.history, empty.history)
    assert [vars(agent)["sessions_read"] for agent in silent.custom_agents.agents.values() if agent.sessions_read] == [
        vars(agent)["sessions_read"] for agent in empty.custom_agents.agents.values() if agent.sessions_read
    ]


def test_one_more_troll_changes_nobody_else_s_draws() -> None:
    few, more, first, second = Diary(), Diary(), Latent(), Latent()
    small = loaded(LIVELY, TICKS, few, first)
    large = loaded(lively(army={"size": LIVELY.army.size + 1}), TICKS, more, second)
    assert_same_latent(first, second)
    assert small.agents_by_type[Candour].rows.tolist() == large.agents_by_type[Candour].rows.tolist()
    assert small.agents_by_type[Candour].map("draw", "candour", 7) == large.agents_by_type[Candour].map(
        "draw", "candour", 7
    )
    # The extra member writes from the campaign's first hour on, and is read in the next: until then all is the same.
    for before, after in zip(few.moments[: START + 1], more.moments[: START + 1], strict=True):
        for name, one, other in zip(before.update._fields, before.update, after.update, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)
        np.testing.assert_array_equal(before.speech.drafts.key, after.speech.drafts.key)


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_change_no_bit(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = loaded(LIVELY, START + 24)
    monkeypatch.setattr(records, "MIN_GROUP_SIZE", 2)
    shared = loaded(LIVELY, START + 24, threads=threads)
    assert fingerprint(shared) == fingerprint(alone)


def test_the_size_of_groups_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of a very large world follow each other; a method that looks at others must not see it."""
    alone = loaded(LIVELY, START + 24)
    monkeypatch.setattr(records, "MAX_GROUP_SIZE", 3)
    assert fingerprint(loaded(LIVELY, START + 24)) == fingerprint(alone)
