"""A fork goes on as the whole run would have, and leaves the world it came from alone."""

import pickle
from dataclasses import replace

import pandas as pd
import pytest

from sim.state.accounts import Accounts
from sim.world import World
from tests.worlds import HOURS, LIVELY, START, lively

TICKS = START + HOURS


def same(one: World, two: World) -> bool:
    columns = all((a == b).all() for a, b in zip(one.accounts, two.accounts, strict=True))
    posts = all((a == b).all() for a, b in zip(one.state.ledger.get_rows(), two.state.ledger.get_rows(), strict=True))
    return columns and posts and one.history.equals(two.history)


@pytest.mark.parametrize("tactics", [(), ("abuse",), ("flood", "abuse", "amplify")])
@pytest.mark.parametrize("at", [0, START])
def test_a_fork_is_the_run_it_stands_for(tactics: tuple[str, ...], at: int):
    whole = World(lively(campaign={"tactics": tactics}), rng=3)
    whole.run(TICKS)
    trunk = World(LIVELY, rng=3)
    trunk.run(at)
    branch = trunk.fork(whole.setting.campaign)
    branch.run(TICKS - at)
    assert same(branch, whole)


def test_a_fork_shares_nothing_that_changes():
    trunk = World(LIVELY, rng=4)
    trunk.run(START)
    history, fear = trunk.history, trunk.accounts.fear.copy()
    trunk.fork(LIVELY.campaign).run(24)
    pd.testing.assert_frame_equal(trunk.history, history)
    assert (trunk.accounts.fear == fear).all()
    other = trunk.fork(LIVELY.campaign)
    other.run(24)
    trunk.run(24)
    assert same(trunk, other)


def test_a_pickled_world_goes_on_as_it_would_have():
    world = World(LIVELY, rng=5)
    world.run(30)
    twin = pickle.loads(pickle.dumps(world))
    assert isinstance(twin.accounts, Accounts)
    for one in (world, twin):
        one.run(40)
    assert same(world, twin)


@pytest.mark.parametrize("change", [{"start": START + 1}, {"hours": HOURS + 1}])
def test_campaigns_at_other_hours_are_refused(change: dict[str, int]):
    with pytest.raises(ValueError, match="cannot start a campaign"):
        World(LIVELY, rng=1).fork(replace(LIVELY.campaign, **change))


def test_a_campaign_that_has_begun_is_refused():
    world = World(LIVELY, rng=1)
    world.run(START + 1)
    with pytest.raises(ValueError, match=f"a world at hour {START + 1} cannot"):
        world.fork(LIVELY.campaign)
