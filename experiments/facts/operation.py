"""What organised accounts do, who sees it, and what suspension costs them: facts 15 to 18."""

import math

import numpy as np
from numpy.typing import NDArray

from experiments.facts.activity import HOUR, top_share
from experiments.facts.recording import Recording
from sim.campaigns import TACTICS
from sim.state.accounts import I64
from sim.state.posts import REPOST
from sim.state.truth import ORGANIC, TROLL

TOGETHER = 60  #: seconds within which two posts count as one moment
OFTEN = 2  #: such moments that make an account a co-poster
OFFICE = (9, 17)  #: office hours, first and one after the last
FLOOD = TACTICS.index("flood")


def by_army(run: Recording) -> NDArray[np.bool_]:
    """Return which posts are the army's, bool [P]."""
    return run.role[run.posts.author] == TROLL


def hourly_rate(run: Recording) -> float:
    """Fact 15: mean posts of an army account in its active hours (clock hours with a post of it)."""
    chosen = by_army(run)
    hours = run.posts.author[chosen].astype(np.int64) * (run.ticks + 1) + run.posts.time[chosen] // HOUR
    return float(np.unique(hours, return_counts=True)[1].mean()) if len(hours) else math.nan


def flood_reposts(run: Recording) -> float:
    """Fact 15: part of the flood platoon's posts that are reposts."""
    flood = run.posts.kind[run.tactic == FLOOD]
    return float((flood == REPOST).mean()) if len(flood) else math.nan


def early_posts(run: Recording) -> float:
    """Fact 15: army posts before the campaign: none, if the accounts lie dormant."""
    return float(np.count_nonzero(run.posts.time[by_army(run)] < run.start * HOUR))


def co_posts(author: I64, content: I64, time: I64) -> tuple[I64, I64]:
    """Return (account, moments) of accounts that posted a content within `TOGETHER` seconds of another account.

    Args:
        author, content, time: int64 [n], of the posts to compare; the same content is the same number.

    Returns:
        accounts, and of each how many of its posts another account matched.
    """
    order = np.lexsort((time, content))
    who, what, when = author[order], content[order], time[order]
    matched = np.zeros(len(who), np.bool_)
    for step in range(1, len(who)):
        near = (what[step:] == what[:-step]) & (when[step:] - when[:-step] <= TOGETHER)
        if not near.any():
            break
        other = near & (who[step:] != who[:-step])
        matched[step:] |= other
        matched[:-step] |= other
    return np.unique(who[matched], return_counts=True)


def copied_together(run: Recording) -> float:
    """Fact 16: part of the flooding accounts that co-posted copied text of their own at least `OFTEN` times.

    Of accounts that wrote for the flood: their posts that copy a template and are no reposts, within
    `TOGETHER` seconds of the same text by another account (`co_posts`), over the whole campaign.
    """
    posts = run.posts
    flood = run.tactic == FLOOD
    text = flood & (posts.template >= 0) & (posts.kind != REPOST)
    _, moments = co_posts(posts.author[text].astype(np.int64), posts.template[text].astype(np.int64), posts.time[text])
    accounts = len(np.unique(posts.author[flood]))
    return np.count_nonzero(moments >= OFTEN) / accounts if accounts else math.nan


def acted_together(run: Recording) -> float:
    """Fact 16: as `copied_together`, of all army accounts, where reposts of one post count as copies too."""
    posts, army = run.posts, by_army(run)
    alike = army & ((posts.template >= 0) | (posts.kind == REPOST))
    content = np.where(posts.kind == REPOST, posts.root, -1 - posts.template.astype(np.int64))[alike]
    _, moments = co_posts(posts.author[alike].astype(np.int64), content, posts.time[alike])
    accounts = np.count_nonzero(run.role == TROLL)
    return np.count_nonzero(moments >= OFTEN) / accounts if accounts else math.nan


def office_peak(run: Recording) -> float:
    """Fact 16: army posts an hour in office hours over those in all other hours; 1 for a flat day."""
    hour = run.posts.time[by_army(run)] // HOUR % 24
    inside = np.count_nonzero((hour >= OFFICE[0]) & (hour < OFFICE[1]))
    width = OFFICE[1] - OFFICE[0]
    outside = (len(hour) - inside) / (24 - width)
    return inside / width / outside if outside else math.nan


def posts_lost(run: Recording) -> float:
    """Fact 17: posts a tolerated organised account over posts a suspended one, over the whole run.

    Suspended: at least once in the run. nan unless there are both.
    """
    organised = np.flatnonzero(run.role != ORGANIC)
    written = run.after.written[organised]
    barred = run.watch.suspended_at[organised] < run.watch.never
    if barred.all() or not barred.any() or not written[barred].sum():
        return math.nan
    return float(written[~barred].mean() / written[barred].mean())


def exposed_top(run: Recording, share: float) -> float:
    """Fact 18: part of all impressions of the army's posts among people that fall on the most exposed `share`.

    An impression is one post in one session of one reader. The share is of all people, also of those
    who saw none.
    """
    return top_share(run.watch.exposures[: run.people], share)
