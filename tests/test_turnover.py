"""Ties that change, sweeps, returns and false reports: what holds, what each moves, and by which path."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.panel import PanelOptions
from experiments.recorder import Recorder
from sim.actors.base import Operators
from sim.actors.contender import Contender
from sim.actors.reporters import Reporters
from sim.mechanisms.channels import Channels
from sim.mechanisms.following import Following
from sim.mechanisms.migration import Migration
from sim.mechanisms.pressure import Pressure
from sim.mechanisms.recruiting import Recruiting
from sim.mechanisms.returns import Returns
from sim.mechanisms.solidarity import Solidarity
from sim.observers.base import Observer, StepRecord
from sim.platform.moderation import Moderation
from sim.setting import Setting
from sim.state.accounts import NEVER, OPINION_THRESHOLD
from sim.state.dynamic_graph import DynamicGraph
from sim.state.graph import Adjacency, Graph, from_edges, list_edges
from sim.state.posts import CONTESTED, REPOST, TOXIC_THRESHOLD
from sim.state.records import BLOCK, FOLLOW, MUTE, UNFOLLOW, EdgeChanges
from sim.state.truth import ORGANIC
from sim.world import World
from tests.worlds import START, Diary, lively, played, view_of

TICKS = START + 23  #: so that the whole run is in memory
FIXED = Following(follow=0.0, refind=0.0, unfollow=0.0, block=0.0, mute=0.0)
CHANGING = Following(follow=0.02, refind=0.5, unfollow=0.05, block=0.4, mute=0.1)
SWEPT = Pressure(start=START + 4, hours=16, lag=2, hit=0.5, false_alarm=0.05)
EVERYTHING = replace(
    lively(population={"size": 120}),
    following=CHANGING,
    returns=Returns(spares=2, delay=3.0, aged=0.4),
    pressure=SWEPT,
    forces=(Reporters(size=4, start=START, hours=20),),
)


# ---- ties


def row(rows: Adjacency, i: int) -> list[int]:
    return rows.item[rows.start[i] : rows.stop[i]].tolist()


def moves(made: Sequence[tuple[int, int, int]]) -> EdgeChanges:
    who, whom, act = np.array(made or np.zeros((0, 3))).T
    return EdgeChanges(who.astype(np.int32), whom.astype(np.int32), act.astype(np.int8))


def same(one: Graph, other: Graph) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@settings(max_examples=60)
@given(st.data())
def test_bonds_are_what_sets_of_pairs_would_be(data: st.DataObject) -> None:
    """Rows grow from nothing, outgrow their room, shrink; both directions and the exact graph follow."""
    n = data.draw(st.integers(2, 12))
    pair = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda ends: ends[0] != ends[1])
    follows = set(data.draw(st.lists(pair, max_size=20)))
    graph = from_edges([i for i, _ in sorted(follows)], [j for _, j in sorted(follows)], n)
    bonds, hidden = DynamicGraph(graph), set[tuple[int, int]]()
    for made in data.draw(st.lists(st.lists(st.tuples(pair, st.integers(0, 3)), max_size=30), max_size=6)):
        bonds.apply_changes(moves([(i, j, act) for (i, j), act in made]))
        for (i, j), act in made:
            if act == FOLLOW:
                follows.add((i, j))
            if act in (UNFOLLOW, BLOCK):
                follows.discard((i, j))
            if act == BLOCK:
                follows.discard((j, i))
            if act in (BLOCK, MUTE):
                hidden.add((i, j))
        for i in range(n):
            assert row(bonds.following, i) == sorted(j for k, j in follows if k == i)
            assert row(bonds.followers, i) == sorted(k for k, j in follows if j == i)
            if bonds.blocked is not None:
                assert row(bonds.blocked, i) == sorted(j for k, j in hidden if k == i)
        ends = sorted(follows)
        assert same(bonds.graph, from_edges([i for i, _ in ends], [j for _, j in ends], n))


def test_one_account_that_everybody_comes_to_follow_costs_memory_in_proportion() -> None:
    n = 3000
    bonds = DynamicGraph(from_edges([], [], n))
    for i in range(1, n):
        bonds.apply_changes(moves([(i, 0, FOLLOW)]))
    assert row(bonds.followers, 0) == list(range(1, n))
    assert len(bonds.followers.item) < 10 * n


def test_until_a_tie_changes_the_graph_is_the_one_that_was_given() -> None:
    graph = from_edges([0, 1, 2], [1, 2, 0], 3)
    bonds = DynamicGraph(graph)
    bonds.apply_changes(moves([]))
    assert bonds.graph is graph
    assert bonds.following.item is graph.following
    assert bonds.blocked is None


# ---- laws of any world


class Watch:
    """An observer that checks what must hold in every hour."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.suspended = world.accounts.suspended_until.copy()
        self.blocked = {i: set[int]() for i in range(len(world.role))}
        self.born = world.state.dynamic_graph.followers
        self.first = {i: set(row(self.born, i)) for i in range(len(world.role))}
        self.returned: set[int] = set()
        self.returns = 0

    def observe(self, step: StepRecord) -> dict[str, float]:
        posts, register = step.posts, step.register
        author = posts.author[step.new]
        assert (self.suspended[author] <= step.tick).all(), "the suspended never post"
        assert (register.opened_at[author] <= step.tick).all(), "nobody posts from an account that is not opened"
        reader, (_, item) = np.repeat(step.active_users.active, np.diff(step.seen.start)), step.seen
        taken = set(step.removals.posts.tolist())
        assert not (set(item[posts.removed[item]].tolist()) - taken), "nobody reads what was removed"
        for i, j in zip(reader.tolist(), item.tolist(), strict=True):
            assert int(posts.author[j]) not in self.blocked[i]
            assert int(posts.original_author[j]) not in self.blocked[i], "nobody reads whom they hide"
        for name in ("fear", "expected_toxicity", "opinion_climate"):
            column = getattr(step.accounts, name)
            assert ((column >= 0.0) & (column <= 1.0)).all(), name
        self._returns(step)
        self._ties(step)
        self._removals(step)
        self.suspended = step.accounts.suspended_until.copy()
        return {}

    def _returns(self, step: StepRecord) -> None:
        """Who comes back has the followers that the account had before the world began, and no other."""
        former = step.register.predecessor
        back = set(np.flatnonzero(former >= 0).tolist()) - self.returned
        follows = self._write_follows(step)
        for i in back:
            assert step.accounts.key[i] == step.accounts.key[former[i]], "a return shifts no draw"
            assert set(row(self.world.state.dynamic_graph.followers, i)) <= self.first[i]
            assert self.first[i] == set() or step.register.opened_at[i] == 0, "only aged accounts have followers"
            assert i not in follows
        self.returned |= back
        self.returns += len(back)

    def _write_follows(self, step: StepRecord) -> set[int]:
        return set(step.edge_changes.whom[step.edge_changes.action == FOLLOW].tolist())

    def _ties(self, step: StepRecord) -> None:
        bonds = self.world.state.dynamic_graph
        source, target = list_edges(bonds.graph)
        turned = np.lexsort((source, target))
        np.testing.assert_array_equal(source[turned], bonds.graph.followers, "graph directions agree")
        assert (source != target).all()
        assert not (step.truth.role[step.edge_changes.who] != ORGANIC).any()
        for i, j, act in zip(*(column.tolist() for column in step.edge_changes), strict=True):
            if act in (BLOCK, MUTE):
                self.blocked[i].add(j)
        if bonds.blocked is not None:
            assert [set(row(bonds.blocked, i)) for i in self.blocked] == list(self.blocked.values())

    def _removals(self, step: StepRecord) -> None:
        removed = step.removals.posts
        assert step.posts.removed[removed].all()
        assert len(np.unique(removed)) == len(removed)
        assert (step.accounts.suspended_until[step.removals.accounts] > step.tick).all()


def watched(setting: Setting, seed: int) -> tuple[World, Watch]:
    world = World(setting, rng=seed)
    watch = Watch(world)
    world.observers.append(watch)
    world.run(TICKS)
    history = world.history
    posts = world.state.ledger.get_rows()
    assert world.state.ledger.base == 0, "the whole run is in memory"
    written = np.bincount(posts.author, minlength=len(world.role))
    np.testing.assert_array_equal(written, world.accounts.written, "ledger and columns agree")
    totals = history[["organic_posts", "army_posts", "extremist_posts"]].sum().sum()
    assert totals == len(posts.key), "ledger and measures agree"
    assert history["dissent_removed"].sum() == np.count_nonzero(posts.dissent & posts.removed)
    assert history["returned"].sum() == watch.returns
    return world, watch


@pytest.fixture(scope="module")
def busy() -> tuple[World, Watch]:
    return watched(EVERYTHING, 5)


def test_all_of_it_happens_in_a_busy_world(busy: tuple[World, Watch]) -> None:
    totals = busy[0].history.sum()
    names = ("suspended_organised", "suspended_dissenters", "returned", "follows", "unfollows", "blocks", "mutes")
    assert [name for name in names if not totals[name]] == []
    register = busy[0].state.register
    assert (register.predecessor >= 0).sum() > (register.opened_at[register.predecessor >= 0] == 0).sum() > 0


def shares() -> st.SearchStrategy[float]:
    return st.sampled_from((0.0, 0.3, 1.0))


RULES = {
    "following": st.none()
    | st.builds(Following, follow=shares(), refind=shares(), unfollow=shares(), block=shares(), mute=shares()),
    "returns": st.none()
    | st.builds(Returns, spares=st.integers(1, 3), delay=st.sampled_from((0.0, 5.0)), aged=shares()),
    "pressure": st.none()
    | st.builds(
        Pressure, start=st.sampled_from((0, START)), hours=st.just(12), lag=st.integers(0, 3), hit=shares(),
        false_alarm=st.sampled_from((0.0, 0.1)), suspension=st.sampled_from((0, 4, 1000)), appeal=st.integers(0, 5),
    ),
    "recruiting": st.none() | st.builds(Recruiting, join=shares()),
    "channels": st.none()
    | st.builds(Channels, rooms=st.integers(1, 3), seats=st.integers(1, 3), hour=st.integers(0, 23), pull=shares(),
                recruit=shares(), detection_rate=shares(), lag=st.sampled_from((0, 24)), raid_fear=shares(),
                invite=shares()),
    "migration": st.none() | st.builds(Migration, flee=shares(), follow=shares(), pursuit=st.integers(0, 9)),
    "solidarity": st.none() | st.builds(Solidarity, rally_posts=st.integers(0, 9), comfort=shares()),
    "forces": st.just(())
    | st.just((Contender(name="first", size=2, recruits=1), Contender(name="second", size=1, recruits=2)))
    | st.tuples(st.builds(Reporters, size=st.integers(0, 3), start=st.just(START), rate=shares())),
}  # fmt: skip


@settings(max_examples=12)
@given(rules=st.fixed_dictionaries(RULES), size=st.integers(1, 60), seed=st.integers(0, 2**63 - 1))
def test_all_laws_hold_in_any_world(rules: dict[str, Any], size: int, seed: int) -> None:
    setting = replace(lively(population={"size": size}), **rules)
    world = World(setting, rng=seed)
    watch = Watch(world)
    world.observers.append(watch)
    world.run(START + 10)


# ---- off is off


def test_rates_of_zero_and_a_sweep_that_never_comes_leave_the_world_as_it_is() -> None:
    bare = lively(population={"size": 100}, moderation={"suspension": 1})
    idle = replace(
        bare,
        following=FIXED,
        returns=Returns(delay=1e6, aged=0.0),
        pressure=Pressure(start=10**6),
        forces=(Reporters(size=3, rate=0.0, start=START),),
    )
    one, other = played(bare, TICKS), played(idle, TICKS)
    common = one.history.columns
    assert (one.history[common].fillna(-1) == other.history[common].fillna(-1)).all().all()
    assert other.state.dynamic_graph.blocked is None
    for column, theirs in zip(one.accounts, other.accounts, strict=True):
        np.testing.assert_array_equal(column, theirs[: len(column)])
    assert not other.accounts.written[len(one.role) :].any()


def test_a_reserve_that_lies_idle_changes_no_draw() -> None:
    """An aged reserve is followed, and nobody notices: it says nothing."""
    harsh = lively(population={"size": 100}, moderation={"suspension": 10**6, "strikes": 1})
    idle = replace(harsh, returns=Returns(aged=1.0, delay=1e6, spares=1))
    one, other = played(harsh, TICKS), played(idle, TICKS)
    assert one.history["suspended"].sum() > 0
    common = one.history.columns
    assert (one.history.fillna(-1) == other.history[common].fillna(-1)).all().all()


class Followed:
    """An observer that checks whom people come to follow: who has just been read, of their own side on both axes."""

    pairs = 0

    def observe(self, step: StepRecord) -> dict[str, float]:
        reader, item = np.repeat(step.active_users.active, np.diff(step.seen.start)), step.seen.item
        s, e = step.accounts.stance_principal[reader], step.accounts.stance_extremist[reader]
        alike = (step.posts.stance_principal[item] * s > 0.0) & (step.posts.stance_extremist[item] * e > 0.0)
        alike &= (step.posts.topic[item] == CONTESTED) & (np.abs(s) > OPINION_THRESHOLD)
        known = set(zip(reader[alike].tolist(), step.posts.original_author[item[alike]].tolist(), strict=True))
        assert (step.edge_changes.action == FOLLOW).all()
        made = set(zip(step.edge_changes.who.tolist(), step.edge_changes.whom.tolist(), strict=True))
        assert made <= known
        self.pairs += len(made)
        return {}


def test_people_come_to_follow_their_own_side_alone() -> None:
    followed = Followed()
    played(replace(lively(), following=replace(FIXED, follow=0.05)), 40, followed)
    assert followed.pairs > 50


# ---- operators


def test_operators_come_back_one_account_at_a_time_until_the_reserve_is_spent() -> None:
    rule, keys = Returns(spares=2, delay=0.0, aged=0.0), np.array([7, 8, 9], np.uint64)
    register = rule.make_register(10 + 6, keys, seed=1)
    crews = [np.array([10 - 3]), np.array([8, 9])]
    world = World(lively(population={"size": 16}, army={"size": 0}, extremists={"size": 0}))
    view, accounts = view_of(world, rule, operators=Operators(crews, keys, 10), register=register), world.accounts
    own = rule.create_state(view)

    def come_back(tick: int) -> list[int]:
        before = register.predecessor.copy()
        rule.follow_up(replace(view, own=own, tick=tick))
        return np.flatnonzero(register.predecessor != before).tolist()

    assert come_back(5) == []
    accounts.suspended_until[[7, 9]] = 100
    assert come_back(6) == [10, 12]
    assert [crew.tolist() for crew in crews] == [[10], [8, 12]]
    assert register.predecessor[[10, 12]].tolist() == [7, 9]
    assert register.opened_at[10:].tolist() == [6, NEVER, 6, NEVER, NEVER, NEVER]
    accounts.suspended_until[12] = 100
    assert come_back(7) == [15]
    accounts.suspended_until[15] = 100
    assert come_back(8) == []


def test_who_is_let_back_in_before_it_is_time_keeps_the_old_account() -> None:
    setting = replace(EVERYTHING, returns=Returns(delay=1e5, aged=0.0))
    world = played(setting, TICKS)
    assert world.history["suspended_organised"].sum() > 0
    assert world.history["returned"].sum() == 0
    rule, rows = Returns(spares=1, delay=20.0, aged=0.0), np.array([3, 4, 5])
    keys, view = np.array([7, 8, 9], np.uint64), view_of(world, rule)
    view = replace(view, operators=Operators([rows], keys, 10), register=rule.make_register(13, keys, seed=1))
    view = replace(view, own=rule.create_state(view))
    world.accounts.suspended_until[rows] = 5
    for tick in range(3, 200):
        rule.follow_up(replace(view, tick=tick))
        assert tick != 4 or (view.own.due > 5).all()
    assert rows.tolist() == [3, 4, 5]


# ---- direction, and through which path


@pytest.fixture(scope="module")
def swept() -> dict[str, World]:
    """Worlds that differ in one thing each."""
    base = replace(lively(population={"size": 150}), pressure=SWEPT, returns=Returns(delay=2.0, aged=0.0))
    return {
        name: played(setting, TICKS)
        for name, setting in {
            "none": replace(base, pressure=None),
            "swept": base,
            "late": replace(base, pressure=replace(SWEPT, lag=12)),
            "blind": replace(base, pressure=replace(SWEPT, bias=1.0)),
            "no hits": replace(base, pressure=replace(SWEPT, hit=0.0, false_alarm=0.0)),
            "found again": replace(
                base, following=Following(follow=0.0, refind=1.0, unfollow=0.0, block=0.0, mute=0.0)
            ),
            "forgotten": replace(base, following=Following(follow=0.0, refind=0.0, unfollow=0.0, block=0.0, mute=0.0)),
        }.items()
    }


def during(world: World, measure: str) -> float:
    return float(world.history[measure].iloc[SWEPT.start : SWEPT.start + SWEPT.hours].sum())


def test_a_sweep_suspends_the_organised_and_later_if_it_detects_later(swept: dict[str, World]) -> None:
    assert during(swept["none"], "suspended_organised") < during(swept["late"], "suspended_organised")
    assert during(swept["late"], "suspended_organised") <= during(swept["swept"], "suspended_organised")
    assert (swept["no hits"].history.fillna(-1) == swept["none"].history.fillna(-1)).all().all()


def test_wrongful_suspensions_go_by_stance(swept: dict[str, World]) -> None:
    biased, blind = (during(swept[name], "suspended_dissenters") for name in ("swept", "blind"))
    assert biased > blind
    assert during(swept["swept"], "suspended_loyalists") >= 0


def calm(*observers: Observer, **changes: Any) -> World:
    """Return a world that was swept, in which nobody else suspends anybody."""
    rule = replace(SWEPT, **changes)
    unreviewed = lively(population={"size": 100}, moderation={"capacity": 0})
    return played(replace(unreviewed, pressure=rule, returns=Returns(spares=3, delay=0.0, aged=0.0)), TICKS, *observers)


@pytest.mark.parametrize("lag", [0, 9])
def test_a_sweep_finds_what_was_said_so_long_ago_and_was_an_opinion(lag: int) -> None:
    diary = Diary()
    calm(diary, lag=lag, hit=0.0, false_alarm=1.0)
    found = 0
    for step in diary.moments:
        posts, hour = step.posts, step.posts.time // 3600
        opinion = (posts.topic == CONTESTED) & (np.abs(posts.stance_principal) > OPINION_THRESHOLD)
        looked = opinion & (hour == step.tick - lag - 1)
        assert np.isin(step.removals.accounts, posts.author[looked]).all()
        found += len(step.removals.accounts)
    assert found > 0


def test_a_wrong_is_righted_on_appeal_and_a_hit_is_not() -> None:
    end = SWEPT.start + SWEPT.hours
    wronged, hit = calm(hit=0.0, false_alarm=1.0, appeal=4), calm(hit=1.0, false_alarm=0.0, appeal=4)
    assert wronged.history["suspended_dissenters"].sum() > 0
    assert wronged.accounts.suspended_until.max() <= end + 4
    assert hit.accounts.suspended_until.max() > SWEPT.suspension


def test_accounts_opened_of_late_are_looked_at_otherwise() -> None:
    """At factor 0 nobody who came back is suspended again; at 1 some are, at a large factor all who do wrong."""
    again = []
    for factor in (0.0, 1.0, 1000.0):
        world = calm(hit=0.2, false_alarm=0.0, newcomer=factor)
        new = world.state.register.predecessor >= 0
        assert new.any()
        again.append((world.accounts.suspended_until[new] > 0).mean())
    assert again[0] == 0.0 < again[1] < again[2]


def test_returned_accounts_are_followed_only_if_they_are_found_again(swept: dict[str, World]) -> None:
    assert swept["forgotten"].history["returned"].sum() > 0
    assert swept["forgotten"].history["returned_followers"].iloc[-1] == 0.0
    assert swept["found again"].history["returned_followers"].iloc[-1] > 0.0


def test_what_swept_accounts_wrote_is_gone(swept: dict[str, World]) -> None:
    world = swept["swept"]
    posts, until = world.state.ledger.get_rows(), world.accounts.suspended_until
    gone = (until[posts.author] > 1000) & (posts.time < (SWEPT.start - SWEPT.lag - 1) * 3600) & (posts.kind != REPOST)
    assert gone.any()
    assert posts.removed[gone].all()


def test_false_reports_remove_dissent_through_the_reviewers_errors() -> None:
    """More dissent is taken down; reviewers who do not err, or do not review, take the effect away."""
    reviewing = Moderation(threshold=2, lag=2, capacity=20, error=0.3, strikes=3, report_toxic=0.05)
    reporters = (Reporters(size=8, start=START, hours=36, rate=0.5),)

    def removed(moderation: Moderation, forces: tuple[Reporters, ...]) -> float:
        setting = replace(lively(population={"size": 100}), moderation=moderation, forces=forces)
        return float(played(setting, TICKS).history["dissent_removed"].sum())

    exact = replace(reviewing, error=0.0)
    assert removed(reviewing, reporters) > removed(reviewing, ())
    assert removed(exact, reporters) <= removed(exact, ()) + 1
    assert removed(replace(reviewing, capacity=0), reporters) == 0.0


def test_who_blocks_is_hit_less_often() -> None:
    block = replace(FIXED, block=1.0)
    setting = lively(population={"size": 100}, campaign={"targets": 5})
    hit, spared = (played(rules, TICKS) for rules in (setting, replace(setting, following=block)))
    n = hit.n_organic
    assert spared.accounts.abuse_received[:n].sum() < hit.accounts.abuse_received[:n].sum()
    posts = spared.state.ledger.get_rows()
    assert ((posts.toxicity >= TOXIC_THRESHOLD) & (posts.target >= 0)).any()


def test_accounts_that_nobody_has_opened_are_in_no_table(tmp_path: Path) -> None:
    with Recorder(tmp_path, PanelOptions(0, 24, ())) as recorder:
        world = World(EVERYTHING, rng=5, archive=recorder)
        recorder.begin(world)
        world.run(TICKS)
        recorder.finish(world)
    accounts, truth = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("accounts", "truth/accounts"))
    opened = world.state.register.opened_at < NEVER
    assert accounts["account_id"].tolist() == truth["account_id"].tolist() == np.flatnonzero(opened).tolist()
    assert not opened.all()
    assert (accounts["predecessor"] >= 0).sum() == world.history["returned"].sum()
    assert set(pd.read_parquet(tmp_path / "posts.parquet")["author"]) <= set(accounts["account_id"])
