"""How the organised hide: off is the world as it was, and each knob does what it says."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sim.actors.base import make_public_view
from sim.actors.evading_actor import PEAK, RHYTHM, EvadingActor, _delay
from sim.actors.evasion import Evasion, add_aged_ties
from sim.errors import InputError
from sim.rng import make_key
from sim.setting import Setting
from sim.state.accounts import Accounts
from sim.state.posts import CONTESTED, REPOST, Posts
from sim.state.truth import ORGANIC, TROLL
from sim.world import World
from tests.worlds import HOURS, START, Shelves, fingerprint, lively, played

TICKS = START + HOURS
RESTING = lively(extremists={"size": 0}, army={"span": 18, "rate": 12.0, "quota": 120, "delay": 0.0, "jitter": 5.0})


def hiding(setting: Setting = RESTING, **knobs: Any) -> Setting:
    return replace(setting, evasion=Evasion(**knobs))


class Ordered:
    """A world that was played, and its posts by trolls with the orders behind them."""

    def __init__(self, setting: Setting, ticks: int = TICKS) -> None:
        shelves = Shelves()
        self.world = played(setting, ticks, archive=shelves)
        self.posts = shelves.posts(self.world)
        order, _ = self.world.state.truth.pop_orders(self.posts.key)
        self.troll = self.world.role[self.posts.author] == TROLL
        self.ordered = order >= 0

    def of(self, which: np.ndarray) -> Posts:
        return Posts._make(column[which] for column in self.posts)

    def pairs(self, window: int = 60) -> int:
        """Count pairs of different trolls that repost the same content within `window` seconds."""
        posts = self.of(self.ordered & (self.posts.kind == REPOST))
        count = 0
        for root in np.unique(posts.root):
            at = np.flatnonzero(posts.root == root)
            near = np.abs(posts.time[at][:, None] - posts.time[at]) <= window
            count += int((near & (posts.author[at][:, None] < posts.author[at])).sum())
        return count


@pytest.fixture(scope="module")
def plain() -> Ordered:
    return Ordered(RESTING)


def test_who_could_hide_and_does_not_changes_no_bit() -> None:
    world = World(RESTING, rng=5)
    trolls = np.flatnonzero(world.role == TROLL)
    world.state.actors = tuple(
        EvadingActor(Evasion(), actor, trolls, world.accounts.key[trolls], 5) for actor in world.state.actors
    )
    world.run(TICKS)
    assert fingerprint(world) == fingerprint(played(RESTING, TICKS))


def test_only_what_acts_in_the_world_changes_it() -> None:
    surface = hiding(paraphrase="rewrite", splitting=8, deletion=1.0)
    assert fingerprint(played(surface, TICKS)) == fingerprint(played(RESTING, TICKS))
    assert not any(isinstance(actor, EvadingActor) for actor in World(surface, rng=5).state.actors)


def test_a_silent_army_that_hides_leaves_people_as_they_are() -> None:
    full = Evasion(jitter=7200.0, participation=0.5, camouflage=0.5, maturity=1.0)
    silent, none = lively(campaign={"intensity": 0.0}), lively(army={"size": 0}, campaign={"intensity": 0.0})
    for setting in (silent, none):
        assert len(setting.forces) == 0
    first = played(replace(silent, evasion=replace(full, participation=1.0, camouflage=0.0)), TICKS)
    second = played(replace(none, evasion=replace(full, participation=1.0, camouflage=0.0)), TICKS)
    people = first.n_organic
    for name, one, other in zip(Accounts._fields, first.accounts, second.accounts, strict=True):
        np.testing.assert_array_equal(one[:people], other[:people], err_msg=name)


def test_delays_keep_every_post_or_lose_what_it_was_about(plain: Ordered) -> None:
    late = Ordered(hiding(jitter=3 * 3600.0), TICKS + 30)
    assert not late.world.state.actors[0].waiting  # type: ignore[attr-defined]
    assert late.posts.time[late.ordered].max() < 3600 * (START + HOURS + 7)
    assert np.array_equal(np.sort(late.posts.time), late.posts.time)
    parent = late.posts.parent[late.ordered]
    assert (parent < np.flatnonzero(late.ordered)).all()
    assert 0.7 < late.ordered.sum() / plain.ordered.sum() < 1.2


@pytest.mark.parametrize("diurnal", [False, True])
def test_delays_are_as_long_as_they_should_be(diurnal: bool) -> None:
    keys, window = np.arange(40_000, dtype=np.uint64), 12 * 3600.0
    time = np.full(len(keys), 10 * 3600)
    _delay(time, keys, make_key(1, np.uint64(2)), window, diurnal)
    late = time - 10 * 3600
    assert late.min() >= 0
    assert late.max() <= window
    grid = np.arange(0.0, window, 10.0)
    density = 1.0 + diurnal * RHYTHM * np.cos(2 * np.pi * (10 * 3600 + grid - PEAK) / 86_400)
    assert late.mean() == pytest.approx(np.average(grid, weights=density), rel=0.01)


def test_jitter_wipes_out_the_trace_of_acting_at_once(plain: Ordered) -> None:
    traces = [plain.pairs(), *(Ordered(hiding(jitter=jitter)).pairs() for jitter in (120.0, 7200.0))]
    assert traces[0] > 1.3 * traces[1] > 1.3 * traces[2], traces


def test_fewer_take_part_and_in_turns(plain: Ordered) -> None:
    some = Ordered(hiding(participation=0.3, rotation=6))
    assert 0 < some.ordered.sum() < 0.6 * plain.ordered.sum()
    assert some.pairs() < 0.5 * plain.pairs()
    posts = some.of(some.ordered)
    turn = posts.time // (6 * 3600)
    members = [set(posts.author[turn == t].tolist()) for t in np.unique(turn)]
    assert all(len(who) < 15 for who in members)
    assert len(set.union(*members)) > 1.5 * 0.3 * 18, "the share is of each turn, not of the army"


def test_a_share_of_the_acts_is_everyday_talk(plain: Ordered) -> None:
    half = Ordered(hiding(camouflage=0.5))
    talk = half.of(half.troll & ~half.ordered)
    assert 0.4 < len(talk.key) / half.troll.sum() < 0.6
    assert (talk.topic != CONTESTED).all()
    assert (talk.stance_principal == 0.0).all()
    assert len(np.unique(talk.kind)) == 3
    assert half.pairs() < plain.pairs()
    assert half.troll.sum() == pytest.approx(plain.troll.sum(), rel=0.15)


def test_everyday_posts_need_no_orders() -> None:
    quiet = Ordered(hiding(lively(extremists={"size": 0}, campaign={"intensity": 0.0}), everyday=12.0))
    trolls = (quiet.world.role == TROLL).sum()
    assert not quiet.ordered.any()
    assert 0.5 < quiet.troll.sum() / (12.0 * trolls * TICKS / 24) < 1.6
    assert (quiet.posts.topic[quiet.troll] != CONTESTED).all()


def test_aged_accounts_live_among_people() -> None:
    world, fresh = (World(hiding(maturity=share), rng=5) for share in (1.0, 0.0))
    trolls, people = np.flatnonzero(world.role == TROLL), np.flatnonzero(world.role == ORGANIC)
    start = world.graph.following_start
    organic = [world.graph.following[start[row] : start[row + 1]] for row in people]
    before = fresh.graph.following_start
    for row, now in zip(people, organic, strict=True):
        then = fresh.graph.following[before[row] : before[row + 1]]
        np.testing.assert_array_equal(now[now < len(people)], then[then < len(people)])
    for one, other in (("following", 0.6), ("followers", 0.6)):
        degree = np.diff(getattr(world.graph, f"{one}_start"))
        assert 0.5 < degree[trolls].mean() / degree[people].mean() < 1.7, other
    assert (np.diff(before)[trolls] == 0).all()


def test_some_age_and_who_has_ties_of_its_own_keeps_them() -> None:
    world = World(RESTING, rng=5)
    band = RESTING.army.create_accounts(world.n_organic, world.n_organic, 5)
    rule = Evasion(maturity=0.5)
    aged = rule.draw_aged(band.accounts.key, 5)
    assert 0 < aged.sum() < len(aged)
    settled = add_aged_ties(rule, band, world.n_organic, world.graph, 5)
    follow = np.isin(world.n_organic + np.arange(len(aged)), settled.source)
    np.testing.assert_array_equal(follow, aged)
    again = add_aged_ties(rule, settled, world.n_organic, world.graph, 5)
    assert again.source.tolist() == settled.source.tolist()


def test_nothing_is_reposted_that_is_gone() -> None:
    world = played(hiding(jitter=3600.0), START + 6)
    hidden = world.state.actors[0]
    assert isinstance(hidden, EvadingActor)
    assert hidden.waiting
    rows = world.state.ledger.get_rows()
    rows.removed[:] = True
    view = make_public_view(world.state.ledger, world.state.topics, world.accounts, world.now)
    assert (hidden.order(view).drafts.parent < 0).all()


@pytest.mark.parametrize(
    ("knobs", "line"),
    [
        ({"jitter": 1e6}, r"Evasion.jitter=1000000.0 must lie in \[0, 43200\]"),
        ({"participation": 2.0}, r"must lie in \[0, 1\]"),
        ({"paraphrase": "swop"}, "did you mean swap"),
        ({"splitting": 9}, r"must lie in \[1, 8\]"),
        ({"diurnal": 1}, "must be true or false"),
    ],
)
def test_a_mistake_is_one_line(knobs: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError, match=line):
        Evasion(**knobs)
