"""Time of each phase of a tick, measured from outside: methods are wrapped during a measurement."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from benchmarks.plain_mesa import PlainWorld
from sim import tick
from sim.actors.army import ChainOfCommand
from sim.actors.propagandist import Organisation
from sim.observers.opinion import Opinion
from sim.observers.reach import PerceivedNumbers, Reach
from sim.observers.voice import SpeechCounts
from sim.people import expression, reaction
from sim.people.activity import Activity
from sim.people.expression import Expression
from sim.people.reaction import Reaction
from sim.platform.feed import Feed
from sim.platform.moderation import Moderation
from sim.platform.timelines import Timelines
from sim.platform.trending import Trending
from sim.state.posts import Ledger
from sim.state.topics import Topics

PHASES = ("wake", "read", "react", "speak", "report", "order", "publish", "moderate", "observe")
#: An activation: an account was active, read and decided.
ACTIVATION = ("wake", "read", "react", "speak")
#: The same with several threads, which report too while they are at it.
REPORTING = (*ACTIVATION, "report")
#: Phases that take time in both; there are few organised accounts, and measuring is no part of a tick.
SHARED = (*REPORTING, "publish", "moderate")

Calls = dict[str, tuple[tuple[Any, str], ...]]

#: Whose calls make up a phase. No call contains another one.
ENGINE: Calls = {
    "wake": ((Activity, "wake"),),
    "read": ((Trending, "find_trending"), (Feed, "build_candidates"), (Feed, "read")),
    "react": ((Reaction, "react"), (reaction, "apply_update")),
    "speak": ((Expression, "decide"), (Expression, "speak"), (expression, "record_counts")),
    "order": ((tick, "make_public_view"), (ChainOfCommand, "order"), (Organisation, "order")),
    "publish": ((Ledger, "expire"), (Ledger, "append"), (Topics, "append"), (Feed, "rank"), (Timelines, "update")),
    "report": ((Moderation, "report"),),
    "moderate": ((Moderation, "moderate"),),
    "observe": ((SpeechCounts, "observe"), (Reach, "observe"), (PerceivedNumbers, "observe"), (Opinion, "observe")),
}
#: The same when several threads are at it: what people do is one phase, reporting included, and goes by "read".
THREADED: Calls = ENGINE | {
    "read": (
        (Trending, "find_trending"),
        (Feed, "build_candidates"),
        (tick, "split_users"),
        (tick, "parallel_map"),
        (tick, "merge_actions"),
    ),
    "react": (),
    "speak": (),
    "report": (),
}
PLAIN: Calls = {
    phase: ((PlainWorld, "begin"), (PlainWorld, "publish")) if phase == "publish" else ((PlainWorld, phase),)
    for phase in PHASES
}


@contextmanager
def time_phases(calls: Calls) -> Iterator[dict[str, float]]:
    """Sum the seconds in each phase."""
    seconds: dict[str, float] = defaultdict(float)
    with ExitStack() as stack:
        for phase, owners in calls.items():
            for owner, name in owners:
                stack.enter_context(patch.object(owner, name, _wrap_function(getattr(owner, name), phase, seconds)))
        yield seconds


def _wrap_function(function: Callable[..., Any], phase: str, seconds: dict[str, float]) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        begun = time.perf_counter()
        result = function(*given, **named)
        seconds[phase] += time.perf_counter() - begun
        return result

    return call
