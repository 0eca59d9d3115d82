"""What the traces of a platform look like in numbers: each measure with its unit and definition, in one place.

A measure looks at one `Sample` and nothing else, so that real and synthetic data are measured alike. nan is said where
a sample does not tell it: too few accounts, or a column that its source does not have.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.detection.activity import UNTOLD
from experiments.detection.coaction import CoAction
from experiments.detection.view import PlatformView

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800  #: seconds
WINDOWS = (1, 10, 60)  #: seconds within which two reposts of one post are a co-repost
MANY = 10  #: reposts, or gaps, from which an account has habits that can be told


@dataclass(frozen=True, eq=False)
class Sample:
    """Posts of some accounts in one window of time.

    Args:
        posts: account (int64, row of `accounts`), time (int64, seconds since 1970), kind (original, repost, reply),
            thing (int64, number of the reposted post, -1 for none), origin (int64, when that was written, `UNTOLD` if
            not known); none was deleted.
        accounts: those who wrote them, [A]; created_at, followers, following (float64, nan for unknown), name, location
            (text, None for unknown).
        begin: first second of the window.
        seconds: its length.
    """

    posts: pd.DataFrame
    accounts: pd.DataFrame
    begin: int
    seconds: int

    @cached_property
    def reposts(self) -> pd.DataFrame:
        """The reposts, by account, then time."""
        rows = self.posts[(self.posts["kind"] == "repost").to_numpy() & (self.posts["thing"] >= 0).to_numpy()]
        return rows.sort_values(["account", "time"], kind="stable")

    @cached_property
    def has_others(self) -> bool:
        """Whether anything but reposts is in it."""
        return bool((self.posts["kind"] != "repost").any())

    @cached_property
    def posts_each(self) -> F64:
        """Posts of each account that has any; none if there are reposts alone, which `reposts_each` counts."""
        return _count(self.posts["account"]) if self.has_others else np.zeros(0)

    @cached_property
    def reposts_each(self) -> F64:
        """Reposts of each account that has any."""
        return _count(self.reposts["account"])

    @cached_property
    def cascades(self) -> F64:
        """Reposts of each post that has any."""
        return _count(self.reposts["thing"])

    @cached_property
    def gaps(self) -> pd.Series:
        """Seconds between consecutive reposts of one account, indexed by account."""
        account, time = self.reposts["account"].to_numpy(), self.reposts["time"].to_numpy()
        own = account[1:] == account[:-1]
        return pd.Series(np.diff(time)[own].astype(np.float64), index=account[1:][own])

    @cached_property
    def delays(self) -> F64:
        """Seconds from a post to its repost, where both times are known."""
        told = self.reposts[self.reposts["origin"] != UNTOLD]
        return (told["time"] - told["origin"]).to_numpy(np.float64)

    @cached_property
    def ties(self) -> dict[int, pd.DataFrame]:
        """Who co-reposted with whom within each of `WINDOWS`: source, target (rows of accounts), weight (how often)."""
        posts = pd.DataFrame({"account_id": self.reposts["account"], "time": self.reposts["time"]})
        posts = posts.assign(repost_of=self.reposts["thing"], kind="repost", reply_to_account=-1, deleted=False)
        view = PlatformView(pd.DataFrame({"account_id": np.arange(len(self.accounts))}), posts, pd.DataFrame())
        return {window: CoAction("repost", window, min_coactions=1).compute_ties(view) for window in WINDOWS}

    def count_tied(self, window: int, weight: int = 1, least: int = 1) -> float:
        """Return the % with a partner of this weight or more, of accounts with `least` or more reposts."""
        ties = self.ties[window]
        ties = ties[ties["weight"] >= weight]
        tied = np.union1d(ties["source"], ties["target"])
        each = self.reposts["account"].value_counts()
        able = each.index[each >= least].to_numpy()
        return _percent(np.isin(able, tied))


def _count(things: pd.Series) -> F64:
    return np.unique(things.to_numpy(), return_counts=True)[1].astype(np.float64)


def _percent(true: NDArray[np.bool_] | pd.Series) -> float:
    return 100.0 * float(np.mean(true)) if len(true) else float("nan")


def _quantile(values: F64, share: float) -> float:
    values = values[~np.isnan(values)]
    return float(np.quantile(values, share)) if len(values) else float("nan")


def _max(values: F64) -> float:
    return float(values.max()) if len(values) else float("nan")


def compute_gini(values: F64) -> float:
    """Return Gini's coefficient of amounts [n], 0 (all equal) to 1 (all to one); nan for none."""
    if not len(values) or not values.sum():
        return float("nan")
    ranks = np.arange(1, len(values) + 1)
    return float((2 * ranks - len(values) - 1) @ np.sort(values) / (len(values) * values.sum()))


def compute_top_share(values: F64, share: float = 0.1) -> float:
    """Return the % of a total [n] that the largest `share` of them make; nan if that is less than one of them."""
    first = int(share * len(values))
    return 100.0 * float(np.sort(values)[::-1][:first].sum() / values.sum()) if first else float("nan")


def compute_burstiness(gaps: pd.Series) -> float:
    """Return the mean of (s - m) / (s + m) over accounts with `MANY` gaps or more, s and m of an account's gaps.

    -1 for a clock, 0 for a Poisson process, towards 1 for bursts (Goh & Barabasi 2008).
    """
    own = gaps.groupby(level=0)
    mean, spread = own.mean(), own.std(ddof=0)
    return float(((spread - mean) / (spread + mean))[(own.size() >= MANY) & (mean > 0)].mean())


def count_by(sample: Sample, seconds: int) -> F64:
    """Return the posts in each interval of this length in the window, float64."""
    place = (sample.posts["time"].to_numpy() - sample.begin) // seconds
    return np.bincount(place, minlength=-(-sample.seconds // seconds)).astype(np.float64)


def compute_peak_hour(sample: Sample) -> float:
    """Return posts in the busiest hour over those in the median hour that has any."""
    hours = count_by(sample, HOUR)
    return _max(hours) / _quantile(hours[hours > 0], 0.5)


def compute_minutes_share(sample: Sample, share: float = 0.01) -> float:
    """Return the % of posts that fall into the busiest `share` of the window's minutes."""
    return compute_top_share(count_by(sample, MINUTE), share) if len(sample.posts) else float("nan")


def compute_day(sample: Sample) -> F64:
    """Return the % of posts in each hour of the day (UTC), float64 [24]."""
    hours = np.bincount(sample.posts["time"].to_numpy() // HOUR % 24, minlength=24)
    return 100.0 * hours / max(hours.sum(), 1)


def compute_night(sample: Sample) -> float:
    """Return the % of posts in the six successive hours of the day that have fewest: no time zone is needed."""
    if not len(sample.posts):
        return float("nan")
    day = compute_day(sample)
    return float(min(np.roll(day, -first)[:6].sum() for first in range(24)))


def compute_ratio(values: pd.Series) -> float:
    """Return the 90% quantile over the median; nan where the median is 0."""
    middle = _quantile(values.to_numpy(np.float64), 0.5)
    return _quantile(values.to_numpy(np.float64), 0.9) / middle if middle else float("nan")


def compute_busiest_week(created: pd.Series) -> float:
    """Return the % of accounts that were made within the seven days in which most were."""
    times = np.sort(created.dropna().to_numpy(np.float64))
    if not len(times):
        return float("nan")
    within = np.searchsorted(times, times + WEEK, side="left") - np.arange(len(times))
    return 100.0 * float(within.max()) / len(times)


def compute_age(sample: Sample) -> float:
    """Return the median age of accounts at their first post in the window, days."""
    first = sample.posts.groupby("account")["time"].min()
    return _quantile((first - sample.accounts["created_at"].reindex(first.index)).to_numpy(np.float64) / DAY, 0.5)


class Measure(NamedTuple):
    """One number of a sample."""

    name: str  #: in tables
    group: str
    label: str
    unit: str
    means: str  #: its definition, with what it is a share of
    compute: Callable[[Sample], float]


def _make_coaction_measures(window: int) -> tuple[Measure, ...]:
    name, within = f"co_repost_{window}s", f"within {window} s"

    def share_heavy(sample: Sample) -> float:
        return _percent(sample.ties[window]["weight"] >= 2)

    def pairs(sample: Sample) -> float:
        return 1000.0 * len(sample.ties[window]) / len(sample.reposts_each) if len(sample.reposts) else np.nan

    def largest(sample: Sample) -> float:
        return float(sample.ties[window]["weight"].max()) if len(sample.ties[window]) else 0.0

    pair = f"pair: two accounts that reposted the same post {within} of each other"
    return (
        Measure(f"{name}_accounts", COACTION, f"co-repost {within}: accounts", "%",
                f"accounts in any pair, of those that reposted; {pair}", lambda s: s.count_tied(window)),
        Measure(f"{name}_pairs", COACTION, f"co-repost {within}: pairs", "per 1,000 accounts",
                "different pairs, for 1,000 accounts that reposted", pairs),
        Measure(f"{name}_heavy", COACTION, f"co-repost {within}: weight 2 and more", "% of pairs",
                "pairs that did so twice or more, of all pairs", share_heavy),
        Measure(f"{name}_largest", COACTION, f"co-repost {within}: largest weight", "times",
                "how often the pair that did so most often did", largest),
    )  # fmt: skip


VOLUME, CASCADES, RHYTHM, COACTION = "volume", "cascades", "rhythm", "co-action"
BURSTS, DELAYS, PROFILES = "hours and bursts", "repost delays", "profiles"
_POSTED, _REPOSTED = "over accounts with a post", "over accounts with a repost"
_WHO = "of accounts that wrote in the window"

MEASURES: tuple[Measure, ...] = (
    Measure("posts_median", VOLUME, "posts an account, median", "posts", _POSTED,
            lambda s: _quantile(s.posts_each, 0.5)),
    Measure("posts_p99", VOLUME, "posts an account, 99%", "posts", f"99% quantile {_POSTED}",
            lambda s: _quantile(s.posts_each, 0.99)),
    Measure("posts_gini", VOLUME, "posts an account, Gini", "1", f"Gini's coefficient {_POSTED}",
            lambda s: compute_gini(s.posts_each)),
    Measure("one_post", VOLUME, "accounts with one post", "%", "of accounts with a post",
            lambda s: _percent(s.posts_each == 1)),
    Measure("repost_share", VOLUME, "posts that are reposts", "%", "of posts",
            lambda s: _percent(s.posts["kind"] == "repost") if s.has_others else np.nan),
    Measure("reposts_mean", VOLUME, "reposts an account, mean", "reposts", _REPOSTED,
            lambda s: float(s.reposts_each.mean()) if len(s.reposts_each) else np.nan),
    Measure("reposts_median", VOLUME, "reposts an account, median", "reposts", _REPOSTED,
            lambda s: _quantile(s.reposts_each, 0.5)),
    Measure("reposts_p99", VOLUME, "reposts an account, 99%", "reposts", f"99% quantile {_REPOSTED}",
            lambda s: _quantile(s.reposts_each, 0.99)),
    Measure("reposts_gini", VOLUME, "reposts an account, Gini", "1", f"Gini's coefficient {_REPOSTED}",
            lambda s: compute_gini(s.reposts_each)),
    Measure("reposts_top10", VOLUME, "reposts by the top 10%", "%",
            "of reposts, by the tenth of accounts that reposted most", lambda s: compute_top_share(s.reposts_each)),
    Measure("one_repost", VOLUME, "accounts with one repost", "%", "of accounts with a repost",
            lambda s: _percent(s.reposts_each == 1)),
    Measure("cascade_top", CASCADES, "reposts of the top post", "reposts", "of the post that was reposted most",
            lambda s: _max(s.cascades)),
    Measure("cascade_p99", CASCADES, "reposts of a post, 99%", "reposts", "99% quantile over posts with a repost",
            lambda s: _quantile(s.cascades, 0.99)),
    Measure("cascade_once", CASCADES, "posts reposted once", "%", "of posts with a repost",
            lambda s: _percent(s.cascades == 1)),
    Measure("gap_median", RHYTHM, "own gap, median", "s", "over all pairs of consecutive reposts of one account",
            lambda s: _quantile(s.gaps.to_numpy(), 0.5)),
    Measure("burstiness", RHYTHM, "burstiness of own gaps", "1",
            f"(s - m) / (s + m) of an account's gaps, mean over accounts with {MANY} gaps or more",
            lambda s: compute_burstiness(s.gaps)),
    *(measure for window in WINDOWS for measure in _make_coaction_measures(window)),
    Measure("often_once", COACTION, "busy accounts that co-repost", "%",
            f"of accounts with {MANY} reposts or more: in any pair within 60 s", lambda s: s.count_tied(60, 1, MANY)),
    Measure("often_twice", COACTION, "busy accounts that co-repost twice", "%",
            f"of accounts with {MANY} reposts or more: within 60 s twice or more with the same partner",
            lambda s: s.count_tied(60, 2, MANY)),
    Measure("peak_hour", BURSTS, "peak / median hour", "1", "posts in the busiest hour over the median hour with any",
            compute_peak_hour),
    Measure("minutes_top1", BURSTS, "posts in the busiest 1% of minutes", "%", "of posts; all minutes of the window",
            compute_minutes_share),
    Measure("peak_minute", BURSTS, "posts in the busiest minute", "posts", "",
            lambda s: _max(count_by(s, MINUTE))),
    Measure("day_peak", BURSTS, "busiest hour of the day", "%", "of posts; all days of the window together, UTC",
            lambda s: _max(compute_day(s)) if len(s.posts) else np.nan),
    Measure("night", BURSTS, "quietest six hours of the day", "%", "of posts; six hours one after another",
            compute_night),
    Measure("delay_median", DELAYS, "repost delay, median", "s", "over reposts of posts whose time is known",
            lambda s: _quantile(s.delays, 0.5)),
    Measure("delay_hour", DELAYS, "reposts within an hour", "%", "of reposts of posts whose time is known",
            lambda s: _percent(s.delays <= HOUR)),
    Measure("followers_ratio", PROFILES, "followers, 90% / median", "1", _WHO,
            lambda s: compute_ratio(s.accounts["followers"])),
    Measure("following_ratio", PROFILES, "following, 90% / median", "1", _WHO,
            lambda s: compute_ratio(s.accounts["following"])),
    Measure("busiest_week", PROFILES, "created in the busiest week", "%", f"{_WHO}, whenever that week was",
            lambda s: compute_busiest_week(s.accounts["created_at"])),
    Measure("age_median", PROFILES, "age, median", "days", f"{_WHO}, at their first post in it", compute_age),
    Measure("no_location", PROFILES, "empty location", "%", _WHO,
            lambda s: _percent(s.accounts["location"].dropna() == "")),
    Measure("name_length", PROFILES, "length of name, SD", "letters", f"standard deviation, {_WHO}",
            lambda s: float(s.accounts["name"].dropna().str.len().std())),
)  # fmt: skip


def measure(sample: Sample) -> dict[str, float]:
    """Return every measure of `MEASURES` by name; nan where the sample does not tell it."""
    return {one.name: float(one.compute(sample)) for one in MEASURES}
