"""Laws of traits: who writes about the topic above all, and how activity goes with followers."""

import numpy as np
import pytest

from sim.people.population import Population
from sim.state.accounts import Accounts

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
