"""Timelines that follow the ledger hold what timelines laid out anew would hold."""

import pickle
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from sim.platform.moderation import Moderation
from sim.platform.timelines import AUTHOR, CONTENT, END, MARK, SCORE, START, STOP, Timelines
from sim.world import World
from tests.worlds import LIVELY


def content(timelines: Timelines, world: World, oldest: int) -> list[list[tuple[int, int, int, float]]]:
    """Return, author by author, (serial, voice, serial of the content, score) of the rows from `oldest` on."""
    runs, first = timelines.columns, world.state.ledger.base + oldest
    return [
        [
            (
                int(runs.item[x, MARK]) + runs.first,
                int(runs.item[x, AUTHOR]),
                int(runs.item[x, CONTENT]) + runs.first,
                float(runs.score[x, SCORE]),
            )
            for x in range(runs.head[a, START], runs.head[a, STOP])
            if runs.item[x, MARK] + runs.first >= first
        ]
        for a in range(len(runs.head))
    ]


def oldest_at_home(world: World) -> int:
    times = world.state.ledger.get_rows().time
    return int(np.searchsorted(times, 3600 * (world.now - world.setting.attention.memory)))


def laid_out_anew(world: World, oldest: int) -> Timelines:
    fresh = Timelines(len(world.role))
    fresh.lay_out(world.state.ledger.get_rows(), world.state.ledger.base, oldest)
    return fresh


@pytest.mark.parametrize("memory", [6, 24])
def test_timelines_hold_what_the_ledger_holds_at_every_hour(memory: int) -> None:
    strict = Moderation(threshold=1, lag=1, capacity=50)
    attention = replace(LIVELY.attention, memory=memory)
    world = World(replace(LIVELY, moderation=strict, attention=attention), rng=5)
    removed = 0
    for _ in range(90):
        world.step()
        oldest = oldest_at_home(world)
        removed += int(world.state.ledger.get_rows().removed[oldest:].sum())
        assert content(world.state.timelines, world, oldest) == content(laid_out_anew(world, oldest), world, oldest)
    assert removed > 100


def test_a_timeline_that_outgrows_its_room_moves_and_loses_nothing() -> None:
    world = World(LIVELY, rng=5)
    world.run(30)
    ledger, posts = world.state.ledger, world.state.ledger.get_rows()
    author = 3
    alone = posts._replace(author=np.full_like(posts.author, author))  # all of it by one author
    grown = Timelines(len(world.role))
    grown.lay_out(alone._replace(**{name: getattr(alone, name)[:5] for name in alone._fields}), ledger.base, 0)
    room = int(grown.columns.head[author, END] - grown.columns.head[author, START])
    for row in range(5, 5 + 2 * room):
        grown.update(alone, ledger.base, slice(row, row + 1), 0)
    start, stop = grown.columns.head[author, START], grown.columns.head[author, STOP]
    kept = grown.columns.item[start:stop, MARK]
    expected = np.flatnonzero(~posts.removed[: 5 + 2 * room])
    assert (kept == expected).all()


def test_the_newest_of_a_timeline_is_its_last_and_nobody_s_is_none() -> None:
    world = World(LIVELY, rng=6)
    world.run(40)
    runs = world.state.timelines.columns
    some = runs.head[:, STOP] > runs.head[:, START]
    assert some.any()
    assert (~some).any()
    assert (runs.newest[some] == runs.item[runs.head[some, STOP] - 1, MARK]).all()
    assert (runs.newest[~some] == -1).all()


@pytest.mark.parametrize("copied", [deepcopy, lambda world: pickle.loads(pickle.dumps(world))])
def test_in_a_copy_an_item_and_its_score_are_the_same_memory_still(copied: Callable[[World], World]) -> None:
    world = World(LIVELY, rng=6)
    world.run(40)
    twin = copied(world)
    runs = twin.state.timelines.columns
    assert runs.item.ctypes.data == runs.score.ctypes.data
    assert runs.item.ctypes.data % 64 == 0
    assert not np.shares_memory(runs.item, world.state.timelines.columns.item)
    assert content(twin.state.timelines, twin, 0) == content(world.state.timelines, world, 0)
