"""Compiled kernels that draw the networks of Truong et al. (2024)."""

from sim.kernels import cached_njit
from sim.rng import U64, mix, pair_uniform, uniform


@cached_njit
def grow(key, n, k, p, source, target):
    """Grow a random-walk network of n > k + 1 nodes; each newcomer follows k others, of whom some may coincide.

    Args:
        key: uint64, the stream; draws are keyed by (node, ordinal).
        n, k, p: as in `simsom_networks.grow_network`.
        source, target: int32 [n k], receive the edges.

    Returns:
        Their number: each edge once.
    """
    made = 0
    for node in range(k):
        for other in range(k):
            if other != node:
                source[made], target[made] = node, other
                made += 1
    for node in range(k, n):
        made = _add_newcomer(mix(key, U64(node)), node, k, p, source, target, made)
    return made


@cached_njit
def _add_newcomer(here, node, k, p, source, target, made):
    first = made
    friend = int(uniform(here, U64(0)) * node)
    copied = 0
    for trial in range(k - 1):
        copied += pair_uniform(here, U64(1), U64(trial)) < p
    low, high = _find_row(source, friend, made)
    copied = min(copied, high - low)
    source[made], target[made] = node, friend
    made += 1
    left, wanted = high - low, copied
    for item in range(low, high):  # each remaining successor with chance wanted / left: a sample without replacement
        if pair_uniform(here, U64(2), U64(item - low)) * left < wanted:
            wanted -= 1
            source[made], target[made] = node, target[item]
            made += 1
        left -= 1
    begun, attempt = made, 0
    repeated = 0
    while made - begun + repeated < k - 1 - copied:
        other = int(pair_uniform(here, U64(3), U64(attempt)) * node)
        attempt += 1
        if _has_node(target, begun, made, other):
            continue
        source[made], target[made] = node, other
        made += 1
    return _drop_repeats(source, target, first, begun, made)


@cached_njit
def _find_row(source, node, made):
    """Return where the edges of `node` begin and end: edges are in order of source."""
    low, high = 0, made
    while low < high:
        middle = (low + high) // 2
        if source[middle] < node:
            low = middle + 1
        else:
            high = middle
    end = low
    while end < made and source[end] == node:
        end += 1
    return low, end


@cached_njit
def _has_node(target, low, high, node):
    found = False
    for item in range(low, high):
        found = found or target[item] == node
    return found


@cached_njit
def _drop_repeats(source, target, first, begun, made):
    """Drop edges from `begun` on that stand between `first` and `begun` too; return the number of edges left."""
    kept = begun
    for item in range(begun, made):
        if not _has_node(target, first, begun, target[item]):
            source[kept], target[kept] = source[item], target[item]
            kept += 1
    return kept


@cached_njit
def count_successes(key, identity, trials, p, first):
    """Return how many of `trials` draws of `identity`, numbered from `first`, are below p: a keyed binomial."""
    count = 0
    for trial in range(trials):
        count += pair_uniform(key, U64(identity), U64(first + trial)) < p
    return count
