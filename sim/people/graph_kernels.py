"""Compiled kernels of the textbook graphs, every draw keyed by node and ordinal."""

import math

from sim.kernels import kernel
from sim.rng import U64, mix, pair_uniform, uniform

ATTEMPTS = 64  #: draws allowed for a rewired tie; then it stays


@kernel
def draw_planted_partition(key, blocks, inside, outside, mutual, source, target):
    """Draw each tie by itself: P = `inside` within a block, `outside` else. Returns the number of ties.

    Node i is in block i * blocks // n. Gaps between ties are drawn, as by Batagelj & Brandes (2005), "Efficient
    generation of large random networks", doi:10.1103/PhysRevE.71.036113, so time grows with the ties.

    Args:
        key: of the stream.
        blocks: (number of nodes n, number of blocks).
        inside, outside: probabilities in [0, 1].
        mutual: draw each pair once, the later node as source.
        source, target: int32, filled as far as they go: empty ones to count only.
    """
    n, number = blocks
    made = 0
    for node in range(n):
        here = mix(key, U64(node))
        block = node * number // n
        low, high = -(-block * n // number), -(-(block + 1) * n // number)
        end = node if mutual else n
        made = _draw_ties(mix(here, U64(0)), node, 0, min(low, end), outside, made, source, target)
        made = _draw_ties(mix(here, U64(1)), node, low, min(high, end), inside, made, source, target)
        made = _draw_ties(mix(here, U64(2)), node, high, end, outside, made, source, target)
    return made


@kernel
def _draw_ties(key, node, low, high, probability, made, source, target):
    """Tie `node` to each of low .. high - 1 but itself with `probability`; return how many there are then."""
    if probability <= 0.0:
        return made
    log_none = math.log1p(-probability) if probability < 1.0 else -math.inf
    other, ordinal = low - 1, 0
    while True:
        gap = math.log(uniform(key, U64(ordinal))) / log_none
        if gap >= high - other:
            return made
        other += 1 + int(gap)
        ordinal += 1
        if other >= high:
            return made
        if other != node:
            if made < len(source):
                source[made], target[made] = node, other
            made += 1


@kernel
def draw_small_world(key, n, reach, rewiring, source, target):
    """Lay a ring in which each node is tied to the `reach` next; rewire the far end with P = `rewiring`.

    A rewired tie goes to any node that the near end is not tied to, by the ring or by its own earlier ties.

    Args:
        key: of the stream.
        n: nodes, above 2 * reach.
        reach: ties that begin at each node.
        rewiring: probability in [0, 1].
        source, target: int32 [n * reach], filled: ties of node i at i * reach and on.
    """
    for node in range(n):
        for step in range(1, reach + 1):
            place = node * reach + step - 1
            source[place], target[place] = node, (node + step) % n
            if not _is_rewired(key, node, step, rewiring):
                continue
            here = mix(mix(key, U64(node)), U64(step))
            for attempt in range(1, ATTEMPTS):
                other = int(uniform(here, U64(attempt)) * n)
                if _is_free(key, n, reach, rewiring, target, node, step, other):
                    target[place] = other
                    break


@kernel
def _is_rewired(key, node, step, rewiring):
    return pair_uniform(key, U64(node), U64(step)) < rewiring


@kernel
def _is_free(key, n, reach, rewiring, target, node, step, other):
    """Tell whether the `step`-th tie of `node` may go to `other`."""
    ahead, behind = (other - node) % n, (node - other) % n
    if ahead in (0, step) or (0 < behind <= reach and not _is_rewired(key, other, behind, rewiring)):
        return False
    if step < ahead <= reach and not _is_rewired(key, node, ahead, rewiring):
        return False
    taken = False
    for place in range(node * reach, node * reach + step - 1):
        taken |= target[place] == other
    return not taken


@kernel
def power_law(draws, exponent, low, high, out):
    """Turn uniforms into draws of a power law cut at both ends: density ~ x^-exponent on low .. high, low > 0.

    Args:
        draws: float64 [n] in (0, 1).
        exponent: of the density, >= 0.
        low, high: the ends.
        out: float64 [n], filled.
    """
    for item in range(len(draws)):
        if abs(exponent - 1.0) < 1e-9:
            out[item] = low * math.exp(draws[item] * math.log(high / low))
        else:
            power = 1.0 - exponent
            bottom = low**power
            out[item] = (bottom + draws[item] * (high**power - bottom)) ** (1.0 / power)


@kernel
def assign_members(key, eligible, order, slots, community):
    """Put nodes at random into slots of communities, each among the first slots that are eligible for it.

    Args:
        key: of the stream.
        eligible: int64 [n], ascending: how many of the first slots may hold the node in that place of `order`.
        order: int64 [n], nodes, the hardest to place first. One without a free eligible slot gets the next.
        slots: int64 [n], community of each slot; left in the order of `order`.
        community: int32 [n], filled: community of each node.
    """
    for place in range(len(order)):
        end = max(eligible[place], place + 1)
        drawn = place + int(uniform(key, U64(order[place])) * (end - place))
        slots[place], slots[drawn] = slots[drawn], slots[place]
        community[order[place]] = slots[place]
