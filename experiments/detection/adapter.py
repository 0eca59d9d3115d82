"""Use a detector of this package within a run: what a platform knows in one hour, as the view for detectors."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from experiments.detection.detector import F64, I64, Detector
from experiments.detection.view import PlatformView
from sim.mechanisms.defences.base import DefenceView, make_defence_view
from sim.state.posts import KINDS, REPLY, REPOST
from sim.world import World


@dataclass(frozen=True)
class DetectorAdapter:
    """Calls a detector with a view of the posts in memory, 48 hours at most.

    Accounts are shown in an order that says nothing of who they are. A post has no words, tags or links here, so a
    detector should look at reposts, replies or times. Who is followed by whom is not shown.
    """

    detector: Detector

    def __call__(self, view: DefenceView) -> F64:
        """Return the score of each account, float64 [A]."""
        order = shuffle_accounts(view)
        score = np.zeros(len(order))
        score[order] = self.detector.score(make_view(view, order))
        return score


def shuffle_accounts(view: DefenceView) -> I64:
    """Return the rows of all accounts in the order of their keys, int64 [A]; row order would reveal the organised."""
    return np.argsort(view.key, kind="stable")


def make_view(view: DefenceView, order: I64) -> PlatformView:
    """Return what a platform shows of itself in one hour; an account's id is its place in `order` (rows, int64 [A])."""
    written, n = view.posts, len(view.posts.key)
    place = np.argsort(order)
    stands = ~view.removed
    posts = pd.DataFrame(
        {
            "post_id": view.base + np.arange(n),
            "account_id": place[written.author],
            "time": written.time,
            "kind": pd.Categorical.from_codes(written.kind.astype(np.int64), pd.Index(KINDS)),
            "repost_of": np.where(stands & (written.kind == REPOST), written.root, -1),
            "reply_to_account": np.where(
                stands & (written.kind == REPLY) & (written.target >= 0), place[written.target], -1
            ),
            "deleted": view.removed,
        }
    ).assign(hashtags="", urls="", text="", mentions="")
    ids = np.arange(len(view.key))
    accounts = pd.DataFrame(
        {"account_id": ids, "created_at": view.opened_at[order] * 3600, "followers": 0, "following": 0}
    )
    return PlatformView(accounts, posts, pd.DataFrame({"source": ids[:0], "target": ids[:0]}))


def snapshot_platform(world: World) -> DefenceView:
    """Return what the platform of `world` knows at the end of its last hour."""
    state, seed = world.state, world.seed
    rows, following = state.ledger.get_rows(), state.dynamic_graph.following
    return make_defence_view(state.accounts, state.register, following, rows, state.ledger.base, seed, world.now - 1)


def find_writers(view: DefenceView) -> I64:
    """Return the rows of accounts with posts in memory, ascending."""
    return np.unique(view.posts.author).astype(np.int64)
