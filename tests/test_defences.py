"""Defences: none at strength 0, blind to the truth, what each one does against a slow loop, and by which path."""

import re
from collections import Counter
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.analysis.losses import check_cells
from sim.actors.counterspeech import CounterSpeech
from sim.mechanisms import defences
from sim.mechanisms.defences import base
from sim.mechanisms.defences.base import Defence, DefenceView, PostView
from sim.mechanisms.defences.publishing import AccountAge, Prompt, RateLimit, ReplyLimit, limit_posts
from sim.mechanisms.defences.ranking import CoordinationRanking, DownRanking, TrendDeduplication, find_coordinated
from sim.mechanisms.defences.suspending import BlockList, Suspension
from sim.mechanisms.returns import Returns
from sim.observers.harm import GROUPS, HITS, Harm
from sim.setting import Setting
from sim.state.accounts import Accounts
from sim.state.graph import Adjacency
from sim.state.posts import ORIGINAL, REPLY, REPOST, TOXIC_THRESHOLD, make_drafts
from sim.state.truth import ORGANIC, ROLES, TROLL
from sim.world import World
from tests.conftest import ROOT
from tests.worlds import LIVELY, START, Diary, fingerprint, lively, played

TICKS = START + 24  #: so that the whole run is in memory
#: Strict enough that each of them acts within the day.
ALL: tuple[Defence, ...] = (
    Suspension(lag=2, min_verdicts=1, hit=1.0, false_alarm=0.1),
    DownRanking(penalty=8.0),
    RateLimit(max_posts=6),
    AccountAge(max_posts=1),
    ReplyLimit(strength=0.5),
    BlockList(strength=0.5, min_replies=1),
    Prompt(hit=1.0),
    TrendDeduplication(),
    CoordinationRanking(penalty=8.0, window=600),
)
NAMES = [type(defence).__name__ for defence in ALL]
BASE = replace(LIVELY, returns=Returns(spares=2, delay=3.0))  # so that some accounts are young
Worlds = dict[str, tuple[World, Diary]]
CHOICES = sorted((ROOT / "conf" / "defence").glob("*.yaml"))
#: What a platform knows of accounts; all else is hidden.
PUBLIC = {"key", "suspended_until"}


@pytest.fixture(scope="module")
def undefended() -> World:
    world = World(BASE, rng=5)
    world.observers.append(Harm())
    world.run(TICKS)
    return world


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    found = {}
    for name, defence in zip(NAMES, ALL, strict=True):
        diary = Diary()
        found[name] = played(replace(BASE, defences=(defence,)), TICKS, diary), diary
    return found


@pytest.mark.parametrize("defence", ALL, ids=NAMES)
def test_at_strength_0_the_world_is_the_one_without(defence: Defence, undefended: World) -> None:
    off = played(replace(BASE, defences=(replace(defence, strength=0.0),)), TICKS)
    assert fingerprint(off) == fingerprint(undefended)


def test_every_defence_there_is_stands_in_these_tests() -> None:
    modules = [import_module(f"sim.mechanisms.defences.{found.name}") for found in iter_modules(defences.__path__)]
    there = {
        name
        for module in modules
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, Defence) and found is not Defence
    }
    assert there == {*NAMES, "DetectorDefence"}, "DetectorDefence, which needs a detector, is held in test_race"
    chosen = {re.search(r"^_target_: \S+\.(\w+)$", path.read_text(), re.MULTILINE) for path in CHOICES}
    assert {found[1] for found in chosen if found} == {*NAMES, "CounterSpeech"}


def test_silent_volunteers_leave_people_bit_identical(undefended: World) -> None:
    silent, nobody = played(replace(BASE, forces=(CounterSpeech(strength=0.0, size=8),)), TICKS), undefended
    volunteers = np.flatnonzero(silent.role == ROLES.index("volunteer"))
    assert len(volunteers) == 8 * (1 + 2), "each has two accounts in reserve"
    people = slice(0, silent.n_organic)
    for name, one, other in zip(Accounts._fields, silent.accounts, nobody.accounts, strict=True):
        np.testing.assert_array_equal(np.asarray(one)[people], np.asarray(other)[people], err_msg=name)
    shared = [name for name in silent.history if name in nobody.history]
    assert {"dissent_posts", "army_posts", "organic_posts", "dissent_impressions"} <= set(shared)
    assert silent.history[shared].equals(nobody.history[shared])


@pytest.mark.parametrize("name", NAMES)
def test_each_defence_acts_and_says_so(name: str, worlds: Worlds, undefended: World) -> None:
    history = worlds[name][0].history
    shown = {
        "Suspension": "suspensions_organised",
        "DownRanking": "demoted_organised",
        "RateLimit": "rejected_organised",
        "AccountAge": "rejected_organised",
        "ReplyLimit": "rejected_organised",
        "BlockList": "blocked_organised",
        "Prompt": "prompts",
        "TrendDeduplication": "uncounted_organised",
        "CoordinationRanking": "demoted_organised",
    }[name]
    assert history[shown].sum() > undefended.history[shown].sum()
    assert fingerprint(worlds[name][0]) != fingerprint(undefended)


@pytest.mark.parametrize("name", NAMES)
def test_the_account_of_dissent_stays_exact(name: str, worlds: Worlds, undefended: World) -> None:
    world, diary = worlds[name]
    check_cells(world.history)
    assert world.history["opportunities"].tolist() == undefended.history["opportunities"].tolist()
    standing = int((world.history["dissent_posts"] - world.history["dissent_removed"]).sum())
    posts = world.state.ledger.get_rows()
    assert world.state.ledger.base == 0
    assert standing == int(np.count_nonzero(posts.dissent & ~posts.removed))
    assert len(diary.moments) == TICKS


# ---- blind


def hidden(world: World) -> tuple[Accounts, Any]:
    """Return accounts and posts of a world whose hidden columns are scrambled."""
    mix = np.random.default_rng(1).permutation(len(world.accounts.key))
    accounts = world.accounts._replace(
        **{name: column[mix] for name, column in world.accounts._asdict().items() if name not in PUBLIC}
    )
    posts = world.state.ledger.get_rows()
    blind = {name: getattr(posts, name)[::-1].copy() for name in ("dissent", "stance_principal", "stance_extremist")}
    return accounts, posts._replace(**blind)


def site(world: World, accounts: Accounts, posts: Any) -> DefenceView:
    state = world.state
    return base.make_defence_view(
        accounts, state.register, state.dynamic_graph.following, posts, state.ledger.base, 5, world.now - 1
    )


def decisions(defence: Defence, where: DefenceView) -> list[Any]:
    new = where.find_rows(where.tick, where.tick + 1)
    rows = np.arange(new.start, new.stop)
    acts = PostView._make(column[new] for column in where.posts)
    found = [defence.ask(acts, where), defence.admit(acts, where), defence.demote(rows, where)]
    return [*found, defence.discount(rows, where), defence.list_blocks(where), *defence.suspend(where)]


@pytest.mark.parametrize("defence", ALL, ids=NAMES)
def test_a_defence_sees_no_truth_and_nobody_s_mind(defence: Defence, undefended: World) -> None:
    accounts, posts = hidden(undefended)
    seeing = decisions(defence, site(undefended, undefended.accounts, undefended.state.ledger.get_rows()))
    blind = decisions(defence, site(undefended, accounts, posts))
    for one, other in zip(seeing, blind, strict=True):
        np.testing.assert_equal(one, other)


def struck(defence: Defence, where: DefenceView) -> list[set[Any]]:
    """Return the cases in which a defence acts: drafts asked and held, posts lowered and uncounted, accounts."""
    asked, admitted, lost, uncounted, moves, suspended, _ = decisions(defence, where)
    return [
        set(np.flatnonzero(asked.shown)) if asked else set(),
        set(np.flatnonzero(~admitted)) if admitted is not None else set(),
        set(np.flatnonzero(lost)) if lost is not None else set(),
        set(uncounted), set(zip(moves.who.tolist(), moves.whom.tolist(), strict=True)), set(suspended),
    ]  # fmt: skip


@pytest.mark.parametrize("defence", ALL, ids=NAMES)
def test_a_stronger_defence_acts_where_a_weaker_one_does_and_elsewhere(defence: Defence, undefended: World) -> None:
    last = site(undefended, undefended.accounts, undefended.state.ledger.get_rows())
    grew = False
    for tick in range(START, TICKS):
        seen = last.find_rows(0, tick + 1)
        where = last._replace(tick=tick, posts=PostView._make(column[seen] for column in last.posts))
        weak, strong = (struck(replace(defence, strength=strength), where) for strength in (0.3, 0.9))
        assert all(few <= many for few, many in zip(weak, strong, strict=True))
        grew |= weak != strong
    assert grew


def test_nothing_hidden_is_in_what_a_defence_is_given() -> None:
    minds = {
        "stance_principal",
        "stance_extremist",
        "fear",
        "opinion_climate",
        "reaction",
        "cohort",
        "willingness",
        "dissent",
    }
    assert not minds & {*PostView._fields, *DefenceView._fields}
    assert not {"role", "truth", "officer", "order", "tactic"} & {*PostView._fields, *DefenceView._fields}


# ---- what each does, against slow loops


def acts(**columns: Any) -> PostView:
    n = len(next(iter(columns.values())))
    blank = base.make_post_view(make_drafts(n))
    columns.setdefault("key", np.arange(1, n + 1))
    typed = {name: np.asarray(column).astype(getattr(blank, name).dtype) for name, column in columns.items()}
    return blank._replace(**typed)


def place(posts: PostView, tick: int, accounts: int = 6, following: Any = ()) -> DefenceView:
    item = np.array([b for a in range(accounts) for x, b in sorted(following) if x == a], np.int32)
    degree = np.bincount([x for x, _ in following], minlength=accounts)
    stop = np.cumsum(degree)
    rows = Adjacency(stop - degree, stop, item)
    zeros = np.zeros(accounts, np.int64)
    key = np.arange(100, 100 + accounts, dtype=np.uint64)
    return DefenceView(7, tick, key, zeros, zeros, rows, 0, posts, np.zeros(len(posts.key), np.bool_))


@settings(max_examples=60)
@given(st.data())
def test_a_limit_is_a_count_of_each_author_s_day(data: st.DataObject) -> None:
    tick, most = 30, data.draw(st.integers(0, 4))
    times = sorted(data.draw(st.lists(st.integers(0, 30 * 3600 - 1), max_size=30)))
    authors = data.draw(st.lists(st.integers(0, 5), min_size=len(times), max_size=len(times)))
    coming = data.draw(
        st.lists(st.tuples(st.integers(0, 3599), st.integers(0, 5), st.booleans()), min_size=1, max_size=20)
    )
    seconds, who, forced = zip(*coming, strict=True)
    new = acts(author=who, time=30 * 3600 + np.array(seconds))
    where = place(acts(author=authors, time=times), tick)
    kept = limit_posts(new, where, np.full(6, most), np.array(forced))
    count = Counter(a for a, t in zip(authors, times, strict=True) if t >= 7 * 3600)
    for d in sorted(range(len(who)), key=lambda d: (seconds[d], d)):
        allowed = count[who[d]] < most or not forced[d]
        count[who[d]] += allowed
        assert kept[d] == allowed


def test_a_day_is_the_present_hour_and_the_23_before() -> None:
    new = acts(author=[0, 0], time=30 * 3600 + np.arange(2))
    where = place(acts(author=[0, 0], time=[7 * 3600 - 1, 7 * 3600]), 30)
    assert limit_posts(new, where, np.full(6, 2), np.ones(2, np.bool_)).tolist() == [True, False]


def test_only_young_accounts_are_slowed() -> None:
    new = acts(author=[0, 0, 0, 1, 1, 1], time=30 * 3600 + np.arange(6))
    where = place(acts(author=[], time=[]), 30)
    where = where._replace(opened_at=np.array([0, 20, 0, 0, 0, 0]))
    assert AccountAge(max_posts=1, young=24).admit(new, where).tolist() == [True, True, True, True, False, False]
    assert AccountAge(max_posts=1, young=10).admit(new, where).all()


def test_only_who_is_followed_may_answer() -> None:
    new = acts(author=[1, 2, 2, 0], kind=[REPLY, REPLY, ORIGINAL, REPLY], target=[0, 0, 0, 0])
    where = place(acts(author=[], time=[]), 3, following=[(0, 1)])
    assert ReplyLimit(strength=1.0).admit(new, where).tolist() == [True, False, True, True]


def test_prompts_do_what_the_study_found() -> None:
    n = 20_000
    new = acts(toxicity=np.tile([0.9, 0.1], n))
    asked = Prompt(hit=1.0).ask(new, place(new, 1))
    assert asked.shown.tolist() == [True, False] * n
    assert asked.civil.sum() / n == pytest.approx(0.22, abs=0.01)
    assert asked.dropped.sum() / n == pytest.approx(0.09, abs=0.01)
    assert not (asked.civil & asked.dropped).any()


def test_orders_are_carried_out_whatever_a_prompt_says(worlds: Worlds) -> None:
    world, diary = worlds["Prompt"]
    held = np.concatenate([step.defence_effects.rejected.author for step in diary.moments])
    assert len(held)
    assert (world.role[held] == ORGANIC).all()
    abusive = [posts.toxicity[new] >= TOXIC_THRESHOLD for posts, new in ((m.posts, m.new) for m in diary.moments)]
    assert sum(map(np.count_nonzero, abusive))


def test_what_is_posted_together_is_found() -> None:
    kinds = [REPOST, REPOST, REPOST, ORIGINAL, ORIGINAL, ORIGINAL, ORIGINAL]
    posts = acts(
        kind=kinds, root=[3, 3, 3, -1, -1, -1, -1], template=[-1, -1, -1, 5, 5, -1, -1],
        author=[0, 1, 2, 3, 3, 4, 5], time=[10, 60, 200, 10, 20, 10, 11],
    )  # fmt: skip
    assert find_coordinated(posts, 60).tolist() == [True, True, False, False, False, False, False]


def test_the_original_that_is_pushed_loses_too() -> None:
    posts = acts(
        kind=[ORIGINAL, REPOST, REPOST, ORIGINAL], root=[0, 0, 0, 3], author=[4, 0, 1, 2], time=[0, 3600, 3610, 3620]
    )
    points = CoordinationRanking(penalty=3.0).demote(np.arange(4), place(posts, 1))
    assert points.tolist() == [3.0, 3.0, 3.0, 0.0]


def test_repeats_do_not_count_for_trends() -> None:
    posts = acts(
        author=[0, 0, 1, 2, 3, 4], topic=[1, 1, 1, 1, 2, 2], template=[-1, -1, 9, 9, -1, -1],
        kind=[ORIGINAL, ORIGINAL, ORIGINAL, ORIGINAL, REPOST, REPOST], root=[0, 1, 2, 3, 77, 77], time=np.arange(6),
    )  # fmt: skip
    assert TrendDeduplication().discount(np.arange(6), place(posts, 0)).tolist() == [1, 3, 5]


def test_trends_count_what_is_left(worlds: Worlds) -> None:
    world, diary = worlds["TrendDeduplication"]
    written = sum(m.new.stop - m.new.start for m in diary.moments)
    uncounted = sum(len(m.defence_effects.uncounted) for m in diary.moments)
    assert int(world.state.topics.counts.sum()) == written - uncounted
    assert uncounted


def test_who_is_taken_for_abusive_often_enough_is_suspended_with_a_lag() -> None:
    posts = acts(author=[1, 1, 2, 3], toxicity=[0.9, 0.9, 0.9, 0.1], time=[0, 1, 2, 3])
    rule = Suspension(lag=4, min_verdicts=2, hit=1.0, false_alarm=0.0, hours=12)
    assert [rule.suspend(place(posts, tick))[0].tolist() for tick in (3, 4, 27, 28)] == [[], [1], [1], []]


def test_false_alarms_hit_the_innocent() -> None:
    suspended = [
        played(replace(BASE, defences=(Suspension(lag=2, min_verdicts=1, false_alarm=rate),)), TICKS).history
        for rate in (0.0, 0.3)
    ]
    innocent = [sum(h[f"suspensions_{whom}"].sum() for whom in GROUPS[:4]) for h in suspended]
    assert innocent[0] < innocent[1]


def test_a_list_is_shared_by_who_subscribes() -> None:
    posts = acts(author=[1, 1, 2], kind=[REPLY] * 3, toxicity=[0.9, 0.9, 0.9], time=[0, 3600, 3601])
    moves = BlockList(strength=1.0, min_replies=2).list_blocks(place(posts, 1))
    assert set(moves.whom.tolist()) == {1}
    assert sorted(moves.who.tolist()) == list(range(6))
    assert not len(BlockList(strength=1.0, min_replies=2).list_blocks(place(posts, 2)).who)


def test_volunteers_stand_by_who_was_abused() -> None:
    diary = Diary()
    world = played(replace(BASE, forces=(CounterSpeech(size=8),)), TICKS, diary)
    volunteers = np.flatnonzero(world.role == ROLES.index("volunteer"))
    posts = world.state.ledger.get_rows()
    theirs = np.flatnonzero(np.isin(posts.author, volunteers))
    assert len(theirs)
    assert (posts.kind[theirs] == REPLY).all()
    assert (posts.toxicity[theirs] == 0.0).all()
    abused = set(posts.target[(posts.toxicity >= TOXIC_THRESHOLD) & (posts.target >= 0)].tolist())
    assert set(posts.target[theirs].tolist()) <= abused


# ---- counting


def test_harm_counts_every_hit_once(worlds: Worlds) -> None:
    world, diary = worlds["RateLimit"]
    civil = sum(
        int(
            np.count_nonzero(
                (m.defence_effects.rejected.toxicity < TOXIC_THRESHOLD)
                | (world.role[m.defence_effects.rejected.author] != ORGANIC)
            )
        )
        for m in diary.moments
    )
    assert civil == sum(int(world.history[f"rejected_{whom}"].sum()) for whom in GROUPS)
    trolls = sum(int(np.count_nonzero(world.role[m.defence_effects.rejected.author] == TROLL)) for m in diary.moments)
    assert 0 < trolls <= world.history["rejected_organised"].sum()
    assert {f"{hit}_{whom}" for hit in HITS for whom in GROUPS} <= set(world.history)


def test_defences_together_and_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    setting: Setting = replace(lively(population={"size": 120}), defences=ALL, forces=(CounterSpeech(size=4),))
    alone = played(setting, START + 10)
    monkeypatch.setattr("sim.state.records.MIN_GROUP_SIZE", 2)
    shared = World(setting, rng=5, threads=3)
    shared.run(START + 10)
    assert fingerprint(shared) == fingerprint(alone)


def test_a_fork_keeps_its_defences() -> None:
    setting = replace(BASE, defences=ALL)
    trunk = World(setting, rng=3)
    trunk.run(START)
    branch = trunk.fork(setting.campaign)
    branch.run(8)
    assert fingerprint(branch) == fingerprint(played(setting, START + 8, seed=3))
