"""Compiled kernels of the model of Ross et al. (2019): attachment, the tick, and how a run ends."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.kernels import cached_njit
from sim.people import wiring
from sim.rng import U64, mix, pair_uniform, uniform
from sim.state.accounts import F64, I64

STILL = 1e-4  #: a run stops after a tick in which no user's confidence moved by more


class RossPeople(NamedTuple):
    """What does not change in a run of U users and B bots; users are rows 0 .. U-1."""

    followers_start: I64  #: [U + B + 1] rows of `followers`
    followers: NDArray[np.int32]  #: whom each row influences
    valence: NDArray[np.int8]  #: [U] +1 or -1
    threshold: F64  #: [U] a user is silent at this confidence and below, in (0, 1)
    bots: F64  #: [U] joint weight of the bots that influence a user


class RossState(NamedTuple):
    """What changes."""

    inner: F64  #: [U] inner confidence x, unbounded
    confidence: F64  #: [U] max(tanh(x/2), 0)
    speaks: NDArray[np.bool_]  #: [U] confidence > threshold
    heard: NDArray[np.int32]  #: [U + B, 2] users who speak for +1 and for -1 among those who influence a row
    flips: NDArray[np.int32]  #: [U] scratch: who changed between speech and silence in the last tick


def attach_nodes(key: np.uint64, n: int, links: int, power: float) -> Any:
    """Grow a preferential-attachment graph (m = `links`, g = `power`).

    A star first (node m linked to 0 .. m-1); every later node links to m distinct earlier nodes with probability
    proportional to degree^g, degrees as they were before its first link. For g = 1 the engine's own generator
    draws ends of earlier links, O(E); otherwise O(E log n).

    Returns:
        (newcomer, earlier), int32 [m (n - m)] each.
    """
    return wiring.grow_attachment(key, n, links) if power == 1.0 else _attach_nodes(key, n, links, power)


@cached_njit
def _attach_nodes(key, n, links, power):
    newcomer, earlier = np.empty(links * (n - links), np.int32), np.empty(links * (n - links), np.int32)
    degree = np.zeros(n)
    degree[:links], degree[links] = 1.0, links
    newcomer[:links], earlier[:links] = links, np.arange(links)
    weights = np.zeros(n)
    weights[: links + 1] = degree[: links + 1] ** power
    tree = _build_tree(weights)
    made = links
    for node in range(links + 1, n):
        here = mix(key, U64(node))
        _draw_distinct(tree, here, earlier[made : made + links])
        for other in earlier[made : made + links]:
            degree[other] += 1.0
            _weigh(tree, other, degree[other] ** power)
        degree[node] = links
        _weigh(tree, node, degree[node] ** power)
        newcomer[made : made + links] = node
        made += links
    return newcomer, earlier


@cached_njit
def attach_to(key, newcomers, links, weights):
    """Link each newcomer to `links` distinct nodes with probability proportional to `weights` (float64 [n], > 0).

    Draws are keyed by (newcomer, ordinal): more newcomers leave the links of the former ones as they are.

    Returns:
        (newcomer, node), int32 [newcomers * links] each; newcomers count from 0.
    """
    newcomer, chosen = np.empty(newcomers * links, np.int32), np.empty(newcomers * links, np.int32)
    tree = _build_tree(weights)
    for one in range(newcomers):
        mine = slice(one * links, (one + 1) * links)
        _draw_distinct(tree, mix(key, U64(one)), chosen[mine])
        for node in chosen[mine]:
            _weigh(tree, node, weights[node])
        newcomer[mine] = one
    return newcomer, chosen


@cached_njit
def _build_tree(weights):
    """Return a binary tree of sums: the root is tree[1], the leaf of node i is tree[len(tree) // 2 + i]."""
    half = 1
    while half < len(weights):
        half *= 2
    tree = np.zeros(2 * half)
    tree[half : half + len(weights)] = weights
    for place in range(half - 1, 0, -1):
        tree[place] = tree[2 * place] + tree[2 * place + 1]
    return tree


@cached_njit
def _weigh(tree, node, weight):
    """Give a node another weight; sums are made anew, never by subtraction, so that no rounding remains."""
    place = len(tree) // 2 + node
    tree[place] = weight
    while place > 1:
        place //= 2
        tree[place] = tree[2 * place] + tree[2 * place + 1]


@cached_njit
def _draw_distinct(tree, here, chosen):
    """Fill `chosen` with distinct nodes drawn by weight; those chosen are left with weight 0."""
    for ordinal in range(len(chosen)):
        rest, place = uniform(here, U64(ordinal)) * tree[1], 1
        while place < len(tree) // 2:
            place *= 2
            if rest >= tree[place] and tree[place + 1] > 0.0:
                rest -= tree[place]
                place += 1
        chosen[ordinal] = place - len(tree) // 2
        _weigh(tree, chosen[ordinal], 0.0)


@cached_njit
def draw_directions(key, newcomer, earlier):
    """Draw, with probability 1/2 a link, whether the earlier node influences the newcomer. Returns bool [E]."""
    drawn = np.empty(len(newcomer), np.bool_)
    for link in range(len(newcomer)):
        drawn[link] = pair_uniform(key, U64(newcomer[link]), U64(earlier[link])) < 0.5
    return drawn


@cached_njit
def start_state(people, inner):
    """Return the State of users with this inner confidence (float64 [U])."""
    users = len(people.valence)
    heard = np.zeros((len(people.followers_start) - 1, 2), np.int32)
    state = RossState(inner.copy(), np.empty(users), np.zeros(users, np.bool_), heard, np.empty(users, np.int32))
    for user in range(users):
        state.confidence[user] = _compute_confidence(inner[user])
        if state.confidence[user] > people.threshold[user]:
            _toggle_speech(people, state, user)
    return state


@cached_njit
def advance_tick(people, state):
    """Simulate one tick: everybody looks at the speech of the last one. Returns (moved, number of flips).

    What a user hears is counted in integers and changed only where somebody starts or stops speaking; so a tick
    costs the users and the links of those who flip, and no order of summing can show in a result.
    """
    moved, flips = False, 0
    for user in range(len(people.valence)):
        plus, minus = float(state.heard[user, 0]), state.heard[user, 1] + people.bots[user]
        if plus == minus:
            continue
        climate = (plus - minus) / (plus + minus)
        state.inner[user] += climate if people.valence[user] > 0 else -climate
        confidence = _compute_confidence(state.inner[user])
        moved |= abs(confidence - state.confidence[user]) > STILL
        state.confidence[user] = confidence
        if (confidence > people.threshold[user]) != state.speaks[user]:
            state.flips[flips] = user
            flips += 1
    for user in state.flips[:flips]:
        _toggle_speech(people, state, user)
    return moved, flips


@cached_njit
def _compute_confidence(inner):
    return math.tanh(0.5 * inner) if inner > 0.0 else 0.0


@cached_njit
def _toggle_speech(people, state, user):
    """Let a user start or stop speaking, and let everybody who is influenced hear of it."""
    state.speaks[user] = not state.speaks[user]
    step = 1 if state.speaks[user] else -1
    side = 0 if people.valence[user] > 0 else 1
    for place in range(people.followers_start[user], people.followers_start[user + 1]):
        state.heard[people.followers[place], side] += step


@cached_njit
def settle(people, inner, limit):
    """Simulate until nobody moves, a limit cycle is proven, or `limit` ticks are over.

    Brent's (1980) marks at powers of two give candidates: ticks at which the same users speak as at the mark,
    though some turned meanwhile. A candidate is a limit cycle when `_is_recurrent` and `_is_endless` say so, which is a
    proof and not a guess. The period is the smallest.

    Returns:
        (ticks, period, plus, minus): period 0 after a stop, -1 if the limit came first; plus and minus are the
        users who speak for each side at the end, of a cycle the means over a period.
    """
    state = start_state(people, inner)
    mark, next_mark, away, turned = 0, 1, 0, 0
    then_inner, then_speaks = state.inner.copy(), state.speaks.copy()
    unsteady = np.zeros(len(inner), np.bool_)
    for now in range(1, limit + 1):
        moved, flips = advance_tick(people, state)
        if not moved:
            return (now, 0, *_count_speakers(people, state))
        for user in state.flips[:flips]:
            unsteady[user] = True
            away += 1 if state.speaks[user] != then_speaks[user] else -1
        turned += flips
        if turned and away == 0 and _is_recurrent(state, then_inner, unsteady):
            endless, plus, minus = _is_endless(people, state, then_inner, now - mark)
            if endless:
                return now, now - mark, plus, minus
        if now == next_mark:
            mark, next_mark, away, turned = now, 2 * now, 0, 0
            then_inner[:], then_speaks[:], unsteady[:] = state.inner, state.speaks, False
    return (limit, -1, *_count_speakers(people, state))


@cached_njit
def _count_speakers(people, state):
    plus = (state.speaks & (people.valence > 0)).sum()
    return float(plus), float(state.speaks.sum() - plus)


@cached_njit
def _is_recurrent(state, then_inner, unsteady):
    """Return whether speech since the mark will repeat without end.

    It will if everybody has the same inner confidence again, or more of it and spoke all the time, or less and
    was silent all the time: the next period brings the same climates, and rounded addition keeps order, so the
    same holds after it.
    """
    for user in range(len(then_inner)):
        now, then = state.inner[user], then_inner[user]
        if now != then and (unsteady[user] or (now > then) != state.speaks[user]):
            return False
    return True


@cached_njit
def _is_endless(people, state, then_inner, period):
    """Tell whether, in speech that repeats, every tick of the period moves somebody who returns each time.

    If not, the run will stop when the others have drifted to certainty or to nothing. Plays a period on a copy.

    Returns:
        (endless, plus, minus): speakers of each side, means over the period (0 if not endless).
    """
    copy = RossState(
        state.inner.copy(), state.confidence.copy(), state.speaks.copy(), state.heard.copy(), state.flips.copy()
    )
    returning = state.inner == then_inner
    plus, minus = 0.0, 0.0
    for _ in range(period):
        before = copy.confidence.copy()
        advance_tick(people, copy)
        if not np.any(returning & (np.abs(copy.confidence - before) > STILL)):
            return False, 0.0, 0.0
        more = _count_speakers(people, copy)
        plus, minus = plus + more[0] / period, minus + more[1] / period
    return True, plus, minus
