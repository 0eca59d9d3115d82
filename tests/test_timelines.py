"""Timelines that follow the ledger hold what timelines laid out anew would hold."""

from dataclasses import replace

import numpy as np
import pytest

from sim.platform.moderation import Moderation
from sim.platform.timelines import Timelines
from sim.world import World
from tests.worlds import LIVELY


def content(timelines: Timelines, world: World, oldest: int) -> list[list[tuple[int, int, int, float]]]:
    """Return, author by author, (serial, voice, serial of the content, score) of the rows from `oldest` on."""
    runs, first = timelines.runs, world.state.ledger.base + oldest
    return [
        [
            (
                int(runs.mark[x]) + runs.first,
                int(runs.voice[x]),
                int(runs.content[x]) + runs.first,
                float(runs.score[x]),
            )
            for x in range(runs.start[a], runs.stop[a])
            if runs.mark[x] + runs.first >= first
        ]
        for a in range(len(runs.start))
    ]


def oldest_at_home(world: World) -> int:
    times = world.state.ledger.rows().time
    return int(np.searchsorted(times, 3600 * (world.now - world.setting.attention.memory)))


def laid_out_anew(world: World, oldest: int) -> Timelines:
    fresh = Timelines(len(world.role))
    fresh.lay_out(world.state.ledger.rows(), world.state.ledger.base, oldest)
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
        removed += int(world.state.ledger.rows().removed[oldest:].sum())
        assert content(world.state.timelines, world, oldest) == content(laid_out_anew(world, oldest), world, oldest)
    assert removed > 100


def test_a_timeline_that_outgrows_its_room_moves_and_loses_nothing() -> None:
    world = World(LIVELY, rng=5)
    world.run(30)
    ledger, posts = world.state.ledger, world.state.ledger.rows()
    author = 3
    alone = posts._replace(author=np.full_like(posts.author, author))  # all of it by one author
    grown = Timelines(len(world.role))
    grown.lay_out(alone._replace(**{name: getattr(alone, name)[:5] for name in alone._fields}), ledger.base, 0)
    room = int(grown.runs.room[author] - grown.runs.start[author])
    for row in range(5, 5 + 2 * room):
        grown.take(alone, ledger.base, slice(row, row + 1), np.zeros(0, np.int64), 0)
    kept = grown.runs.mark[grown.runs.start[author] : grown.runs.stop[author]]
    expected = np.flatnonzero(~posts.removed[: 5 + 2 * room])
    assert (kept == expected).all()


def test_the_newest_of_a_timeline_is_its_last_and_nobody_s_is_none() -> None:
    world = World(LIVELY, rng=6)
    world.run(40)
    runs = world.state.timelines.runs
    some = runs.stop > runs.start
    assert some.any()
    assert (~some).any()
    assert (runs.newest[some] == runs.mark[runs.stop[some] - 1]).all()
    assert (runs.newest[~some] == -1).all()
