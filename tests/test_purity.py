"""Chance is keyed: nobody's draws depend on who else exists, on what else happened, or on how the bits are computed."""

import os
import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from numba import config

from sim import rng
from sim.observers.base import StepRecord
from sim.people import expression
from sim.rng import U64
from sim.setting import Setting
from sim.state import records
from sim.state.accounts import DISSENTER, Accounts
from sim.state.posts import Ledger, Posts
from sim.state.truth import TROLL
from sim.world import World
from tests.conftest import ROOT
from tests.worlds import ARMS, HOURS, LIVELY, START, Diary, Shelves, fingerprint, lively, played

TICKS = START + HOURS + 8
ROWS = ("author", "original_author", "target")  # columns of the ledger that name an account by its row


def same_history(first: pd.DataFrame, second: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def without(rows: np.ndarray, accounts: Accounts) -> Accounts:
    return Accounts._make(np.delete(column, rows) for column in accounts)


def named(posts: Posts, accounts: Accounts) -> dict[str, np.ndarray]:
    """Return the columns of posts with identities in place of rows (0 for none)."""
    key = np.append(accounts.key, U64(0))
    return {name: key[column] if name in ROWS else column for name, column in posts._asdict().items()}


class Latent:
    """An observer that keeps what people would do: who comes, when, and with how many intentions on the topic."""

    def __init__(self, seed: int = 5) -> None:
        self.seed = seed
        self.who: list[np.ndarray] = []
        self.second: list[dict[int, int]] = []
        self.intentions: list[dict[int, list[bool]]] = []

    def observe(self, step: StepRecord) -> dict[str, float]:
        active_users, accounts = step.active_users, step.accounts
        who = np.union1d(active_users.active, active_users.absent)
        self.who.append(who)
        self.second.append(dict(zip(active_users.active.tolist(), active_users.second.tolist(), strict=True)))
        self.intentions.append({int(i): self._wishes(accounts, i, step.tick) for i in who})
        return {}

    def _wishes(self, accounts: Accounts, i: int, tick: int) -> list[bool]:
        person = U64(rng.mix(rng.make_key(self.seed, expression._POST, tick), accounts.key[i]))

        def draw(ordinal: int, purpose: np.uint64) -> float:
            return float(rng.draw(U64(rng.mix(person, U64(ordinal))), purpose))

        count = expression._draw_count(
            accounts.intentions_per_session[i], draw(expression.MAX_INTENTIONS, expression._COUNT)
        )
        return [draw(o, expression._TOPIC) < accounts.interest[i] for o in range(count)]


def assert_same_latent(first: Latent, second: Latent) -> None:
    for one, other in zip(first.who, second.who, strict=True):
        np.testing.assert_array_equal(one, other)
    assert first.intentions == second.intentions
    for here, there in zip(first.second, second.second, strict=True):
        assert all(here[i] == there[i] for i in here.keys() & there.keys())


# ---- a silent army


@pytest.fixture(scope="module", params=[60, 10], ids="slices of {} minutes".format)
def minutes(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def silent(minutes: int) -> World:
    return played(lively(activity={"slice": minutes}, campaign={"intensity": 0.0}), TICKS)


@pytest.fixture(scope="module")
def empty(minutes: int) -> World:
    return played(lively(activity={"slice": minutes}, army={"size": 0}), TICKS)


def test_a_silent_army_is_followed_by_dissenters_and_plans(silent: World) -> None:
    trolls = np.flatnonzero(silent.role == TROLL)
    graph, cohort = silent.graph, silent.accounts.cohort
    followers = [graph.followers[graph.followers_start[row] : graph.followers_start[row + 1]] for row in trolls]
    assert all(len(rows) for rows in followers)
    assert (cohort[np.concatenate(followers)] == DISSENTER).any()
    army = silent.state.actors[0]
    assert len(army.plans) == 48  # type: ignore[attr-defined]
    assert all(len(plan.targets) and not plan.intensity for plan in army.plans)  # type: ignore[attr-defined]
    assert silent.accounts.written[trolls].sum() == 0


def test_a_silent_army_leaves_the_world_bit_identical(silent: World, empty: World) -> None:
    trolls = np.flatnonzero(silent.role == TROLL)
    for name, one, other in zip(Accounts._fields, without(trolls, silent.accounts), empty.accounts, strict=True):
        np.testing.assert_array_equal(one, other, err_msg=name)
    assert silent.state.ledger.base == empty.state.ledger.base > 0
    here = named(silent.state.ledger.get_rows(), silent.accounts)
    there = named(empty.state.ledger.get_rows(), empty.accounts)
    for name in Posts._fields:
        np.testing.assert_array_equal(here[name], there[name], err_msg=name)
    same_history(silent.history, empty.history)


def test_one_more_troll_changes_nobody_else_s_draws() -> None:
    few, more = Diary(), Diary()
    first, second = Latent(), Latent()
    small = played(LIVELY, TICKS, few, first)
    large = played(lively(army={"size": LIVELY.army.size + 1}), TICKS, more, second)
    assert_same_latent(first, second)
    added = small.n_organic + LIVELY.army.size
    for name in ("key", "phase", "daily_activity", "willingness", "cohort"):
        np.testing.assert_array_equal(
            getattr(small.accounts, name), np.delete(getattr(large.accounts, name), added), err_msg=name
        )
    # In the campaign's first hour all have seen the same: old members write the same posts at the same seconds.
    before, after = few.moments[START].orders[0].drafts, more.moments[START].orders[0].drafts
    old = after.author != added
    assert len(before.key)
    for name in ("key", "author", "time", "template", "toxicity", "stance_principal", "parent"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name)[old], err_msg=name)


def test_one_more_extremist_changes_nobody_else_s_draws() -> None:
    few, more = Diary(), Diary()
    first, second = Latent(), Latent()
    played(LIVELY, TICKS, few, first)
    world = played(lively(extremists={"size": LIVELY.extremists.size + 1}), TICKS, more, second)
    assert_same_latent(first, second)
    added = len(world.role) - 1
    for before, after in zip(few.moments, more.moments, strict=True):
        old = after.orders[-1].drafts.author != added
        for name in ("key", "author", "time", "appeal"):
            np.testing.assert_array_equal(
                getattr(before.orders[-1].drafts, name), getattr(after.orders[-1].drafts, name)[old], err_msg=name
            )


# ---- the same bits again


def test_a_seed_is_a_world() -> None:
    assert fingerprint(played(LIVELY, 40, seed=7)) == fingerprint(played(LIVELY, 40, seed=7))
    assert fingerprint(played(LIVELY, 40, seed=7)) != fingerprint(played(LIVELY, 40, seed=8))


def test_ticks_in_one_go_or_one_by_one_are_the_same() -> None:
    world = World(LIVELY, rng=5)
    for _ in range(40):
        world.step()
    assert fingerprint(world) == fingerprint(played(LIVELY, 40))


TINY = lively(
    population={"size": 60}, graph={"mean_following": 8.0}, army={"size": 6}, campaign={"start": 6, "hours": 12}
)


def tiny_fingerprint() -> str:
    return fingerprint(played(TINY, 20))


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="compares compiled code with interpreted code")
def test_threads_and_the_compiler_change_no_bit() -> None:
    code = "from tests.test_purity import tiny_fingerprint; print(tiny_fingerprint())"
    words = [sys.executable, "-W", "ignore::RuntimeWarning:sim.rng", "-c", code]
    circumstances = ({"NUMBA_NUM_THREADS": "1"}, {"NUMBA_NUM_THREADS": "2"}, {"NUMBA_DISABLE_JIT": "1"})
    running = [
        subprocess.Popen(words, env={**os.environ, **added}, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for added in circumstances
    ]
    printed = [process.communicate()[0].strip() for process in running]
    assert printed == [tiny_fingerprint()] * len(circumstances)


# ---- arms share their chance


def arms() -> dict[str, Setting]:
    found = {"+".join(arm) or "none": lively(campaign={"tactics": arm}) for arm in ARMS}
    found["equal"] = lively(campaign={"tactics": ("flood", "abuse"), "effort": "equal"})
    return found


def test_arms_are_identical_until_the_campaign_starts() -> None:
    worlds = {name: World(setting, rng=5) for name, setting in arms().items()}
    prints = {name: (world.run(START), fingerprint(world))[1] for name, world in worlds.items()}
    assert len(set(prints.values())) == 1
    prints = {name: (world.run(4), fingerprint(world))[1] for name, world in worlds.items()}
    assert len(set(prints.values())) == len(prints)


@pytest.fixture(scope="module")
def latent() -> Latent:
    kept = Latent()
    played(LIVELY, TICKS, kept)
    return kept


@pytest.mark.parametrize("name", arms())
def test_opportunities_are_the_same_in_every_arm(name: str, latent: Latent) -> None:
    kept = Latent()
    world = played(arms()[name], TICKS, kept)
    assert_same_latent(latent, kept)
    cohort = world.accounts.cohort
    wishes = [sum(sum(found) for i, found in tick.items() if cohort[i] == DISSENTER) for tick in latent.intentions]
    assert world.history["opportunities"].tolist() == wishes
    assert sum(wishes) > 100


def test_suspension_and_return_shift_no_draw(latent: Latent) -> None:
    harsh = {"threshold": 1, "lag": 1, "capacity": 1000, "error": 1.0, "report_opposed": 0.2, "strikes": 1}
    kept, diary = Latent(), Diary()
    world = played(lively(moderation=harsh), TICKS, kept, diary)
    assert_same_latent(latent, kept)
    suspended = np.unique(np.concatenate([step.removals.accounts for step in diary.moments]))
    people = suspended[suspended < world.n_organic]
    returned = [i for i in people if world.accounts.suspended_until[i] <= TICKS and world.accounts.written[i] > 0]
    assert len(people) > 20
    assert returned
    assert world.history["suspended"].sum() > 0


def test_one_more_withheld_post_keeps_all_later_draws() -> None:
    """One dissenter is made timid; others' draws stay, and who reads and feels the same says the same."""
    day = 10
    diaries, latents = (Diary(), Diary()), (Latent(), Latent())
    worlds = [World(LIVELY, rng=5) for _ in range(2)]
    for world, diary, latent in zip(worlds, diaries, latents, strict=True):
        world.observers += [diary, latent]
        world.run(day)
    voiced = worlds[0].accounts.written * (worlds[0].accounts.cohort == DISSENTER)
    person = int(np.argmax(voiced))
    worlds[1].accounts.willingness[person] = -50.0
    worlds[1].accounts.hardcore[person] = False
    for world in worlds:
        world.run(TICKS - day)
    assert_same_latent(*latents)
    assert worlds[1].accounts.written[person] < worlds[0].accounts.written[person]
    compared = differing = 0
    for tick in range(day, TICKS):
        here, there = (
            {i: _session(diary, tick, i) for i in diary.moments[tick].active_users.active.tolist()} for diary in diaries
        )
        both = {i: (here[i], there[i]) for i in here.keys() & there.keys() if i != person}
        for (felt, said), (felt_there, said_there) in both.values():
            differing += felt != felt_there
            if felt == felt_there:
                compared += 1
                assert said == said_there
    assert compared > 200
    assert differing > 100


def _session(diary: Diary, tick: int, i: int) -> tuple[tuple[bytes, ...], tuple[object, ...]]:
    """Return what one person read and became in a tick, and how many and which posts came of it."""
    step = diary.moments[tick]
    r = int(np.searchsorted(step.active_users.active, i))
    felt = (diary.seen_keys[tick][r].tobytes(), *(column[r].tobytes() for column in step.update))
    mine = step.speech.drafts.author == i
    said = (step.speech.voiced[r], step.speech.withheld[r], step.speech.drafts.key[mine].tobytes())
    return felt, said


# ---- bookkeeping


def test_watching_and_recording_change_nothing() -> None:
    world = played(LIVELY, TICKS, Diary(), archive=Shelves())
    assert fingerprint(world) == fingerprint(played(LIVELY, TICKS))


@pytest.mark.parametrize("capacity", [1, 100, 100_000])
def test_freeing_rows_changes_nothing(capacity: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that is freed as it goes against one that keeps every row for ever, with a window of half a day."""
    monkeypatch.setattr("sim.world.WINDOW_SECONDS", 12 * 3600)
    monkeypatch.setattr("sim.world.Ledger", partial(Ledger, capacity=capacity))
    freed = played(LIVELY, TICKS)
    rows = len(freed.state.ledger.columns.key)
    monkeypatch.setattr(Ledger, "_free", lambda self: None)
    kept = played(LIVELY, TICKS)
    assert kept.state.ledger._gone > kept.state.ledger.size
    assert freed.state.ledger.base == kept.state.ledger.base
    assert rows < kept.state.ledger.end or capacity > kept.state.ledger.end
    assert fingerprint(freed) == fingerprint(kept)


def test_the_archive_is_complete_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.world.WINDOW_SECONDS", 12 * 3600)
    shelves = Shelves()
    world = played(LIVELY, TICKS, archive=shelves)
    assert len(shelves.parts) > 0
    posts = shelves.posts(world)
    assert len(posts.key) == world.state.ledger.end
    assert (np.diff(posts.time) >= 0).all()
    assert len(np.unique(posts.key)) == len(posts.key)


@pytest.mark.parametrize(("threads", "minutes"), [(2, 60), (3, 60), (8, 60), (2, 20)])
def test_threads_change_no_bit(threads: int, minutes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = lively(activity={"slice": minutes})
    alone = played(setting, START + 24)
    monkeypatch.setattr(records, "MIN_GROUP_SIZE", 2)
    shared = World(setting, rng=5, threads=threads)
    groups = []
    split = records.split_users
    monkeypatch.setattr(
        "sim.tick.split_users", lambda active_users, n: groups.append(split(active_users, n)) or groups[-1]
    )
    shared.run(START + 24)
    assert fingerprint(shared) == fingerprint(alone)
    assert max(map(len, groups)) == threads
