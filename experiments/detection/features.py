"""Features of accounts, from their behaviour and their profile; all are public.

All but `echoed` concern one account alone, so worlds can be stacked for training. What is undefined (such as the gap
between posts of an account with one post) is nan, which both learners handle.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.detection.detector import F64
from experiments.detection.traces import number_texts, select_standing
from experiments.detection.view import PlatformView

HOUR, DAY = 3600, 86_400
PROFILE = ("age_days", "log_followers", "log_following", "follow_ratio")
BEHAVIOUR = (
    "log_posts",
    "posts_per_active_day",
    "active_hours",
    "reposts",
    "replies",
    "hashtags",
    "urls",
    "mentions",
    "log_median_gap",
    "burstiness",
    "night",
    "rhythm",
    "sources",
    "own_repeats",
    "echoed",
)


def compute_features(view: PlatformView) -> pd.DataFrame:
    """Return all features, float64, a row an account in the order of `view.accounts`.

    Profile: age at the last post seen on the platform, followers, following. Behaviour: posts, a day with posts, hours
    of the day with posts; shares that are reposts or replies, or carry a tag, link or mention; the median gap between
    posts, and how uneven gaps are, (s - m) / (s + m) (Goh & Barabasi 2008); the share between 0 and 6 o'clock; the
    entropy of the hours of the day; different accounts' posts reposted, per repost; the share of own texts that repeat
    an own text; the share that repeat anybody's. Missing and very short texts repeat
    nothing.
    """
    return pd.concat([compute_profile(view), compute_behaviour(view)], axis=1)


def compute_profile(view: PlatformView) -> pd.DataFrame:
    """Return what the profile alone says, float64 [accounts]; ages count to the newest post of anybody."""
    accounts, times = view.accounts, view.posts["time"]
    now = int(times.max()) if len(times) else int(accounts["created_at"].max()) if len(accounts) else 0
    followers, following = (accounts[name].to_numpy(np.float64) for name in ("followers", "following"))
    columns = (
        (now - accounts["created_at"].to_numpy(np.int64)) / DAY,
        np.log1p(followers),
        np.log1p(following),
        np.log1p(followers) - np.log1p(following),
    )
    return pd.DataFrame(dict(zip(PROFILE, columns, strict=True)))


def compute_behaviour(view: PlatformView) -> pd.DataFrame:
    """Return what the posts that stand say, float64 [accounts]; nan but for `log_posts` where there are none."""
    posts, account = select_standing(view)
    n, time = len(view.accounts), posts["time"].to_numpy(np.int64)
    written = _count_rows(account, n)

    def compute_share(of: NDArray[np.bool_]) -> F64:
        return _divide(_count_rows(account[of], n), written)

    kind, repost = posts["kind"], (posts["kind"] == "repost").to_numpy()
    day, hour = time // DAY, time // HOUR % 24
    active = _count_distinct(account, day, n)
    gap, uneven = _compute_gaps(account, time, n)
    text = pd.Series(number_texts(posts["text"]), index=account)[~repost]
    own, shown = text.index.to_numpy(), text.to_numpy(np.int64)
    columns = (
        np.log1p(written),
        _divide(written, active),
        np.where(written > 0, _count_distinct(account, hour, n), np.nan),
        compute_share(repost),
        compute_share((kind == "reply").to_numpy()),
        *(compute_share((posts[name] != "").to_numpy()) for name in ("hashtags", "urls", "mentions")),
        gap,
        uneven,
        compute_share(hour < 6),
        _compute_entropy(account, hour, n),
        _divide(
            _count_distinct(account[repost], posts["repost_of"].to_numpy()[repost], n), _count_rows(account[repost], n)
        ),
        1.0 - _divide(_count_distinct(own, shown, n), _count_rows(own, n)),
        _divide(_count_rows(own[_find_shared(own, shown)], n), _count_rows(own, n)),
    )
    return pd.DataFrame(dict(zip(BEHAVIOUR, columns, strict=True)))


def _count_rows(account: NDArray[np.int64], n: int) -> F64:
    return np.bincount(account, minlength=n).astype(np.float64)


def _divide(part: F64, whole: F64) -> F64:
    """Return the quotients, nan where the whole is 0."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _count_distinct(account: NDArray[np.int64], value: NDArray[np.int64], n: int) -> F64:
    """Return how many different values each account has."""
    pairs = pd.DataFrame({"account": account, "value": value}).drop_duplicates()
    return _count_rows(pairs["account"].to_numpy(), n)


def _find_shared(account: NDArray[np.int64], value: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell of which rows another account has the same value."""
    pairs = pd.DataFrame({"account": account, "value": value})
    return (pairs.groupby("value")["account"].transform("nunique") > 1).to_numpy(np.bool_)


def _compute_gaps(account: NDArray[np.int64], time: NDArray[np.int64], n: int) -> tuple[F64, F64]:
    """Return the log of the median gap, seconds + 1, and the burstiness of gaps of each account."""
    order = np.lexsort((time, account))
    who, gap = account[order], np.diff(time[order], prepend=0).astype(np.float64)
    follows = np.diff(who, prepend=-1) == 0
    table = pd.Series(gap[follows]).groupby(who[follows])
    median, mean, spread = (
        found.reindex(np.arange(n)).to_numpy(np.float64) for found in (table.median(), table.mean(), table.std(ddof=0))
    )
    return np.log1p(median), _divide(spread - mean, spread + mean)


def _compute_entropy(account: NDArray[np.int64], hour: NDArray[np.int64], n: int) -> F64:
    """Return the entropy (nats) of each account's hours of the day, nan without posts."""
    table = np.zeros((n, 24))
    np.add.at(table, (account, hour), 1.0)
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1.0)
    entropy: F64 = -(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=1)
    return np.where(table.sum(axis=1) > 0, entropy, np.nan)
