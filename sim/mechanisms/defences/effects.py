"""Effects of defences: the only place where their decisions change anything."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sim.mechanisms.defences.base import make_post_view
from sim.mechanisms.views import Bools
from sim.platform.feed import list_scored
from sim.state.accounts import EMPTY_ROWS, I64, Accounts
from sim.state.posts import Drafts, Posts
from sim.state.records import (
    NO_DEFENCE_EFFECTS,
    DefenceEffects,
    EdgeChanges,
    Orders,
    Removals,
    merge_edge_changes,
)
from sim.state.topics import HOURS, Topics

#: returns each defence that has a hook of this name, as its method, and what it sees
Hooks = Callable[[str], list[tuple[Any, Any]]]


def filter_posts(
    hooks: Hooks, drafts: Drafts, orders: tuple[Orders, ...]
) -> tuple[Drafts, tuple[Orders, ...], DefenceEffects]:
    """Return people's drafts and orders after prompts and limits, and the rejected posts."""
    asking, admitting = hooks("ask"), hooks("admit")
    if not asking and not admitting:
        return drafts, orders, NO_DEFENCE_EFFECTS
    heeded, kept, shown = _ask(asking, drafts)
    parts = [heeded, *(order.drafts for order in orders)]
    whole = Drafts._make(map(np.concatenate, zip(*parts, strict=True)))
    ends = np.cumsum([len(part.key) for part in parts])
    posted = np.ones(len(whole.key), np.bool_)
    posted[: ends[0]] = kept
    for admit, view in admitting:
        admitted = admit(make_post_view(whole), view)
        posted &= admitted if admitted is not None else True
    if posted.all() and not shown:
        return drafts, orders, NO_DEFENCE_EFFECTS
    held = Drafts._make(column[~posted] for column in whole)
    mine, *theirs = np.split(posted, ends[:-1])
    said = Drafts._make(column[mine] for column in heeded)
    left = tuple(order.select(which) for order, which in zip(orders, theirs, strict=True))
    return said, left, NO_DEFENCE_EFFECTS._replace(rejected=held, prompts_shown=shown)


def _ask(asking: list[tuple[Any, Any]], new: Drafts) -> tuple[Drafts, Bools, int]:
    """Return people's drafts after all prompts, which of them are kept (bool [D]), and the number of prompts."""
    toxicity, kept, shown = new.toxicity.copy(), np.ones(len(new.key), np.bool_), 0
    for ask, view in asking:
        asked = ask(make_post_view(new), view)
        if asked:
            toxicity[asked.civil] = 0.0
            kept &= ~asked.dropped
            shown += int(asked.shown.sum())
    return new._replace(toxicity=toxicity), kept, shown


def demote(hooks: Hooks, posts: Posts, base: int, new: slice) -> I64:
    """Lower scores that the feed has just written; return the demoted rows among `new`."""
    if not (demoting := hooks("demote")):
        return EMPTY_ROWS
    rows = list_scored(posts, base, new)
    lost = np.zeros(len(rows))
    for lower, view in demoting:
        points = lower(rows, view)
        if points is not None:
            lost += points
    hit = lost > 0.0
    posts.score[rows[hit]] -= lost[hit]
    return rows[hit & (rows >= new.start)]


def discount(hooks: Hooks, posts: Posts, topics: Topics, new: slice, tick: int) -> I64:
    """Remove posts of this hour from the counts of trends; return their rows.

    Posts under a migration tag (`sim.mechanisms.migration`) are removed from the contested topic's count, which stays
    >= 0.
    """
    if not (discounting := hooks("discount")):
        return EMPTY_ROWS
    written = np.arange(new.start, new.stop)
    rows = np.unique(np.concatenate([find(written, view) for find, view in discounting]))
    lost = np.bincount(posts.topic[rows], minlength=len(topics.lengths))
    hour = topics.counts[:, tick % HOURS]
    np.maximum(hour - lost, 0, out=hour)
    return rows


def list_blocks(hooks: Hooks) -> EdgeChanges:
    """Return who blocks whom from now on, for all defences."""
    return merge_edge_changes([list_all(view) for list_all, view in hooks("list_blocks")])


def suspend(hooks: Hooks, accounts: Accounts, before: Removals, tick: int) -> Removals:
    """Suspend accounts; return the removals `before` with these accounts. Existing suspensions do not change."""
    rows = before.accounts
    for find, view in hooks("suspend"):
        found, hours = find(view)
        found = found[accounts.suspended_until[found] <= tick]
        accounts.suspended_until[found] = np.maximum(accounts.suspended_until[found], tick + 1 + hours)
        rows = np.union1d(rows, found)
    return before._replace(accounts=rows)
