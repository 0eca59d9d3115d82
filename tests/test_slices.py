"""Slices of an hour: people read what was published earlier in the same hour, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest

from sim.campaigns import Event
from sim.errors import InputError
from sim.mechanisms.events import DELAY
from sim.people.activity import Activity
from sim.setting import Setting
from sim.state.posts import FIRST_SLOGAN, REPOST, Posts
from sim.state.records import OUTCOMES, ActiveUsers, merge_users, split_into_slices
from sim.state.truth import ORGANIC, TROLL
from sim.world import World
from tests.worlds import ARMS, HOURS, LIVELY, START, Diary, Shelves, lively, played

TICKS = START + HOURS
SLICED = lively(activity={"slice": 10})


def record(setting: Setting) -> tuple[World, Posts]:
    shelves = Shelves()
    world = played(setting, TICKS, archive=shelves)
    return world, shelves.posts(world)


def measure_delays(posts: Posts) -> np.ndarray:
    """Return by how many seconds reposts of a post in the record came after it."""
    reposts = (posts.kind == REPOST) & (posts.parent >= 0)
    return np.asarray(posts.time[reposts] - posts.time[posts.parent[reposts]])


def test_people_repost_within_the_hour_only_with_slices() -> None:
    world, posts = record(lively(army={"size": 0}))
    same_hour = measure_delays(posts) // 3600 == 0
    hourly = posts.time // 3600
    reposts = posts.kind == REPOST
    assert (hourly[reposts] > hourly[posts.parent[reposts]]).all(), "with one slice all of an hour is read later"
    _, sliced = record(lively(activity={"slice": 10}, army={"size": 0}))
    soon = measure_delays(sliced) < 3600
    assert soon.mean() > 2 * same_hour.mean()
    assert (measure_delays(sliced) >= 0).all()
    assert world.role.max() > ORGANIC


def test_shorter_slices_let_people_answer_sooner() -> None:
    soon = []
    for minutes in (60, 30, 10, 2):
        _, posts = record(lively(activity={"slice": minutes}, army={"size": 0}))
        soon.append((measure_delays(posts) < 1800).mean())
    assert soon == sorted(soon)
    assert soon[0] < 0.5 * soon[-1]


def test_the_intentions_of_a_world_do_not_depend_on_its_slices() -> None:
    wanted = []
    for minutes in (60, 10):
        diary = Diary()
        played(lively(activity={"slice": minutes}, reaction={"leave": 0.0, "leave_abuse": 0.0}), TICKS, diary)
        wanted.append([set(step.speech.dissenting.key.tolist()) for step in diary.moments])
    assert sum(map(len, wanted[0])) > 300
    assert wanted[0] == wanted[1]


@pytest.mark.parametrize("tactics", ARMS)
def test_every_intention_of_an_hour_has_one_outcome_in_every_arm(tactics: tuple[str, ...]) -> None:
    steps, plain = Diary(), Diary()
    played(replace(SLICED, campaign=replace(SLICED.campaign, tactics=tactics)), TICKS, steps)
    played(lively(activity={"slice": 10}, army={"size": 0}), TICKS, plain)
    for here, there in zip(steps.moments, plain.moments, strict=True):
        assert sorted(here.speech.dissenting.key.tolist()) == sorted(there.speech.dissenting.key.tolist())
        assert here.speech.count_outcomes().sum() == len(here.speech.dissenting.key)


def test_an_hour_is_recorded_whole() -> None:
    world, length = World(SLICED, rng=5), 600
    diary = Diary()
    world.observers.append(diary)
    world.run(TICKS)
    published = 0
    for step in diary.moments:
        users = step.active_users
        assert (users.begin, users.length) == (3600 * step.tick, 3600)
        assert (np.diff(users.second // length) >= 0).all(), "slice after slice"
        assert len(step.seen.start) == len(users.active) + 1 == len(step.update.fear) + 1
        published += step.new.stop - step.new.start
        ordered = sum(len(order.drafts.key) for order in step.orders)
        assert len(step.speech.drafts.key) + ordered == step.new.stop - step.new.start
    assert published == world.accounts.written.sum()
    assert world.history[list(OUTCOMES)].sum().gt(0).sum() > 7


def test_organised_posts_appear_in_their_slice() -> None:
    """Who comes late in the campaign's first hour has read posts of the army; who comes first has not."""
    diary = Diary()
    world = played(lively(activity={"slice": 5}, population={"sessions_per_day": 20.0}), START + 1, diary)
    step, posts = diary.moments[START], world.state.ledger.get_rows()
    second = np.repeat(step.active_users.second, np.diff(step.seen.start))
    ordered = (world.role[posts.author] == TROLL)[step.seen.item]
    assert ordered.sum() > 10
    assert second[ordered].min() >= 300
    assert (posts.time[step.seen.item][ordered] < 3600 * START + second[ordered] // 300 * 300).all()


def test_a_rally_speaks_at_once_in_each_slice() -> None:
    shelves = Shelves()
    setting = replace(lively(activity={"slice": 20}), events=(Event(start=2, hours=40, rally_share=1.0),))
    world = played(setting, 44, archive=shelves)
    posts = shelves.posts(world)
    called = posts.time[(posts.template >= FIRST_SLOGAN) & (posts.kind != REPOST)]
    assert len(called) > 20
    gaps = np.diff(called)[np.diff(called // 1200) == 0]
    assert np.median(gaps) < DELAY


def test_splitting_and_merging_keep_everybody() -> None:
    rows, second = np.arange(7, dtype=np.int32), np.array([0, 3599, 600, 599, 1800, 1200, 5])
    users = ActiveUsers(rows, rows[:2], second, rows > 3, 7200, 3600)
    slices = split_into_slices(users, 6)
    assert [part.active.tolist() for part in slices] == [[0, 3, 6], [2], [5], [4], [], [1]]
    assert [part.begin for part in slices] == [7200, 7800, 8400, 9000, 9600, 10200]
    assert [len(part.absent) for part in slices] == [2, 0, 0, 0, 0, 0]
    whole = merge_users(slices)
    assert whole.active.tolist() == [0, 3, 6, 2, 5, 4, 1]
    assert (whole.second == second[whole.active]).all()
    assert (whole.returns == (whole.active > 3)).all()
    assert split_into_slices(users, 1) == [users]


@pytest.mark.parametrize("minutes", [7, 59, 45])
def test_slices_divide_an_hour(minutes: int) -> None:
    with pytest.raises(InputError, match=rf"activity\.slice={minutes} does not divide an hour: use one of 1, 2, 3, 4,"):
        Activity(slice=minutes)
    assert LIVELY.activity.slice == 60
