"""Compiled code of operator groups: which member works on which operation, and the contents of drafts.

See `sim.actors.operator_group` for what the tactics do.
"""

import math
from typing import NamedTuple

import numpy as np

from sim.actors.base import make_post_key
from sim.campaigns import DELIVERIES, OPERATIONS
from sim.kernels import cached_njit
from sim.rng import draw, mix
from sim.state.accounts import F64, I64, OPINION_THRESHOLD
from sim.state.posts import CIVIC, CONTESTED, DISTRESS, FIRST_SLOGAN, SMEAR, fill_reply, fill_repost

FLOOD, ABUSE, LIFT, SMEARING, DEMORALISE, SWAY, CIVIL, PROTEST = range(len(OPERATIONS))
IMPERSONATE, AMPLIFY, NEWS = range(len(DELIVERIES))
CIVIC_TOPIC = 1  #: the everyday topic of civil causes
TEXTS_IN_USE = 4  #: texts of a group in one hour
FIRST_TEMPLATE = 2**28  #: number of a group's first text; the army's are lower, slogans higher

# Purposes of a member's draws in one hour, and of a post's draws.
_OBEY, _EXTRA = map(np.uint64, range(2))
_COPY, _TOXIC, _HARSH, _PICK, _APPEAL, _JITTER, _MIX = map(np.uint64, range(7))
_SLOT = np.uint64(0)


class ProfileNumbers(NamedTuple):
    """The numbers of an operating profile, for compiled code."""

    rate: float
    quota: int
    discipline: float
    reposts: float
    jitter: float


class Tasks(NamedTuple):
    """The operations as columns; operation o acts upon row[first[o]:stop[o]], and likewise on its targets."""

    tactic: I64
    start: I64
    end: I64
    intensity: F64
    delivery: I64
    stance: F64
    toxic: F64
    risk: F64
    row: I64  #: rows of the ledger: to answer, or to repost
    first: I64
    stop: I64
    target: I64  #: accounts
    target_first: I64
    target_stop: I64


@cached_njit
def sum_engagement(rows, view, own, camp):
    """Return the engagement of each account's content of the camp among `rows`, float64 [A]; 0 for `own`."""
    visible = np.zeros(len(own))
    for j in rows:
        principal, extremist = view.stance_principal[j], view.stance_extremist[j]
        meant = extremist > 0.0
        if camp == 0:
            meant = principal < -OPINION_THRESHOLD and extremist < 0.0
        elif camp == 1:
            meant = principal > OPINION_THRESHOLD and extremist < 0.0
        if meant and not own[view.original_author[j]]:
            visible[view.original_author[j]] += 1.0 + view.reposts[j] + view.replies[j]
    return visible


@cached_njit
def find_newest(rows, original_author, targeted):
    """Return the newest of `rows` of each targeted account, ascending, int64."""
    out, n = np.empty(len(rows), np.int64), 0
    done = np.zeros(len(targeted), np.bool_)
    for x in range(len(rows) - 1, -1, -1):
        who = original_author[rows[x]]
        if targeted[who] and not done[who]:
            done[who] = True
            out[n] = rows[x]
            n += 1
    return out[:n][::-1].copy()


@cached_njit
def _has_only_reposts(work, o):
    """Return whether operation `o` only reposts."""
    return work.tactic[o] == LIFT or (work.tactic[o] == DEMORALISE and work.delivery[o] == AMPLIFY)


@cached_njit
def _is_idle(work, o):
    """Return whether operation `o` has nothing to act upon."""
    if work.tactic[o] == SMEARING:
        return work.target_first[o] == work.target_stop[o]
    return (work.tactic[o] == ABUSE or _has_only_reposts(work, o)) and work.first[o] == work.stop[o]


@cached_njit
def assign_work(count, task, keys, hour, able, late, used, tick, work, p):
    """Write how many posts each member writes in the hour, and for which operation."""
    for m in range(len(keys)):
        running = 0
        for o in range(len(work.tactic)):
            running += work.start[o] <= tick - late[m] < work.end[o]
        if not able[m] or not running:
            continue
        turn = m % running
        for o in range(len(work.tactic)):
            if work.start[o] <= tick - late[m] < work.end[o]:
                if turn == 0:
                    task[m] = o
                turn -= 1
        member = mix(hour, keys[m])
        if work.intensity[task[m]] > 0.0 and draw(member, _OBEY) < p.discipline and not _is_idle(work, task[m]):
            wish = int(p.rate * work.intensity[task[m]] + draw(member, _EXTRA))
            count[m] = max(0, min(wish, p.quota - used[m]))


@cached_njit
def fill_drafts(new, rows, keys, group, copying, count, task, work, view, orders, text, p):
    """Fill the drafts of all members, in order of members."""
    d = 0
    for m in range(len(count)):
        o = task[m]
        tactic, first, length = work.tactic[o], work.first[o], work.stop[o] - work.first[o]
        for ordinal in range(count[m]):
            post = make_post_key(orders, keys[m], ordinal)
            pick = draw(post, _PICK)
            new.key[d] = post
            new.author[d] = new.original_author[d] = rows[m]
            slot = mix(text, np.uint64(group[m] * 1000 + ordinal))
            late = -p.jitter * math.log(draw(post, _JITTER))
            new.time[d] = view.tick * 3600 + int(3600.0 * draw(slot, _SLOT) + late) % 3600
            j = work.row[first + int(pick * length)] if length else np.int64(-1)
            again = tactic in (FLOOD, SMEARING, DEMORALISE) and draw(post, _MIX) < p.reposts
            if length and (again or _has_only_reposts(work, o)):
                fill_repost(new, d, view, view.base, j)
            else:
                _compose(new, d, post, pick, tactic, o, j, work, view)
                if tactic != ABUSE and tactic != PROTEST and draw(post, _COPY) < copying[m]:
                    new.template[d] = FIRST_TEMPLATE + TEXTS_IN_USE * view.tick + int(TEXTS_IN_USE * pick)
            d += 1


@cached_njit
def _compose(new, d, post, pick, tactic, o, j, work, view):
    """Fill draft `d` with original content of an operation."""
    new.topic[d] = CONTESTED
    new.stance_principal[d], new.stance_extremist[d] = 1.0, -1.0
    new.appeal[d] = 0.5 * draw(post, _APPEAL)
    if tactic == ABUSE:
        new.appeal[d] = 0.0
        fill_reply(new, d, view, view.base, j)
        new.toxicity[d] = 0.7 + 0.3 * draw(post, _HARSH)
    elif tactic == FLOOD and draw(post, _TOXIC) < work.toxic[o]:
        new.toxicity[d] = 0.6 + 0.4 * draw(post, _HARSH)
    elif tactic == SMEARING:
        aims = work.target_stop[o] - work.target_first[o]
        new.theme[d], new.target[d] = SMEAR, work.target[work.target_first[o] + int(pick * aims)]
    elif tactic == DEMORALISE:
        new.theme[d] = DISTRESS
        if work.delivery[o] == IMPERSONATE:
            new.stance_principal[d], new.stance_extremist[d] = -1.0, 1.0
    elif tactic == SWAY:
        new.stance_principal[d] = work.stance[o]
    elif tactic == CIVIL:
        new.topic[d], new.theme[d] = CIVIC_TOPIC, CIVIC
        new.stance_principal[d], new.stance_extremist[d] = 0.0, 0.0
    elif tactic == PROTEST:
        new.stance_principal[d], new.template[d] = -1.0, FIRST_SLOGAN + view.tick
