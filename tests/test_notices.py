"""Notices: replies and reposts bring people back to read, and change no intention."""

import numpy as np
import pytest

from sim.state.truth import TROLL
from tests.worlds import HOURS, START, Diary, lively, played

TICKS = START + HOURS
SILENT = {"size": 0}


def watch(**changes: dict[str, float]) -> Diary:
    diary = Diary()
    played(lively(**changes), TICKS, diary)
    return diary


def test_notices_change_no_intention_whatever_an_army_writes() -> None:
    worlds = [watch(activity={"notified": 0.3}), watch(activity={"notified": 0.3}, army=SILENT), watch(army=SILENT)]
    for steps in zip(*(diary.moments for diary in worlds), strict=True):
        keys = [sorted(step.speech.dissenting.key.tolist()) for step in steps]
        assert keys[0] == keys[1] == keys[2]


def test_who_returns_reads_and_writes_nothing() -> None:
    returned = read = 0
    for step in watch(activity={"notified": 0.5}).moments:
        back = step.active_users.active[step.active_users.returns]
        returned += len(back)
        read += int(np.diff(step.seen.start)[step.active_users.returns].sum())
        assert not np.isin(step.posts.author[step.new], back).any()
        assert not step.speech.decided[step.active_users.returns].any()
    assert returned > 100
    assert read > returned
    assert not any(step.active_users.returns.any() for step in watch().moments), "by default nobody returns"


def test_certain_notices_bring_back_everybody_who_is_there() -> None:
    """Nobody is left with an unread reply or repost of the hour before, unless suspended or gone."""
    diary = Diary()
    world = played(lively(activity={"notified": 1.0}), TICKS, diary)
    last, people = diary.moments[-1], world.n_organic
    here = np.isin(np.arange(people), last.active_users.active)
    there = ~world.accounts.has_left[:people] & (world.accounts.suspended_until[:people] <= last.tick)
    before = world.state.ledger.get_rows().time < 3600 * last.tick
    rows = world.state.ledger.get_rows()
    answered = np.isin(np.arange(people), rows.target[before & (rows.time >= 3600 * (last.tick - 1))])
    assert (answered & there).sum() > 5
    assert here[answered & there].all()


@pytest.mark.parametrize("minutes", [60, 10])
def test_the_attacked_read_abuse_sooner(minutes: int) -> None:
    waits = []
    for notified in (0.0, 0.5):
        delays = []
        for step in watch(activity={"notified": notified, "slice": minutes}, reaction={"leave_abuse": 0.0}).moments:
            reader = np.repeat(step.active_users.active, np.diff(step.seen.start))
            item = step.seen.item[step.posts.target[step.seen.item] == reader]
            item = item[step.truth.role[step.posts.author[item]] == TROLL]
            delays += (3600 * step.tick - step.posts.time[item]).tolist()
        waits.append(np.mean(delays))
    assert waits[1] < 0.8 * waits[0]
