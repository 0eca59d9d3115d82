"""Carrying out what defences decide: the only place where they change anything."""

from collections.abc import Iterable

import numpy as np

from sim.platform.defences.base import NOBODY, Bools, Defence, Site, acts_of
from sim.state.accounts import I64, Accounts
from sim.state.bonds import Bonds
from sim.state.posts import Drafts, Posts
from sim.state.records import UNGUARDED, UNMOVED, Guarded, Moves, Orders, Removals, Spoken
from sim.state.topics import HOURS, Topics


def screened(
    defences: Iterable[Defence], spoken: Spoken, orders: tuple[Orders, ...], site: Site
) -> tuple[Spoken, tuple[Orders, ...], Guarded]:
    """Return what is left of people's posts and of orders after prompts and limits, and what was held back."""
    heeded, kept, shown = ask(defences, spoken.drafts, site)
    parts = [heeded, *(order.drafts for order in orders)]
    whole = Drafts._make(map(np.concatenate, zip(*parts, strict=True)))
    ends = np.cumsum([len(part.key) for part in parts])
    posted = admit(defences, whole, site)
    posted[: ends[0]] &= kept
    held = Drafts._make(column[~posted] for column in whole)
    if not len(held.key) and not shown:
        return spoken, orders, UNGUARDED
    mine, *theirs = np.split(posted, ends[:-1])
    said = spoken._replace(drafts=Drafts._make(column[mine] for column in heeded))
    left = tuple(order.chosen(which) for order, which in zip(orders, theirs, strict=True))
    return said, left, UNGUARDED._replace(held=held, asked=shown)


def lowered(
    defences: Iterable[Defence], columns: Posts, topics: Topics, bonds: Bonds, new: slice, before: Guarded, site: Site
) -> Guarded:
    """Rank posts lower, take some out of the counts of trends, and have some people block others."""
    demoted, uncounted = demote(defences, columns, new, site), discount(defences, topics, new, site)
    moves = listed(defences, site)
    bonds.change(moves)
    return before._replace(demoted=demoted, uncounted=uncounted, listed=moves)


def ask(defences: Iterable[Defence], new: Drafts, site: Site) -> tuple[Drafts, Bools, int]:
    """Return the drafts of people after all prompts, which of them are kept (bool [D]), and how many were asked."""
    toxicity, kept, shown = new.toxicity.copy(), np.ones(len(new.key), np.bool_), 0
    for defence in defences:
        asked = defence.ask(acts_of(new), site)
        if asked:
            toxicity[asked.civil] = 0.0
            kept &= ~asked.dropped
            shown += int(asked.shown.sum())
    return new._replace(toxicity=toxicity), kept, shown


def admit(defences: Iterable[Defence], new: Drafts, site: Site) -> Bools:
    """Return which drafts are posted, bool [D]."""
    kept = np.ones(len(new.key), np.bool_)
    for defence in defences:
        admitted = defence.admit(acts_of(new), site)
        if admitted is not None:
            kept &= admitted
    return kept


def demote(defences: Iterable[Defence], columns: Posts, new: slice, site: Site) -> I64:
    """Lower scores that the feed has just written; return the rows among `new` that are ranked lower."""
    older = np.concatenate([columns.parent[new], columns.root[new]]) - site.base
    rows = np.unique(np.concatenate([older[older >= 0], np.arange(new.start, new.stop)]))
    lost = np.zeros(len(rows))
    for defence in defences:
        points = defence.demote(rows, site)
        if points is not None:
            lost += points
    hit = lost > 0.0
    columns.score[rows[hit]] -= lost[hit]
    return rows[hit & (rows >= new.start)]


def discount(defences: Iterable[Defence], topics: Topics, new: slice, site: Site) -> I64:
    """Take posts of this hour out of the counts that trends are made of; return their rows.

    What people filed under a fresh tag (`sim.people.migration`) is taken out of the topic's count, which stays >= 0.
    """
    written = np.arange(new.start, new.stop)
    rows = np.unique(np.concatenate([NOBODY, *(defence.discount(written, site) for defence in defences)]))
    lost = np.bincount(site.acts.topic[rows], minlength=len(topics.lengths))
    hour = topics.counts[:, site.tick % HOURS]
    np.maximum(hour - lost, 0, out=hour)
    return rows


def listed(defences: Iterable[Defence], site: Site) -> Moves:
    """Return who blocks whom from now on, by all defences."""
    return Moves._make(map(np.concatenate, zip(UNMOVED, *(defence.listed(site) for defence in defences), strict=True)))


def suspend(defences: Iterable[Defence], accounts: Accounts, site: Site, before: Removals) -> Removals:
    """Suspend accounts; return them together with what was done `before`. Who is suspended already stays so."""
    rows = before.accounts
    for defence in defences:
        found, hours = defence.suspend(site)
        found = found[accounts.suspended_until[found] <= site.tick]
        accounts.suspended_until[found] = np.maximum(accounts.suspended_until[found], site.tick + 1 + hours)
        rows = np.union1d(rows, found)
    return before._replace(accounts=rows)
