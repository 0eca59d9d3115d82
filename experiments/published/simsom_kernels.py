"""Compiled kernels of the model of Truong et al. (2024): what agents do, where it arrives, and how feeds take it up."""

import math
from typing import NamedTuple

from numba import njit

from sim.kernels import kernel
from sim.noise import U64, draw, mix, uniform, uniform2
from sim.state.accounts import F64, I64
from sim.state.graph import I32

POST, PICK, QUALITY, APPEAL, DECEIVE = range(5)  #: decisions of an agent in a step, each with a draw of its own


class Feeds(NamedTuple):
    """What N agents read, newest first; slots past `length` hold nothing. Ages never fall along a row."""

    message: I32  #: [N, sigma] number of a message
    shares: I64  #: [N, sigma] times it was shared into this feed
    age: I32  #: [N, sigma] steps
    length: I32  #: [N] entries held


class Messages(NamedTuple):
    """All messages that a run has made, in order of creation; rows past their number hold nothing yet."""

    quality: F64  #: [M] in [0, 1]; 0 is a bot's
    appeal: F64  #: [M] in [0, 1]
    author: I32  #: [M] row of the agent
    human_shares: I64  #: [M] times that people posted it, the first time included
    stamp: I64  #: [M] scratch: the (step, receiver) that saw it last
    place: I32  #: [M] scratch: its place among that receiver's arrivals


class Arrivals(NamedTuple):
    """What is under way to each agent in one step."""

    sender: I32  #: [E] rows by receiver, as in `following`; each in order of arrival
    received: I32  #: [N] filled slots of a row
    distinct: I32  #: [most followees] scratch: one receiver's messages in order of first arrival
    copies: I64  #: [most followees] scratch: how often each arrived


@kernel
def act(key, feeds, messages, made, posted, humans, mu, phi, strength, recency):
    """Have every agent choose from its feed, or make, the one message that it posts in this step.

    Args:
        key: uint64, of the step.
        feeds, messages: of last step; `messages` receives what is made.
        made: number of messages so far.
        posted: int32 [N], receives the message of each agent.
        humans: agents below this row are people, the others bots.
        mu, phi, strength: as in `simsom_2024.SimSom`.
        recency: float64 [steps + 1], weight of an age.

    Returns:
        (made, entries that agents had before them, those of them that bots made).
    """
    seen = by_bots = 0
    for agent in range(len(posted)):
        here = mix(key, U64(agent))
        length = feeds.length[agent]
        total = 0.0
        for slot in range(length):
            message = feeds.message[agent, slot]
            total += messages.appeal[message] * feeds.shares[agent, slot] * recency[feeds.age[agent, slot]]
            by_bots += messages.author[message] >= humans
        seen += length
        if total > 0.0 and draw(here, POST) > mu:
            left = draw(here, PICK) * total
            chosen = length - 1
            for slot in range(length):
                message = feeds.message[agent, slot]
                left -= messages.appeal[message] * feeds.shares[agent, slot] * recency[feeds.age[agent, slot]]
                if left < 0.0:
                    chosen = slot
                    break
            posted[agent] = feeds.message[agent, chosen]
        else:
            messages.author[made] = agent
            messages.human_shares[made] = 0
            messages.appeal[made] = 1.0 - (1.0 - draw(here, APPEAL)) ** 0.2
            messages.quality[made] = 0.0
            if agent < humans:
                messages.quality[made] = quality(draw(here, QUALITY), strength)
            elif draw(here, DECEIVE) < phi:
                messages.appeal[made] = 1.0
            posted[agent] = made
            made += 1
        if agent < humans:
            messages.human_shares[posted[agent]] += 1
    return made, seen, by_bots


@njit(cache=True)
def quality(u, strength):
    """Return the quality at `u` in [0, 1] of the distribution with density proportional to e^(strength q) on [0, 1]."""
    if strength == 0.0:
        return u
    return math.log(1.0 - u + u * math.exp(strength)) / strength


@kernel
def deliver(order, followers_start, followers, following_start, arrivals):
    """Hand the posts of agents, who act in this `order` (int64 [N]), to everybody who follows them."""
    arrivals.received[:] = 0
    for turn in range(len(order)):
        agent = order[turn]
        for item in range(followers_start[agent], followers_start[agent + 1]):
            receiver = followers[item]
            arrivals.sender[following_start[receiver] + arrivals.received[receiver]] = agent
            arrivals.received[receiver] += 1


@kernel
def take_up(step, following_start, arrivals, posted, feeds, messages, humans, theta, compatible):
    """Merge what arrived into every feed; who received nothing keeps feed and ages.

    A feed's ages never fall along it, so that "sort by age, keep the first sigma" is to cut the end off.
    """
    agents, sigma = feeds.message.shape
    for receiver in range(agents):
        if arrivals.received[receiver] == 0:
            continue
        tag = step * agents + receiver
        found = _distinct(tag, following_start[receiver], receiver, arrivals, posted, messages, humans, theta)
        overlap = _overlap(tag, receiver, feeds, messages, arrivals, compatible)
        fresh = 0
        for place in range(found):
            if arrivals.copies[place] > 0:
                arrivals.distinct[fresh], arrivals.copies[fresh] = arrivals.distinct[place], arrivals.copies[place]
                fresh += 1
        fresh = min(fresh, sigma)
        kept = min(feeds.length[receiver], sigma - fresh)
        for slot in range(kept - 1, -1, -1):
            feeds.message[receiver, fresh + slot] = feeds.message[receiver, slot]
            feeds.shares[receiver, fresh + slot] = feeds.shares[receiver, slot]
            older = overlap > 0 or not compatible
            feeds.age[receiver, fresh + slot] = feeds.age[receiver, slot] + 1 if older else 1
        for slot in range(fresh):
            feeds.message[receiver, slot] = arrivals.distinct[slot]
            feeds.shares[receiver, slot] = arrivals.copies[slot]
            feeds.age[receiver, slot] = 0
        feeds.length[receiver] = fresh + kept


@kernel
def _distinct(tag, first, receiver, arrivals, posted, messages, humans, theta):
    """Count the copies of each message that arrived, in order of first arrival; return how many messages."""
    found = 0
    for item in range(first, first + arrivals.received[receiver]):
        sender = arrivals.sender[item]
        message = posted[sender]
        if messages.stamp[message] != tag:
            messages.stamp[message] = tag
            messages.place[message] = found
            arrivals.distinct[found] = message
            arrivals.copies[found] = 0
            found += 1
        arrivals.copies[messages.place[message]] += theta if sender >= humans else 1
    return found


@kernel
def _overlap(tag, receiver, feeds, messages, arrivals, compatible):
    """Add copies of messages that the feed already holds to their entries, and leave no copy of them in `arrivals`.

    `compatible`: the n-th entry that overlaps gains the copies of the n-th such message to arrive, as in the authors'
    code, and not its own. Returns the number of entries that overlap.
    """
    overlap = 0
    after = -1
    for slot in range(feeds.length[receiver]):
        message = feeds.message[receiver, slot]
        if messages.stamp[message] != tag:
            continue
        overlap += 1
        place = messages.place[message]
        if compatible:
            place = _next_overlap(tag, after, receiver, feeds, messages)
            after = place
        feeds.shares[receiver, slot] += arrivals.copies[place]
    for slot in range(feeds.length[receiver]):
        message = feeds.message[receiver, slot]
        if messages.stamp[message] == tag:
            arrivals.copies[messages.place[message]] = 0
    return overlap


@kernel
def _next_overlap(tag, after, receiver, feeds, messages):
    """Return the first place after `after` among arrivals whose message is in the feed."""
    best = 1 << 30
    for slot in range(feeds.length[receiver]):
        message = feeds.message[receiver, slot]
        if messages.stamp[message] == tag and after < messages.place[message] < best:
            best = messages.place[message]
    return best


@kernel
def mean_quality(feeds, messages, humans):
    """Return the mean quality over all entries of people's feeds, 0 if there are none."""
    total, entries = 0.0, 0
    for agent in range(humans):
        for slot in range(feeds.length[agent]):
            total += messages.quality[feeds.message[agent, slot]]
        entries += feeds.length[agent]
    return total / entries if entries else 0.0


@njit(cache=True)
def grown(key, n, k, p, source, target):
    """Grow a random-walk network of n > k + 1 nodes; each newcomer follows k others, of whom some may coincide.

    Args:
        key: uint64, the stream; draws are keyed by (node, ordinal).
        n, k, p: as in `simsom_networks.growth`.
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
        made = _newcomer(mix(key, U64(node)), node, k, p, source, target, made)
    return made


@njit(cache=True)
def _newcomer(here, node, k, p, source, target, made):
    first = made
    friend = int(uniform(here, U64(0)) * node)
    copied = 0
    for trial in range(k - 1):
        copied += uniform2(here, U64(1), U64(trial)) < p
    low, high = _row_of(source, friend, made, k)
    copied = min(copied, high - low)
    source[made], target[made] = node, friend
    made += 1
    left, wanted = high - low, copied
    for item in range(low, high):  # each remaining successor with chance wanted / left: a sample without replacement
        if uniform2(here, U64(2), U64(item - low)) * left < wanted:
            wanted -= 1
            source[made], target[made] = node, target[item]
            made += 1
        left -= 1
    begun, attempt = made, 0
    repeated = 0
    while made - begun + repeated < k - 1 - copied:
        other = int(uniform2(here, U64(3), U64(attempt)) * node)
        attempt += 1
        if _holds(target, begun, made, other):
            continue
        source[made], target[made] = node, other
        made += 1
    return _without_repeats(source, target, first, begun, made)


@njit(cache=True)
def _row_of(source, node, made, k):
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


@njit(cache=True)
def _holds(target, low, high, node):
    found = False
    for item in range(low, high):
        found = found or target[item] == node
    return found


@njit(cache=True)
def _without_repeats(source, target, first, begun, made):
    """Drop edges from `begun` on that stand between `first` and `begun` too; return the number of edges left."""
    kept = begun
    for item in range(begun, made):
        if not _holds(target, first, begun, target[item]):
            source[kept], target[kept] = source[item], target[item]
            kept += 1
    return kept


@njit(cache=True)
def successes(key, identity, trials, p, first):
    """Return how many of `trials` draws of `identity`, numbered from `first`, are below p: a keyed binomial."""
    count = 0
    for trial in range(trials):
        count += uniform2(key, U64(identity), U64(first + trial)) < p
    return count
