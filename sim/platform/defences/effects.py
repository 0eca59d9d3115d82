"""Effects of defences: the only place where their decisions change anything."""

from collections.abc import Iterable

import numpy as np

from sim.platform.defences.base import EMPTY_ROWS, Bools, Defence, DefenceView, make_post_view
from sim.state.accounts import I64, Accounts
from sim.state.dynamic_graph import DynamicGraph
from sim.state.posts import Drafts, Posts
from sim.state.records import (
    NO_DEFENCE_EFFECTS,
    NO_EDGE_CHANGES,
    DefenceEffects,
    EdgeChanges,
    Orders,
    Removals,
    SpeechRecord,
)
from sim.state.topics import HOURS, Topics


def filter_posts(
    defences: Iterable[Defence], speech: SpeechRecord, orders: tuple[Orders, ...], view: DefenceView
) -> tuple[SpeechRecord, tuple[Orders, ...], DefenceEffects]:
    """Return people's posts and orders after prompts and limits, and the rejected posts."""
    heeded, kept, shown = ask(defences, speech.drafts, view)
    parts = [heeded, *(order.drafts for order in orders)]
    whole = Drafts._make(map(np.concatenate, zip(*parts, strict=True)))
    ends = np.cumsum([len(part.key) for part in parts])
    posted = admit(defences, whole, view)
    posted[: ends[0]] &= kept
    held = Drafts._make(column[~posted] for column in whole)
    if not len(held.key) and not shown:
        return speech, orders, NO_DEFENCE_EFFECTS
    mine, *theirs = np.split(posted, ends[:-1])
    said = speech._replace(drafts=Drafts._make(column[mine] for column in heeded))
    left = tuple(order.select(which) for order, which in zip(orders, theirs, strict=True))
    return said, left, NO_DEFENCE_EFFECTS._replace(rejected=held, prompts_shown=shown)


def demote_posts(
    defences: Iterable[Defence],
    columns: Posts,
    topics: Topics,
    dynamic_graph: DynamicGraph,
    new: slice,
    before: DefenceEffects,
    view: DefenceView,
) -> DefenceEffects:
    """Demote posts, remove some from the counts of trends, and apply block lists."""
    demoted, uncounted = demote(defences, columns, new, view), discount(defences, topics, new, view)
    moves = list_blocks(defences, view)
    dynamic_graph.apply_changes(moves)
    return before._replace(demoted=demoted, uncounted=uncounted, blocks=moves)


def ask(defences: Iterable[Defence], new: Drafts, view: DefenceView) -> tuple[Drafts, Bools, int]:
    """Return people's drafts after all prompts, which of them are kept (bool [D]), and the number of prompts."""
    toxicity, kept, shown = new.toxicity.copy(), np.ones(len(new.key), np.bool_), 0
    for defence in defences:
        asked = defence.ask(make_post_view(new), view)
        if asked:
            toxicity[asked.civil] = 0.0
            kept &= ~asked.dropped
            shown += int(asked.shown.sum())
    return new._replace(toxicity=toxicity), kept, shown


def admit(defences: Iterable[Defence], new: Drafts, view: DefenceView) -> Bools:
    """Return which drafts are posted, bool [D]."""
    kept = np.ones(len(new.key), np.bool_)
    for defence in defences:
        admitted = defence.admit(make_post_view(new), view)
        if admitted is not None:
            kept &= admitted
    return kept


def demote(defences: Iterable[Defence], columns: Posts, new: slice, view: DefenceView) -> I64:
    """Lower scores that the feed has just written; return the demoted rows among `new`."""
    older = np.concatenate([columns.parent[new], columns.root[new]]) - view.base
    rows = np.unique(np.concatenate([older[older >= 0], np.arange(new.start, new.stop)]))
    lost = np.zeros(len(rows))
    for defence in defences:
        points = defence.demote(rows, view)
        if points is not None:
            lost += points
    hit = lost > 0.0
    columns.score[rows[hit]] -= lost[hit]
    return rows[hit & (rows >= new.start)]


def discount(defences: Iterable[Defence], topics: Topics, new: slice, view: DefenceView) -> I64:
    """Remove posts of this hour from the counts of trends; return their rows.

    Posts under a fresh tag (`sim.people.migration`) are removed from the contested topic's count, which stays >= 0.
    """
    written = np.arange(new.start, new.stop)
    rows = np.unique(np.concatenate([EMPTY_ROWS, *(defence.discount(written, view) for defence in defences)]))
    lost = np.bincount(view.posts.topic[rows], minlength=len(topics.lengths))
    hour = topics.counts[:, view.tick % HOURS]
    np.maximum(hour - lost, 0, out=hour)
    return rows


def list_blocks(defences: Iterable[Defence], view: DefenceView) -> EdgeChanges:
    """Return who blocks whom from now on, for all defences."""
    return EdgeChanges._make(
        map(np.concatenate, zip(NO_EDGE_CHANGES, *(defence.list_blocks(view) for defence in defences), strict=True))
    )


def suspend(defences: Iterable[Defence], accounts: Accounts, view: DefenceView, before: Removals) -> Removals:
    """Suspend accounts; return the removals `before` with these accounts. Existing suspensions do not change."""
    rows = before.accounts
    for defence in defences:
        found, hours = defence.suspend(view)
        found = found[accounts.suspended_until[found] <= view.tick]
        accounts.suspended_until[found] = np.maximum(accounts.suspended_until[found], view.tick + 1 + hours)
        rows = np.union1d(rows, found)
    return before._replace(accounts=rows)
