"""Co-action in a flood: one hashtag, 20,000 posters, a million posts - in a week, in a day, in an hour.

python -m benchmarks.coaction [--posts N] [--posters N]
"""

import argparse
import time

import numpy as np
import pandas as pd

from benchmarks.peak import peak_bytes
from experiments.detection.coaction import CoAction
from experiments.detection.view import PlatformView


def make_flood(posts: int, posters: int, hours: int) -> PlatformView:
    """Return a view in which all posts use one hashtag: a power law of posts over posters, uniform over `hours`."""
    rng = np.random.default_rng(1)
    ids = np.arange(posters, dtype=np.int64)
    author = np.minimum((posters * rng.random(posts) ** 2).astype(np.int64), posters - 1)
    accounts = pd.DataFrame({"account_id": ids, "created_at": 0, "followers": 0, "following": 0})
    table = pd.DataFrame({
        "post_id": np.arange(posts), "account_id": author, "time": np.sort(rng.integers(0, 3600 * hours, posts)),
        "kind": pd.Categorical(np.repeat("original", posts)), "repost_of": -1, "reply_to": -1, "reply_to_account": -1,
        "hashtags": "h0", "urls": "", "mentions": "", "text": "", "deleted": False,
    })  # fmt: skip
    return PlatformView(accounts, table, pd.DataFrame({"source": ids[:0], "target": ids[:0]}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--posters", type=int, default=20_000)
    asked = parser.parse_args()
    detector = CoAction("hashtag")
    detector.score(make_flood(1000, 50, 1))
    for hours, words in ((168, "week"), (24, "day"), (1, "hour")):
        view = make_flood(asked.posts, asked.posters, hours)
        wall, cpu = time.perf_counter(), time.process_time()
        score = detector.score(view)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = peak_bytes() / 2**30
        print(f"{asked.posts:,} posts in a {words}: {cpu:.1f} s of CPU, {wall:.1f} s; peak {peak:.2f} GiB so far; "
              f"{int((score > 0).sum()):,} of {asked.posters:,} accounts tied")  # fmt: skip


if __name__ == "__main__":
    main()
