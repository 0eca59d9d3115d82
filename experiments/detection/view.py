"""The platform view of a run, all that a detector may see; and, separately, the truth."""

from typing import NamedTuple

import pandas as pd


class PlatformView(NamedTuple):
    """Three tables with exported ids. Times are seconds since the epoch; all of it is public."""

    #: account_id int64, created_at int64, followers int64, following int64; a row an account, here sorted by account_id
    accounts: pd.DataFrame
    #: post_id int64, account_id int64, time int64, kind category (original | repost | reply), repost_of int64 and
    #: reply_to int64 (post ids, -1 for none), reply_to_account int64 (-1 for none), mentions str, hashtags str and
    #: urls str (joined by spaces, empty for none), text str (synthetic tokens), deleted bool, reposts int32 and
    #: replies int32 (how many there were two days later); here sorted by post_id.
    #: Detectors take accounts and posts in any order, and gaps (nan) for nothing.
    #: Of a deleted post nothing is left but post_id, account_id, time and kind: it refers to nothing and is empty.
    posts: pd.DataFrame
    #: source int64 follows target int64 (account ids), sorted
    follows: pd.DataFrame


class TruthTables(NamedTuple):
    """What only the truth knows, with the same ids as the view and in the same order."""

    #: account_id int64; role str (of `sim.state.truth.ROLES`); cohort str (uncommitted | dissenter | loyalist |
    #: sympathiser, empty for the organised); cell_id str (members under one officer; of other forces, all; empty for
    #: people);
    #: campaign_id str (empty for the genuine); activated_at int64 (s since the epoch of the first post by order, -1)
    accounts: pd.DataFrame
    #: post_id int64, order_id int64 (-1: nobody ordered it), tactic str (empty for none)
    posts: pd.DataFrame
