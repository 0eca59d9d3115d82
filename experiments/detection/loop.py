"""A detector of this package within a run: what a platform knows in one hour, as the view that detectors read."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.detection.detector import F64, I64, Detector
from experiments.detection.view import PlatformView
from sim.platform.defences.base import Site, site_of
from sim.state.posts import KINDS, REPLY, REPOST
from sim.world import World


@dataclass(frozen=True)
class Looker:
    """Calls a detector with a view of the posts in memory, 48 hours at most.

    Accounts are shown in an order that says nothing of who they are. A post has no words, tags or links here, so a
    detector should look at reposts, replies or times. Who is followed by whom is not shown.
    """

    detector: Detector

    def __call__(self, site: Site) -> F64:
        """Return the score of each account, float64 [A]."""
        order = shuffled(site)
        score = np.zeros(len(order))
        score[order] = self.detector.score(view(site, order))
        return score


def shuffled(site: Site) -> I64:
    """Return the rows of all accounts in the order of their keys, int64 [A]: in rows the organised come last."""
    return np.argsort(site.key, kind="stable")


def view(site: Site, order: I64) -> PlatformView:
    """Return what a platform shows of itself in one hour; an account's id is its place in `order` (rows, int64 [A])."""
    acts, n = site.acts, len(site.acts.key)
    place = np.argsort(order)
    stands = ~site.removed
    posts = pd.DataFrame(
        {
            "post_id": site.base + np.arange(n),
            "account_id": place[acts.author],
            "time": acts.time,
            "kind": pd.Categorical.from_codes(acts.kind.astype(np.int64), pd.Index(KINDS)),
            "repost_of": np.where(stands & (acts.kind == REPOST), acts.root, -1),
            "reply_to_account": np.where(stands & (acts.kind == REPLY) & (acts.target >= 0), place[acts.target], -1),
            "deleted": site.removed,
        }
    ).assign(hashtags="", urls="", text="", mentions="")
    ids = np.arange(len(site.key))
    accounts = pd.DataFrame(
        {"account_id": ids, "created_at": site.joined[order] * 3600, "followers": 0, "following": 0}
    )
    return PlatformView(accounts, posts, pd.DataFrame({"source": ids[:0], "target": ids[:0]}))


def now(world: World) -> Site:
    """Return what the platform of `world` knows at the end of its last hour."""
    state, seed = world.state, world.seed
    rows, following = state.ledger.rows(), state.bonds.following
    return site_of(state.accounts, state.register, following, rows, state.ledger.base, seed, world.now - 1)


def wrote(site: Site) -> I64:
    """Return the rows of who has posts in memory, ascending."""
    return np.unique(site.acts.author).astype(np.int64)
