"""Each share is of those that it names: wrong denominators, or the wrong world, give other numbers."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from experiments.facts.facts import FACTS
from experiments.facts.recording import Recording
from sim.state.posts import CONTESTED, ORIGINAL, REPLY, REPOST
from tests.fact_recordings import recording, with_after


def crowd(**columns: Any) -> Recording:
    """Return a recording of 200 people, four army accounts and three extremists; the organised did and bore much."""
    run = recording(people=200, army=4, extremists=3, **columns)
    for name in ("decided", "exposures", "witnessed", "reported"):
        getattr(run.counts, name)[200:] = 7
    run.counts.left_at[200:] = 100
    return with_after(run, **{name: np.arange(207) >= 200 for name in ("abuse_received", "withheld")})


def make_crowds() -> Any:
    """Return two worlds of one seed in which shares of other groups, or of the other world, are other numbers."""
    # Of 200 people ten write five posts, twenty write two, thirty one; the army's four write ten each, and extremists
    writes = np.repeat([5, 2, 1, 0, 10, 12], [10, 20, 30, 140, 4, 3])
    author = np.repeat(np.arange(207), writes)
    count, people = len(author), author < 200
    kind = np.full(count, REPLY)
    kind[people] = np.repeat([ORIGINAL, REPLY, REPOST], [18, 40, 62])
    first = np.flatnonzero(np.diff(author, prepend=-1))  # the first post of each
    topic = np.full(count, 3)
    topic[first[:40]] = CONTESTED  # forty people write on it: one of them five times, three twice
    topic[first[0] + 1 : first[0] + 5] = topic[first[10:13] + 1] = CONTESTED
    topic[~people] = CONTESTED
    toxicity, target = np.zeros(count), np.full(count, -1)
    toxicity[first[50:53]] = 0.5
    toxicity[~people] = 0.9
    target[first[30:56]] = 1  # public, and answered by 26, three of them in anger
    target[first[56:60]] = 2
    toxicity[first[56:58]] = 0.7
    target[~people] = 1
    quiet = crowd(author=author, kind=kind, topic=topic, toxicity=toxicity, target=target)
    quiet.before.public[1] = True
    quiet.counts.reported[:] = 0
    quiet.counts.reported[[0, 1, 2, 204]] = [5, 3, 2, 9]
    quiet.counts.witnessed[:90] = 1
    quiet.counts.decided[:50] = 1
    quiet.after.withheld[:3] = 1

    loud = crowd(author=[0, 0, 1, 204, 205], toxicity=np.ones(5))
    abused, others = np.arange(0, 70), np.arange(70, 200)
    loud.after.abuse_received[abused] = 2
    loud.counts.decided[abused[:50]] = loud.counts.decided[others[:80]] = 3
    loud.after.withheld[abused[:15]] = loud.after.withheld[others[:12]] = 1
    loud.counts.left_at[abused[5:14]] = 100
    loud.counts.left_at[others[5:10]], loud.counts.left_at[others[-13:]] = 150, 20
    loud.delivered[:60], loud.delivered[200:] = np.repeat([90, 10, 5], [1, 1, 58]), 50
    loud.counts.exposures[:40] = np.repeat([30, 20, 10, 1], [1, 1, 2, 36])
    loud.counts.witnessed[:11] = loud.counts.reported[:5] = 1
    return SimpleNamespace(quiet=quiet, operation=loud)


#: By fact and part, in the part's unit. Beside each: what other denominators would give.
OF_THE_CROWD = {
    (1, "written by the top 10%, %"): 100 * 70 / 120,  # 25 of those who post, 76 of all accounts and posts
    (1, "written by the top 25%, %"): 100 * 110 / 120,
    (2, "reposts, %"): 100 * 62 / 120,  # 32 of all accounts' posts
    (2, "replies, %"): 100 * 40 / 120,
    (2, "originals, %"): 100 * 18 / 120,
    (3, "contested posts by the top 10%, %"): 100 * 27 / 47,  # 11 of those who write on it
    (8, "of all posts, %"): 100 * 5 / 120,  # 41 of all accounts' posts
    (8, "of replies to public targets, %"): 100 * 3 / 26,  # 17 of all replies to somebody
    (9, "accounts with half of reports, %"): 100 * 2 / 207,  # of 200 people, or of the four reported
    (10, "abused with a say, withheld, %"): 100 * 15 / 50,  # 21 of all with a say, 14 of everybody
    (10, "all abused, left, %"): 100 * 9 / 70,  # 7 of everybody
    (10, "all abused, withheld, %"): 100 * 15 / 70,
    (11, "others with a say, withheld, %"): 100 * 12 / 80,  # 9 of all others
    (11, "the same, quiet world, %"): 100 * 3 / 50,
    (11, "witnessed abuse, quiet world, %"): 100 * 90 / 200,
    (12, "abused over others, who left"): (9 / 70) / (5 / 117),  # of the others there when the campaign began
    (18, "in home feeds of the top 1%, %"): 100 * 100 / 390,  # 23 of those reached
    (18, "impressions on the top 1%, %"): 100 * 50 / 106,  # 28 of the exposed
}


@pytest.mark.parametrize(("number", "name"), OF_THE_CROWD)
def test_each_share_is_of_those_that_it_names_in_the_world_that_it_names(number: int, name: str) -> None:
    part = next(part for part in FACTS[number - 1].parts if part.name == name)
    assert part.scale * part.measure(make_crowds()) == pytest.approx(OF_THE_CROWD[number, name])


@pytest.mark.parametrize("number", range(1, 21))
def test_each_fact_is_measured_in_the_worlds_that_it_needs(number: int) -> None:
    asked: set[str] = set()

    class Worlds:
        def __getattr__(self, name: str) -> Recording:
            asked.add(name)
            return run

    run = recording(author=[0])
    for part in FACTS[number - 1].parts:
        part.measure(Worlds())  # type: ignore[arg-type]
    needed = {"operation"} if number in (10, 18) else {"working"} if number in (15, 16) else {"quiet"}
    more = {11: {"operation"}, 12: {"operation"}, 14: {"operation"}, 19: {"shockless"}, 20: {"operation"}}
    assert asked == ({"operation", "swept"} if number == 17 else needed | more.get(number, set()))
