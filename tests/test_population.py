"""Laws of traits and of who follows the organised: specialists, activity and followers, affinity."""

import numpy as np
import pytest

from sim.actors.army import Army
from sim.actors.base import draw_followers_again, weigh_followers
from sim.actors.propagandist import Extremists
from sim.people.population import Population
from sim.setting import Setting
from sim.state.accounts import Accounts
from sim.state.graph import list_edges
from sim.world import World

PEOPLE = 4000
FOLLOWERS = np.round(np.exp(2.0 + 1.5 * np.random.default_rng(3).normal(size=PEOPLE))).astype(np.int64)


def draw(**traits: float) -> Accounts:
    rule = Population(size=PEOPLE, **traits)  # type: ignore[arg-type]
    return rule.draw(rule.propose_stances(PEOPLE, 1), FOLLOWERS, 1)


def correlate(people: Accounts) -> float:
    return float(np.corrcoef(np.log1p(FOLLOWERS), np.log(people.intentions_per_session))[0, 1])


def test_specialists_are_as_many_and_as_devoted_as_asked_and_nobody_else_changes() -> None:
    plain, some = draw(), draw(specialist_share=0.06, specialist_interest=0.4)
    changed = some.interest != plain.interest
    assert changed.mean() == pytest.approx(0.06, abs=0.012)
    assert some.interest[changed].min() >= 0.4
    assert some.interest[changed].mean() == pytest.approx(0.7, abs=0.04)
    for name in set(Accounts._fields) - {"interest"}:
        np.testing.assert_array_equal(getattr(some, name), getattr(plain, name), err_msg=name)
    assert (draw(specialist_share=1.0, specialist_interest=1.0).interest == 1.0).all()


@pytest.mark.parametrize("prominence", [-0.5, 0.0, 0.3, 1.0])
def test_activity_goes_with_followers_as_far_as_asked(prominence: float) -> None:
    people, plain = draw(prominence=prominence), draw()
    assert correlate(people) == pytest.approx(prominence, abs=0.05)
    spread = np.log(people.intentions_per_session).std()
    assert spread == pytest.approx(np.log(plain.intentions_per_session).std(), rel=0.05)
    np.testing.assert_array_equal(people.sessions, plain.sessions)


def test_where_all_have_as_many_followers_activity_is_its_own() -> None:
    rule = Population(size=50, prominence=0.5)
    people = rule.draw(rule.propose_stances(50, 1), np.full(50, 7), 1)
    assert np.isfinite(people.intentions_per_session).all()
    assert len(np.unique(people.intentions_per_session)) == 50


def find_followers(affinity: float) -> tuple[World, np.ndarray, np.ndarray]:
    """Return a world, the followers of its army and those of its extremists, once for each tie."""
    world = World(
        Setting(
            population=Population(size=1500),
            army=Army(size=30, affinity=affinity),
            extremists=Extremists(size=30, affinity=affinity),
        ),
        rng=3,
    )
    source, target = list_edges(world.graph)
    ties = target >= world.n_organic
    return world, source[ties & (target < world.n_organic + 30)], source[ties & (target >= world.n_organic + 30)]


def test_those_who_agree_and_those_who_follow_many_follow_the_organised() -> None:
    world, army, extremists = find_followers(3.0)
    plain, before, others = find_followers(0.0)
    people, following = world.accounts, np.diff(world.graph.following_start)
    assert people.stance_principal[army].mean() > plain.accounts.stance_principal[before].mean() + 0.3
    assert people.stance_extremist[extremists].mean() > plain.accounts.stance_extremist[others].mean() + 0.1
    assert following[army].mean() > 1.5 * np.diff(plain.graph.following_start)[before].mean()
    assert len(np.unique(army)) < len(np.unique(before)), "fewer people have more of them"
    for name in Accounts._fields:
        np.testing.assert_array_equal(getattr(people, name), getattr(plain.accounts, name), err_msg=name)


def test_equal_weights_draw_the_same_followers_and_each_as_many_as_before() -> None:
    batch = Army(size=50, followers=40.0).create_accounts(800, 800, 4)
    again = draw_followers_again(batch, 800, np.ones(800), 4)
    np.testing.assert_array_equal(again.source, batch.source)
    heavy = draw_followers_again(batch, 800, np.where(np.arange(800) < 80, 9.0, 1.0), 4)
    np.testing.assert_array_equal(heavy.target, batch.target)
    assert (heavy.source < 80).mean() == pytest.approx(0.5, abs=0.05)


def test_weights_of_followers() -> None:
    stance, following = np.array([-1.0, 0.0, 1.0]), np.array([2, 4, 8])
    assert weigh_followers(2.0, stance, following) == pytest.approx([4 * np.exp(-2), 16, 64 * np.exp(2)])
    assert weigh_followers(0.0, stance, following).tolist() == [1, 1, 1]
