"""Abuse and what it does to people: facts 8, 9, 10, 11 and 14.

"Since the campaign began" counts from the campaign's first hour to the end of the run, also in the
quiet world, where nobody campaigns.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.facts.activity import HOUR, select_people_posts
from experiments.facts.recording import Recording
from sim.state.accounts import I64
from sim.state.posts import CONTESTED, TOXIC_THRESHOLD

AROUND = 72  #: hours compared before and after the first abuse


def measure_toxic_posts(run: Recording) -> float:
    """Fact 8: part of all posts of ordinary people, reposts included, that are toxic."""
    return _compute_mean(run.posts.toxicity[select_people_posts(run)] >= TOXIC_THRESHOLD)


def measure_toxic_replies(run: Recording) -> float:
    """Fact 8: part of the replies of ordinary people to public targets that are toxic."""
    target = run.posts.target
    public = select_people_posts(run) & (target >= 0) & run.before.public[target]
    return _compute_mean(run.posts.toxicity[public] >= TOXIC_THRESHOLD)


def measure_most_reported(reports: I64) -> float:
    """Fact 9: smallest share of accounts that together draw more than half of all reports; nan without one."""
    if not reports.sum():
        return math.nan
    running = np.cumsum(np.sort(reports)[::-1])
    return float((np.argmax(2 * running > running[-1]) + 1) / len(reports))


def select_abused(run: Recording) -> NDArray[np.bool_]:
    """Return who received and read a toxic post addressed to them since the campaign began, bool [people]."""
    return run.after.abuse_received[: run.people] > 0


def select_deciders(run: Recording) -> NDArray[np.bool_]:
    """Return who had a contested intention to decide about since the campaign began, bool [people].

    Surveys ask whether something ever happened, to people who had years of things to say; who had
    nothing to say in our two weeks could withhold nothing, and is left out of the comparison.
    """
    return run.counts.decided[: run.people] > 0


def measure_withheld(run: Recording, who: NDArray[np.bool_]) -> float:
    """Facts 10, 11: part of the people in `who` with a contested post withheld since the campaign began."""
    return _compute_mean(run.after.withheld[: run.people][who] > 0)


def measure_left(run: Recording, who: NDArray[np.bool_]) -> float:
    """Facts 10, 12: part of the people in `who` who left the platform since the campaign began."""
    at = run.counts.left_at[: run.people]
    stayed = at >= run.start
    return _compute_mean((at < run.counts.never)[who & stayed])


def measure_abused_withheld(run: Recording) -> float:
    """Fact 10: part of the abused with something to say who withheld a post (`select_abused`, `select_deciders`)."""
    return measure_withheld(run, select_abused(run) & select_deciders(run))


def measure_abused_left(run: Recording) -> float:
    """Fact 10: part of the abused who left the platform since the campaign began."""
    return measure_left(run, select_abused(run))


class Aftermath(NamedTuple):
    """Ordinary people since the campaign began: what followed abusive messages, and what happened otherwise."""

    messages: int  #: abusive messages that were addressed to the reader and read: the exposure
    events: int  #: within `recording.AFTERMATH` hours of a message
    occasions: int  #: on which such an event could happen in these hours: the person-time
    other_events: int
    other_occasions: int


def count_withheld(run: Recording) -> Aftermath:
    """Return contested posts withheld; an occasion is a decision to speak or not."""
    counts, own = run.counts, slice(run.people)
    after = int(counts.withheld_after[own].sum()), int(counts.decided_after[own].sum())
    return _make_aftermath(run, *after, int(run.after.withheld[own].sum()), int(counts.decided[own].sum()))


def count_leaving(run: Recording) -> Aftermath:
    """Return who left the platform; an occasion is a session."""
    counts, own = run.counts, slice(run.people)
    at = counts.left_at[own]
    left = int(np.count_nonzero((at >= run.start) & (at < counts.never)))
    after = int(counts.left_after[own].sum()), int(counts.sessions_after[own].sum())
    return _make_aftermath(run, *after, left, int(counts.sessions[own].sum()))


def _make_aftermath(run: Recording, events: int, occasions: int, all_events: int, all_occasions: int) -> Aftermath:
    messages = int(run.after.abuse_received[: run.people].sum())
    return Aftermath(messages, events, occasions, all_events - events, all_occasions - occasions)


def compute_hazard(found: Aftermath) -> float:
    """Return events after abuse a message; nan without a message."""
    return found.events / found.messages if found.messages else math.nan


def compute_excess_hazard(found: Aftermath) -> float:
    """Return the same less what as many other occasions would have brought."""
    if not (found.messages and found.other_occasions):
        return math.nan
    return (found.events - found.occasions * found.other_events / found.other_occasions) / found.messages


def measure_messages(run: Recording) -> float:
    """Fact 10: abusive messages that an abused person received and read, mean."""
    received = run.after.abuse_received[: run.people]
    return float(received[received > 0].mean()) if received.any() else math.nan


def measure_bystanders_withheld(run: Recording) -> float:
    """Fact 11: part of the people never abused since the campaign began, who had a say, that withheld a post."""
    return measure_withheld(run, ~select_abused(run) & select_deciders(run))


def measure_leaving_ratio(run: Recording) -> float:
    """Fact 12: part of the abused who left, over that of all others, since the campaign began."""
    others = measure_left(run, ~select_abused(run))
    return measure_abused_left(run) / others if others else math.nan


def measure_witnesses(run: Recording) -> float:
    """Fact 11: part of all people who read, in the whole run, a toxic post that was not addressed to them."""
    return _compute_mean(run.counts.witnessed[: run.people] > 0)


def compute_target_changes(operation: Recording, quiet: Recording) -> I64:
    """Fact 14: change of posting of each target after their first abuse, int64 [targets].

    Posts in the `AROUND` hours after the first abuse since the campaign began, minus those in as many hours before;
    minus the same difference, for the same person and hours, in the quiet world of the same seed. Targets
    whose window leaves the run are left out.
    """
    first = operation.counts.first_abuse[: operation.people]
    ticks = min(operation.ticks, quiet.ticks)
    who = np.flatnonzero((first >= AROUND) & (first < ticks - AROUND))
    return _count_difference(operation, who, first[who]) - _count_difference(quiet, who, first[who])


def _count_difference(run: Recording, who: I64, tick: I64) -> I64:
    """Return posts in the hours after `tick` minus posts in the hours before, for each of `who`."""
    chosen = select_people_posts(run)
    author, hour = run.posts.author[chosen].astype(np.int64), run.posts.time[chosen] // HOUR
    order = np.argsort(author, kind="stable")  # within an author, in order of time
    place = author[order] * (run.ticks + 1) + hour[order]
    edge = [np.searchsorted(place, who * (run.ticks + 1) + tick + shift) for shift in (-AROUND, 0, AROUND)]
    return np.asarray(edge[2] - 2 * edge[1] + edge[0], dtype=np.int64)


def measure_post_more(operation: Recording, quiet: Recording) -> float:
    """Fact 14: part of the targets whose posting rose (see `compute_target_changes`)."""
    return _compute_mean(compute_target_changes(operation, quiet) > 0)


def measure_post_less(operation: Recording, quiet: Recording) -> float:
    """Fact 14: part of the targets whose posting fell (see `compute_target_changes`)."""
    return _compute_mean(compute_target_changes(operation, quiet) < 0)


def measure_volume_ratio(operation: Recording, quiet: Recording) -> float:
    """Fact 14: contested posts of ordinary people since the campaign began, over those in the quiet world."""
    with_it, without = (
        np.count_nonzero(
            select_people_posts(run) & (run.posts.topic == CONTESTED) & (run.posts.time >= run.start * HOUR)
        )
        for run in (operation, quiet)
    )
    return with_it / without if without else math.nan


def _compute_mean(flags: NDArray[np.bool_]) -> float:
    return float(flags.mean()) if len(flags) else math.nan
