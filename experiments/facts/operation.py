"""What organised accounts do, who sees it, and what suspension costs them: facts 15 to 18."""

import math

import numpy as np
from numpy.typing import NDArray

from experiments.facts.activity import HOUR, compute_top_share
from experiments.facts.recording import Recording
from sim.campaigns import TACTICS
from sim.state.accounts import I64
from sim.state.co_posting import find_co_posters, find_near_pairs, number_contents
from sim.state.posts import REPOST
from sim.state.truth import EXTREMIST, ORGANIC, TROLL

OFFICE = (9, 17)  #: office hours, first and one after the last
FLOOD = TACTICS.index("flood")
DAYS = 7  #: within which a suspension comes early


def select_army_posts(run: Recording) -> NDArray[np.bool_]:
    """Return which posts are the army's, bool [P]."""
    return run.role[run.posts.author] == TROLL


def measure_hourly_rate(run: Recording) -> float:
    """Fact 15: mean posts of an army account in its active hours (clock hours with a post of it)."""
    chosen = select_army_posts(run)
    hours = run.posts.author[chosen].astype(np.int64) * (run.ticks + 1) + run.posts.time[chosen] // HOUR
    return float(np.unique(hours, return_counts=True)[1].mean()) if len(hours) else math.nan


def measure_flood_reposts(run: Recording) -> float:
    """Fact 15: part of the flood platoon's posts that are reposts."""
    flood = run.posts.kind[run.tactic == FLOOD]
    return float((flood == REPOST).mean()) if len(flood) else math.nan


def measure_early_posts(run: Recording) -> float:
    """Fact 15: army posts before the campaign: none, if the accounts lie dormant."""
    return float(np.count_nonzero(run.posts.time[select_army_posts(run)] < run.start * HOUR))


def count_co_posters(author: I64, content: I64, time: I64) -> int:
    """Return how many accounts co-post often (see `sim.state.co_posting.find_co_posters`)."""
    return len(find_co_posters(author, content, time))


def select_shared(run: Recording, which: NDArray[np.bool_]) -> tuple[I64, I64, I64]:
    """Return (author, content, time) of those of the posts `which` that copy a text or repost a post, int64."""
    posts = run.posts
    content = number_contents(posts.kind, posts.root, posts.template)
    alike = which & (content != -1)
    return posts.author[alike].astype(np.int64), content[alike], posts.time[alike]


def measure_copied_together(run: Recording) -> float:
    """Fact 16: part of the flooding accounts that co-posted copied text of their own often.

    Of accounts that wrote for the flood: their posts that copy a template and are no reposts, within a minute of the
    same text by another account, over the whole campaign.
    """
    flood = run.tactic == FLOOD
    accounts = len(np.unique(run.posts.author[flood]))
    return (
        count_co_posters(*select_shared(run, flood & (run.posts.kind != REPOST))) / accounts if accounts else math.nan
    )


def measure_acted_together(run: Recording) -> float:
    """Fact 16: as `measure_copied_together`, of all army accounts, where reposts of one post count as copies too.

    As in the source: two accounts are tied if they posted or reposted the same content within one minute (Schoch
    et al. 2022, doi:10.1038/s41598-022-08404-9, caption of figure 4); how often is ours.
    """
    accounts = np.count_nonzero(run.role == TROLL)
    return count_co_posters(*select_shared(run, select_army_posts(run))) / accounts if accounts else math.nan


def count_partners(run: Recording) -> I64:
    """Return with how many other army accounts each one shared a content within a minute, int64 [army]."""
    author, content, time = select_shared(run, select_army_posts(run))
    rows, others = find_near_pairs(author, content, time)
    size = len(run.role)
    ties = np.unique(np.concatenate((author[rows] * size + author[others], author[others] * size + author[rows])))
    return np.bincount(ties // size, minlength=size)[run.role == TROLL]


def measure_office_peak(run: Recording) -> float:
    """Fact 16: army posts an hour in office hours over those in all other hours; 1 for a flat day."""
    hour = run.posts.time[select_army_posts(run)] // HOUR % 24
    inside = np.count_nonzero((hour >= OFFICE[0]) & (hour < OFFICE[1]))
    width = OFFICE[1] - OFFICE[0]
    outside = (len(hour) - inside) / (24 - width)
    return inside / width / outside if outside else math.nan


def measure_early_loss(tolerated: Recording, swept: Recording, column: str) -> float:
    """Fact 17: `followers` or `written` of an extremist account, tolerated over suspended within days.

    Means over accounts: all of the world that tolerates them; of the swept world, those that were opened in it and
    suspended within `DAYS` days. nan unless there are such.
    """
    joined, suspended = swept.register.opened_at, swept.counts.suspended_at
    soon = (swept.role == EXTREMIST) & (joined > 0) & (suspended < swept.counts.never)
    soon[soon] = suspended[soon] - joined[soon] <= 24 * DAYS
    kept = tolerated.role == EXTREMIST
    found = [
        float(_get_column(run, column)[who].mean()) if who.any() else 0.0
        for run, who in ((tolerated, kept), (swept, soon))
    ]
    return found[0] / found[1] if found[1] else math.nan


def _get_column(run: Recording, name: str) -> I64:
    return run.followers if name == "followers" else run.after.written


def measure_returned_followers(run: Recording) -> float:
    """Fact 17: followers of an extremist account that took another's place, over those of a first one; nan for none."""
    extremist = run.role == EXTREMIST
    later, first = extremist & (run.register.predecessor >= 0), extremist & (run.register.opened_at == 0)
    first &= run.register.predecessor < 0
    if not later.any() or not run.followers[first].sum():
        return math.nan
    return float(run.followers[later].mean() / run.followers[first].mean())


def measure_posts_lost(run: Recording) -> float:
    """Fact 17: posts a tolerated organised account over posts a suspended one, over the whole run.

    Suspended: at least once in the run. nan unless there are both.
    """
    organised = np.flatnonzero(run.role != ORGANIC)
    written = run.after.written[organised]
    suspended = run.counts.suspended_at[organised] < run.counts.never
    if suspended.all() or not suspended.any() or not written[suspended].sum():
        return math.nan
    return float(written[~suspended].mean() / written[suspended].mean())


def measure_top_exposure(run: Recording, share: float) -> float:
    """Fact 18: part of all impressions of the army's posts among people that fall on the most exposed `share`.

    An impression is one post in one session of one reader. The share is of all people, also of those
    who saw none.
    """
    return compute_top_share(run.counts.exposures[: run.people], share)


def measure_top_delivered(run: Recording, share: float) -> float:
    """Fact 18: part of what home feeds were given of the army's content that the `share` with most of it got."""
    return compute_top_share(run.delivered[: run.people], share)
