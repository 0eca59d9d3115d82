"""Fans and news bots act together openly: in time and words, without a side, and by keys."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from sim.actors.fans import FIRST_CHANT, Fans
from sim.actors.newsbots import FIRST_BULLETIN, MAX_BULLETINS, NewsBots
from sim.errors import InputError
from sim.state.posts import REPOST, Posts
from sim.state.truth import FAN, NEWSBOT
from sim.world import World
from tests.worlds import Shelves, lively

FANS, NEWS = Fans(size=12, topic=2, spread=120.0), NewsBots(size=6, bulletins=2.0, contested=0.3, topics=3)
QUIET = lively(army={"size": 0}, extremists={"size": 0})


@pytest.fixture(scope="module")
def week() -> tuple[World, Posts]:
    shelves = Shelves()
    world = World(replace(QUIET, forces=(FANS, NEWS)), rng=3, archive=shelves)
    world.run(72)
    return world, shelves.posts(world)


def by(world: World, posts: Posts, role: int) -> Posts:
    mine = world.role[posts.author] == role
    return Posts._make(column[mine] for column in posts)


def test_fans_meet_once_a_day_on_their_topic(week: tuple[World, Posts]) -> None:
    posts = by(*week, FAN)
    clock = posts.time // 3600 % 24
    assert set(posts.topic) == {2}
    assert clock.min() >= 8
    rally = clock == FANS.rally_hour
    assert rally.mean() > 0.4
    assert np.median(posts.time[rally] % 3600) < 200
    days = Counter((posts.time[rally] // 86_400).tolist())
    assert set(days) == {0, 1, 2}
    assert (posts.kind[rally] == REPOST).any()
    chant = posts.template[rally & (posts.template >= 0)]
    assert set(chant) <= {FIRST_CHANT + 24 * day + FANS.rally_hour for day in range(3)}
    assert not (posts.template[~rally & (posts.kind != REPOST)] >= 0).any()


def test_outlets_say_the_same_at_once(week: tuple[World, Posts]) -> None:
    posts = by(*week, NEWSBOT)
    assert (posts.template >= FIRST_BULLETIN).all()
    assert set(posts.topic) == {0, 1, 2, 3}
    for text in np.unique(posts.template)[:20]:
        same = posts.template == text
        assert len(set(posts.author[same])) == same.sum() <= NEWS.size
        assert len(set(posts.topic[same])) == 1
        hour = (text - FIRST_BULLETIN) // MAX_BULLETINS
        assert (posts.time[same] // 3600 == hour).all()


def test_the_genuine_have_no_side_and_no_orders(week: tuple[World, Posts]) -> None:
    world, posts = week
    for role in (FAN, NEWSBOT):
        mine = by(world, posts, role)
        own = mine.kind != REPOST
        assert not mine.stance_principal[own].any()
        assert not mine.toxicity[own].any()
        order, _ = world.state.truth.pop_orders(mine.key)
        assert (order == -1).all()


def test_fans_follow_people_and_are_followed(week: tuple[World, Posts]) -> None:
    world, _ = week
    fans = world.role == FAN
    for start, other in (("followers_start", "followers"), ("following_start", "following")):
        number = np.diff(getattr(world.graph, start))[fans]
        assert number.mean() > 5
        first, last = getattr(world.graph, start)[[np.flatnonzero(fans)[0], np.flatnonzero(fans)[-1] + 1]]
        assert (world.role[getattr(world.graph, other)[first:last]] == 0).all()


def test_more_of_them_change_nobody_s_posts() -> None:
    found = []
    for news in (NEWS, replace(NEWS, size=7)):
        shelves = Shelves()
        world = World(replace(QUIET, forces=(replace(FANS, size=0), news)), rng=3, archive=shelves)
        world.run(24)
        posts = by(world, shelves.posts(world), NEWSBOT)
        kept = posts.author < world.n_organic + 6
        found.append(set(zip(posts.author[kept].tolist(), posts.time[kept].tolist(), strict=True)))
    assert found[0] == found[1] != set()


def test_forces_that_are_empty_leave_the_world_as_it_was() -> None:
    worlds = [World(replace(QUIET, forces=forces), rng=3) for forces in ((), (Fans(size=0), NewsBots(size=0)))]
    histories = [world.run(30) for world in worlds]
    assert histories[0].equals(histories[1][histories[0].columns])


def test_a_topic_that_there_is_not_is_one_line() -> None:
    world = World(replace(QUIET, forces=(Fans(topic=5, rally_hour=1, size=40),)), rng=3)
    with pytest.raises(InputError, match=r"topic 5, but topics are 0 to 4: set expression.topics=6 or more"):
        world.run(3)
