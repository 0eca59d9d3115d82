"""Compiled kernels of the model of Truong et al. (2024): what agents do, where it arrives, and how feeds take it up."""

import math
from typing import NamedTuple

from sim.kernels import cached_njit, kernel
from sim.rng import U64, draw, mix
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
    posted_in: I32  #: [M] the last step in which somebody posted it, -1 before
    name: I32  #: [M] its name in that step: 0 for the first message posted, and so on


class Arrivals(NamedTuple):
    """What is under way in one step. Messages have short names here, so that what is counted stays in the cache."""

    post: I32  #: [E] rows by receiver, as in `following`; each in order of arrival: a name, or ~name from a bot
    end: I64  #: [N] where the arrivals of a row end
    message: I32  #: [N] by name: the message
    copies: I64  #: [N] scratch by name: how often it arrived at one receiver; zeros in between
    place: I32  #: [N] scratch by name: 1 + its place in one receiver's feed; zeros in between
    distinct: I32  #: [most followees] scratch: names that arrived at one receiver, in order of first arrival
    overlap: I32  #: [sigma] scratch: places of one feed of which copies arrived
    fresh: I32  #: [sigma] scratch: names of the first messages that arrived and are not in the feed


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
                messages.quality[made] = compute_quality(draw(here, QUALITY), strength)
            elif draw(here, DECEIVE) < phi:
                messages.appeal[made] = 1.0
            posted[agent] = made
            made += 1
        if agent < humans:
            messages.human_shares[posted[agent]] += 1
    return made, seen, by_bots


@cached_njit
def compute_quality(u, strength):
    """Return the quality at `u` in [0, 1] of the distribution with density proportional to e^(strength q) on [0, 1]."""
    if strength == 0.0:
        return u
    return math.log(1.0 - u + u * math.exp(strength)) / strength


@kernel
def deliver(step, order, followers_start, followers, following_start, posted, messages, humans, theta, arrivals):
    """Hand what agents posted, who act in this `order` (int64 [N]), to everybody who follows them."""
    for agent in range(len(order)):
        arrivals.end[agent] = following_start[agent]
    names = 0
    for turn in range(len(order)):
        agent = order[turn]
        message = posted[agent]
        if messages.posted_in[message] != step:
            messages.posted_in[message], messages.name[message] = step, names
            arrivals.message[names] = message
            names += 1
        post = messages.name[message]
        if agent >= humans:
            if theta == 0:
                continue
            post = ~post
        for item in range(followers_start[agent], followers_start[agent + 1]):
            receiver = followers[item]
            arrivals.post[arrivals.end[receiver]] = post
            arrivals.end[receiver] += 1


@kernel
def take_up(step, following_start, arrivals, feeds, messages, theta, compatible):
    """Merge what arrived into every feed; who received nothing keeps feed and ages.

    A feed's ages never fall along it, so that "sort by age, keep the first sigma" is to cut the end off.
    """
    for receiver in range(len(feeds.length)):
        first, end = following_start[receiver], arrivals.end[receiver]
        if first == end:
            continue
        found = _count_copies(first, end, theta, arrivals)
        overlap = _find_overlap(step, receiver, feeds, messages, arrivals)
        fresh = _share_out(receiver, found, feeds, arrivals, compatible)
        _prepend(receiver, fresh, overlap > 0 or not compatible, feeds, arrivals)
        for place in range(found):
            arrivals.copies[arrivals.distinct[place]] = 0


@kernel
def _count_copies(first, end, theta, arrivals):
    """Count the copies of each message that arrived; return how many messages."""
    found = 0
    for item in range(first, end):
        post, copies = arrivals.post[item], 1
        if post < 0:
            post, copies = ~post, theta
        if arrivals.copies[post] == 0:
            arrivals.distinct[found] = post
            found += 1
        arrivals.copies[post] += copies
    return found


@kernel
def _find_overlap(step, receiver, feeds, messages, arrivals):
    """Find the entries of a feed of which copies arrived; return how many."""
    overlap = 0
    for slot in range(feeds.length[receiver]):
        message = feeds.message[receiver, slot]
        if messages.posted_in[message] == step and arrivals.copies[messages.name[message]] > 0:
            arrivals.place[messages.name[message]] = slot + 1
            arrivals.overlap[overlap] = slot
            overlap += 1
    return overlap


@kernel
def _share_out(receiver, found, feeds, arrivals, compatible):
    """Add copies of messages that the feed already holds to its entries; return how many others to prepend.

    `compatible`: the n-th entry that overlaps gains the copies of the n-th such message to arrive, as in the authors'
    code, and not its own.
    """
    most = len(arrivals.fresh)
    fresh = both = 0
    for number in range(found):
        name = arrivals.distinct[number]
        if arrivals.place[name] > 0:
            slot = arrivals.overlap[both] if compatible else arrivals.place[name] - 1
            feeds.shares[receiver, slot] += arrivals.copies[name]
            arrivals.place[name] = 0
            both += 1
        elif fresh < most:
            arrivals.fresh[fresh] = name
            fresh += 1
    return fresh


@kernel
def _prepend(receiver, fresh, older, feeds, arrivals):
    """Put new messages in front at age 0; ages of the others grow by 1, or become 1 if not `older`."""
    kept = min(feeds.length[receiver], len(arrivals.fresh) - fresh)
    for slot in range(kept - 1, -1, -1):
        feeds.message[receiver, fresh + slot] = feeds.message[receiver, slot]
        feeds.shares[receiver, fresh + slot] = feeds.shares[receiver, slot]
        feeds.age[receiver, fresh + slot] = feeds.age[receiver, slot] + 1 if older else 1
    for slot in range(fresh):
        name = arrivals.fresh[slot]
        feeds.message[receiver, slot] = arrivals.message[name]
        feeds.shares[receiver, slot] = arrivals.copies[name]
        feeds.age[receiver, slot] = 0
    feeds.length[receiver] = fresh + kept


@kernel
def compute_mean_quality(feeds, messages, humans):
    """Return the mean quality over all entries of people's feeds, 0 if there are none."""
    total, entries = 0.0, 0
    for agent in range(humans):
        for slot in range(feeds.length[agent]):
            total += messages.quality[feeds.message[agent, slot]]
        entries += feeds.length[agent]
    return total / entries if entries else 0.0
