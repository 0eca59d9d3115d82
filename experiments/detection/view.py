"""What a platform shows of a run: all that a detector may see."""

from typing import NamedTuple

import pandas as pd


class PlatformView(NamedTuple):
    """Three tables with exported ids. Times are seconds since the epoch; nothing here is known only to the truth."""

    #: account_id int64, created_at int64, followers int64, following int64; a row an account, sorted by account_id
    accounts: pd.DataFrame
    #: post_id int64, account_id int64, time int64, kind category (original | repost | reply), repost_of int64 and
    #: reply_to int64 (post ids, -1 for none), reply_to_account int64 (-1 for none), hashtags str, urls str and
    #: mentions str (joined by spaces, empty for none), text str (synthetic tokens), deleted bool; sorted by post_id
    posts: pd.DataFrame
    #: source int64 follows target int64 (account ids)
    follows: pd.DataFrame
