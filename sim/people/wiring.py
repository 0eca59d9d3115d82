"""Compiled kernels that draw a follow graph, every draw keyed by (node) or (node, ordinal of the attempt)."""

import math

import numpy as np

from sim.kernels import cached_njit
from sim.rng import U64, mix, normal, pair_uniform, uniform

ATTEMPTS = 4  #: draws allowed for each wanted followee; an exhausted community gives fewer followees
SPARE = 32  #: additional draws allowed


@cached_njit
def uniforms(key, n):
    """Draw one uniform for each of the identities 0 .. n-1, float64 [n] in (0, 1)."""
    drawn = np.empty(n)
    for identity in range(n):
        drawn[identity] = uniform(key, U64(identity))
    return drawn


@cached_njit
def mix_places(key, place, sorted_share):
    """Return sort keys, float64 [n] in (0, 1): a keyed `sorted_share` keep their place, the rest draw one at random.

    place: int64 [n], a permutation of 0 .. n-1.
    """
    n = len(place)
    keys = np.empty(n)
    for node in range(n):
        here = mix(key, U64(node))
        keys[node] = (place[node] + 0.5) / n if uniform(here, U64(0)) < sorted_share else uniform(here, U64(1))
    return keys


@cached_njit
def pareto_weights(line, tail):
    """Return Pareto weights, float64 [n]: the n mid-quantiles of P(weight > x) = x^-tail, largest to line[0].

    Quantiles, not draws: with draws, one world in a thousand has a person whom all follow, which hides the tail.
    """
    n = len(line)
    weights = np.empty(n)
    for place in range(n):
        weights[line[place]] = math.exp(-math.log((place + 0.5) / n) / tail)
    return weights


@cached_njit
def lognormal_counts(key, n, mean, spread):
    """Return counts, int64 [n] in 1 .. n-1, lognormal with `mean` and log-SD `spread`, rounded without bias."""
    counts = np.empty(n, np.int64)
    for node in range(n):
        wanted = mean * math.exp(spread * normal(key, U64(node)) - 0.5 * spread * spread)
        rounded = math.floor(min(wanted, float(n)) + pair_uniform(key, U64(node), U64(2)))
        counts[node] = min(max(int(rounded), 1), n - 1)
    return counts


@cached_njit
def build_index(weights, order):
    """Return (cumulative [n + 1], guide [n]) of the weights in `order`: indexed inversion.

    Chen & Asau (1974), "On generating random variates from an empirical distribution", AIIE Transactions 6,
    163-166: guide[b] is the place at which the search for a value in the b-th of n equal intervals begins.
    """
    n = len(order)
    cumulative = np.zeros(n + 1)
    for place in range(n):
        cumulative[place + 1] = cumulative[place] + weights[order[place]]
    guide = np.empty(n, np.int32)
    place = 0
    for cell in range(n):
        while place < n - 1 and cumulative[place + 1] <= cell * cumulative[n] / n:
            place += 1
        guide[cell] = place
    return cumulative, guide


@cached_njit
def _find_place(value, cumulative, guide):
    """Return the place p with cumulative[p] <= value < cumulative[p + 1]."""
    n = len(guide)
    place = guide[min(n - 1, int(value / cumulative[n] * n))]
    while place > 0 and cumulative[place] > value:
        place -= 1
    while place < n - 1 and cumulative[place + 1] <= value:
        place += 1
    return place


@cached_njit
def draw_followees(key, counts, order, block_start, block, cumulative, guide, mixing):
    """Draw distinct followees by weight: a share `mixing` outside the person's block, the rest inside it.

    Args:
        key: uint64, the stream.
        counts: int64 [n], followees wanted; fewer are drawn where a block is exhausted.
        order: int64 [n], nodes block by block.
        block_start: int64 [blocks + 1], block b holds the places block_start[b] .. block_start[b + 1] - 1 of `order`.
        block: int32 [n], block of each node.
        cumulative: float64 [n + 1], from `build_index`.
        guide: int32 [n], from `build_index`.
        mixing: share of draws that leave the block.

    Returns:
        (source, target), int32.
    """
    n = len(counts)
    source, target = np.empty(counts.sum(), np.int32), np.empty(counts.sum(), np.int32)
    chosen_by = np.full(n, -1, np.int32)
    made = 0
    for node in range(n):
        low, high = block_start[block[node]], block_start[block[node] + 1]
        own = cumulative[high] - cumulative[low]
        leaving = 1.0 if high - low == 1 else (0.0 if high - low == n else mixing)
        here = mix(key, U64(node))
        chosen_by[node] = node
        wanted = made + counts[node]
        for attempt in range(ATTEMPTS * counts[node] + SPARE):
            if made == wanted:
                break
            draw = uniform(here, U64(attempt))
            if draw < leaving:
                value = draw / leaving * (cumulative[n] - own)
                value = value if value < cumulative[low] else value + own
            else:
                value = cumulative[low] + (draw - leaving) / (1.0 - leaving) * own
            other = order[_find_place(value, cumulative, guide)]
            if chosen_by[other] != node:
                chosen_by[other] = node
                source[made] = node
                target[made] = other
                made += 1
    return source[:made], target[:made]


@cached_njit
def adjust_reciprocity(key, following_start, following, followers_start, followers, added, dropped):
    """Reverse one-way edges with probability `added`; make mutual pairs one-way with probability `dropped`.

    Draws are keyed by (follower, followee), for mutual pairs by (lower, higher). Returns (source, target), int32.
    """
    source, target = np.empty(2 * len(following), np.int32), np.empty(2 * len(following), np.int32)
    made = 0
    for node in range(len(following_start) - 1):
        back, end = followers_start[node], followers_start[node + 1]
        for item in range(following_start[node], following_start[node + 1]):
            other = following[item]
            while back < end and followers[back] < other:
                back += 1
            mutual = back < end and followers[back] == other
            if mutual:
                draw = pair_uniform(key, U64(min(node, other)), U64(max(node, other)))
                lost = draw < 0.5 * dropped if node < other else 0.5 * dropped <= draw < dropped
                reverse = False
            else:
                lost = False
                reverse = pair_uniform(key, U64(node), U64(other)) < added
            if not lost:
                source[made], target[made] = node, other
                made += 1
            if reverse:
                source[made], target[made] = other, node
                made += 1
    return source[:made], target[:made]


@cached_njit
def grow_attachment(key, n, links):
    """Grow a preferential-attachment graph: (newcomer, earlier node), int32 [links * (n - links)] each.

    Start: node `links` is linked to 0 .. links-1. Every later node links to `links` distinct earlier nodes with
    probability proportional to degree, by drawing an end of an earlier link (each attempt keyed by node, attempt).
    """
    newcomer, earlier = np.empty(links * (n - links), np.int32), np.empty(links * (n - links), np.int32)
    chosen_by = np.full(n, -1, np.int32)
    made = 0
    for node in range(links, n):
        here = mix(key, U64(node))
        ends = 2 * made
        attempt = 0
        for ordinal in range(links):
            other = ordinal
            while node > links:
                drawn = int(uniform(here, U64(attempt)) * ends)
                attempt += 1
                other = newcomer[drawn // 2] if drawn % 2 else earlier[drawn // 2]
                if chosen_by[other] != node:
                    break
            chosen_by[other] = node
            newcomer[made], earlier[made] = node, other
            made += 1
    return newcomer, earlier
