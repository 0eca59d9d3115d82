"""What the attacked and those around them do afterwards: facts 21, 22 and 23 on data whose answer is known."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from experiments.facts import targets
from experiments.facts.recording import Recording
from sim.state.accounts import DISSENTER
from sim.state.posts import ORIGINAL, REPLY
from tests.fact_recordings import HOUR, recording


def conversation(author: int, others: list[tuple[int, float]], answers: bool, at: float = 1.0) -> list[tuple[Any, ...]]:
    """Return an original, replies of others with a toxicity each, and perhaps a later reply of its author.

    Posts are (author, kind, place of the parent in the list, target, toxicity, hour).
    """
    rows: list[tuple[Any, ...]] = [(author, ORIGINAL, -1, -1, 0.0, at)]
    rows += [(who, REPLY, 0, author, toxicity, at + 1 + n) for n, (who, toxicity) in enumerate(others)]
    return rows + ([(author, REPLY, 1, others[0][0], 0.0, at + 20)] if answers else [])


def talk(conversations: list[list[tuple[Any, ...]]], **given: Any) -> Recording:
    """Return a recording of conversations, one after the other."""
    rows: list[tuple[Any, ...]] = []
    for one in conversations:
        first = len(rows)
        rows += [(a, k, p + first if p >= 0 else -1, t, x, h) for a, k, p, t, x, h in one]
    author, kind, parent, target, toxicity, hour = map(list, zip(*rows, strict=True))
    time = (np.array(hour) * HOUR).astype(np.int64)
    return recording(author=author, kind=kind, parent=parent, target=target, toxicity=toxicity, time=time, **given)


def test_engagement_is_compared_among_conversations_of_one_size_and_after_the_attack() -> None:
    run = talk(
        [
            conversation(0, [(1, 0.9)], answers=True),
            conversation(0, [(1, 0.9)], answers=False),
            conversation(1, [(2, 0.0)], answers=True),
            *[conversation(2, [(1, 0.0)], answers=False)] * 3,
            *[conversation(3, [(1, 0.0)] * 5, answers=True)] * 4,  # nobody attacked has so many replies
            conversation(2, [], answers=False),  # nobody joined
            conversation(3, [(1, 0.0)], answers=True, at=200.0),  # too late to be settled
            conversation(4, [(0, 0.0)], answers=True),  # an account of the army
        ],
        people=4,
        army=1,
    )
    assert targets.measure_engagement(run) == pytest.approx(100 * (1 / 2 - 1 / 4))  # over all: 1/2 - 5/8
    run.before.public[1:] = True
    assert math.isnan(targets.measure_engagement(run, public_only=True))  # nobody public was attacked
    run.before.public[0] = True
    assert targets.measure_engagement(run, public_only=True) == targets.measure_engagement(run)


def test_who_replied_before_the_attack_did_not_engage_and_attacks_on_others_are_left_out() -> None:
    before = [(0, ORIGINAL, -1, -1, 0.0, 1), (0, REPLY, 0, 1, 0.0, 2), (1, REPLY, 0, 0, 0.9, 3)]
    nested = [
        (0, ORIGINAL, -1, -1, 0.0, 1),
        (1, REPLY, 0, 0, 0.0, 2),
        (2, REPLY, 1, 1, 0.9, 3),
        (0, REPLY, 1, 1, 0.0, 4),
    ]
    found = targets.list_conversations(talk([before, nested, conversation(0, [(1, 0.0)], answers=True)]))
    assert found.was_attacked.tolist() == [True, False]
    assert found.is_answered.tolist() == [False, True]


def spell(person: int, early: int, today: int, after: int) -> list[tuple[Any, ...]]:
    """Return originals of a person: before the eighth day, on it, in the week after."""
    hours = [10.0] * early + [170.0] * today + [200.0] * after
    return [(person, ORIGINAL, -1, -1, 0.0, hour) for hour in hours]


def attack(target: int, hour: float, toxicity: float = 0.9) -> list[tuple[Any, ...]]:
    return [(7, ORIGINAL, -1, target, toxicity, hour)]


def test_silence_after_an_attack_is_of_people_as_active_who_were_there() -> None:
    run = talk(
        [
            spell(0, 2, 0, 0), spell(1, 1, 1, 3), attack(0, 180), attack(1, 190),  # attacked: half are silent
            spell(2, 1, 1, 0), spell(3, 1, 1, 1), spell(4, 1, 1, 1), spell(5, 0, 1, 1),  # spared: a quarter
            spell(6, 2, 0, 0),  # was not there on the day
            spell(7, 1, 1, 0), attack(7, 20),  # attacked before
            spell(8, 9, 1, 0),  # more active
            attack(2, 170, toxicity=0.1), attack(3, 250),  # civil, and after the day
            [(1, ORIGINAL, -1, -1, 0.0, 370)],  # after the week
        ],
        people=9,
        ticks=384,
    )  # fmt: skip
    assert targets.measure_silence(run, 1, 4) == pytest.approx(100 * (1 / 2 - 1 / 4))
    assert targets.measure_spared_silence(run, 1, 4) == 0.25
    assert targets.measure_activity_change(run, 1) == pytest.approx(100 * ((3 / 4 - 1) - (3 / 17 - 1)))
    assert math.isnan(targets.measure_silence(run, 5, 11))  # nobody attacked is so active
    short = dataclasses.replace(run, ticks=359)
    assert math.isnan(targets.measure_silence(short, 1, 4))
    assert math.isnan(targets.measure_spared_silence(short, 1, 4))
    assert math.isnan(targets.measure_activity_change(short, 1))


def punished(dissent: dict[int, int], sent: list[tuple[int, int, float]]) -> Recording:
    """Return six people, of whom 0 to 2 are prominent, 3 and 4 follow 0, 5 follows 2; `dissent` posts by person."""
    author = np.repeat(list(dissent), list(dissent.values()))
    author = np.concatenate((author, [0, 3], [who for who, _, _ in sent]))
    count = len(author) - len(sent)
    run = recording(
        people=6,
        army=1,
        author=author,
        dissent=[True] * (count - 1) + [False] * (1 + len(sent)),
        time=np.concatenate((np.full(count - 2, 100), [20, 100], np.full(len(sent), 80))) * HOUR,  # 0's last is early
        target=np.concatenate((np.full(count, -1), [whom for _, whom, _ in sent])),
        toxicity=np.concatenate((np.zeros(count), [toxicity for _, _, toxicity in sent])),
    )
    run.before.public[:3] = True
    run.before.cohort[:6] = DISSENTER
    return dataclasses.replace(run, follows=(np.array([3, 4, 5], np.int32), np.array([0, 0, 2], np.int32)))


def test_the_punished_and_their_followers_are_compared_with_themselves() -> None:
    abuse = [(6, 0, 0.9), (6, 4, 0.9), (6, 1, 0.1), (2, 1, 0.9)]  # to 0 and 4; civil to 1; by no army to 1
    loud = punished({0: 1, 1: 3, 2: 3, 3: 6, 4: 1, 5: 9}, abuse)
    quiet = punished({0: 4, 1: 2, 2: 2, 3: 2, 4: 4, 5: 2}, [])
    assert targets.measure_punished(loud, quiet) == 0.25
    assert targets.measure_punished_followers(loud, quiet) == 3.0  # 4 was sent abuse, 5 follows nobody punished
    assert targets.measure_other_prominent(loud, quiet) == 1.5
    assert math.isnan(targets.measure_punished(quiet, loud))  # nobody was sent any
