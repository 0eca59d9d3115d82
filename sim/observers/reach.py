"""Reach: who saw dissent, and how many supporters people saw."""

import math

import numpy as np

from sim.kernels import cached_njit
from sim.observers.base import StepRecord
from sim.rng import mix, stream
from sim.state.accounts import DISSENTER, OPINION_THRESHOLD
from sim.state.posts import CONTESTED
from sim.state.truth import ORGANIC

_BIT = stream("observers/bit")
DAYS = 7
BITS = 128
_WORD = 64


class Reach:
    """Counts impressions (one reader, one post, one session) of ordinary people."""

    def observe(self, record: StepRecord) -> dict[str, float]:
        """Return impressions of dissent, those of them by people who are not dissenters, and of the topic."""
        posts, cohort = record.posts, record.accounts.cohort
        dissent, others, topic = _count_impressions(
            posts.topic, posts.dissent, cohort, record.active_users, record.seen
        )
        return {
            "dissent_impressions": dissent,
            "dissent_impressions_nondissenters": others,
            "topic_impressions": topic,
            "dissent_visibility": dissent / topic if topic else math.nan,
            "active_users": len(record.active_users.active),
            "reads": len(record.seen.item),
            "acts": len(record.speech.drafts.key),
        }


class PerceivedNumbers:
    """Estimates how many distinct accounts of a side each person saw in the last week, and how many were genuine.

    Linear counting (Whang, Vander-Zanden & Taylor 1990, doi:10.1145/78922.78925) with 128 bits for each person and day,
    merged over the last seven days, today included.
    """

    def __init__(self, people: int) -> None:
        self._seen = np.zeros((4, people, DAYS, BITS // _WORD), np.uint64)
        self._filled = np.zeros((4, people), np.int64)

    def observe(self, record: StepRecord) -> dict[str, float]:
        """Return means over people: perceived and true supporters of the principal, and of the extremists."""
        today = record.tick // 24 % DAYS
        if record.tick % 24 == 0:
            self._seen[:, :, today] = 0
            _recount(self._seen, self._filled)
        genuine = record.truth.role == ORGANIC
        posts = record.posts
        _record_seen(
            self._seen, self._filled, today, posts.topic, posts.stance_principal, posts.stance_extremist, posts.author,
            record.accounts.key, genuine, record.active_users, record.seen,
        )  # fmt: skip
        estimate = _estimate_counts(self._filled)
        names = ("perceived_supporters", "true_supporters", "perceived_extremists", "true_extremists")
        return dict(zip(names, estimate.tolist(), strict=True))


@cached_njit
def _count_impressions(topics, dissents, cohort, users, seen):
    dissent, others, topic = 0, 0, 0
    for r in range(len(users.active)):
        outside = cohort[users.active[r]] != DISSENTER
        for x in range(seen.start[r], seen.start[r + 1]):
            j = seen.item[x]
            topic += topics[j] == CONTESTED
            dissent += dissents[j]
            others += dissents[j] and outside
    return dissent, others, topic


@cached_njit
def _recount(sets, filled):
    for kind in range(sets.shape[0]):
        for i in range(sets.shape[1]):
            bits = 0
            for word in range(sets.shape[3]):
                rest = _merge_week(sets, kind, i, word)
                while rest:
                    rest &= rest - np.uint64(1)
                    bits += 1
            filled[kind, i] = bits


@cached_njit
def _merge_week(sets, kind, i, word):
    week = np.uint64(0)
    for day in range(sets.shape[2]):
        week |= sets[kind, i, day, word]
    return week


@cached_njit
def _record_seen(sets, filled, today, topic, principal, extremist, authors, key, genuine, users, seen):
    for r in range(len(users.active)):
        i = users.active[r]
        for x in range(seen.start[r], seen.start[r + 1]):
            j = seen.item[x]
            if topic[j] != CONTESTED:
                continue
            side = -1
            if extremist[j] > OPINION_THRESHOLD:
                side = 2
            elif principal[j] > OPINION_THRESHOLD:
                side = 0
            if side < 0:
                continue
            author = authors[j]
            bit = mix(mix(_BIT, key[i]), key[author]) & np.uint64(BITS - 1)
            word, mask = int(bit >> np.uint64(6)), np.uint64(1) << (bit & np.uint64(63))
            for kind in range(side, side + 1 + genuine[author]):
                if not sets[kind, i, today, word] & mask:
                    filled[kind, i] += not _merge_week(sets, kind, i, word) & mask
                    sets[kind, i, today, word] |= mask


@cached_njit
def _estimate_counts(filled):
    out = np.zeros(4)
    table = np.empty(BITS + 1)
    for k in range(BITS + 1):
        table[k] = -BITS * math.log(max(BITS - k, 0.5) / BITS)
    for kind in range(4):
        counts = np.zeros(BITS + 1, np.int64)
        for k in filled[kind]:
            counts[k] += 1
        total = 0.0
        for k in range(BITS + 1):
            total += counts[k] * table[k]
        out[kind] = total / max(1, filled.shape[1])
    return out
