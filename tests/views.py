"""Small platform views for the tests of detectors: written out, or drawn at random."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.detection.view import PlatformView

BEGIN = 1_577_836_800
PLAIN: dict[str, Any] = {
    "kind": "original",
    "repost_of": -1,
    "reply_to": -1,
    "reply_to_account": -1,
    "hashtags": "",
    "urls": "",
    "mentions": "",
    "text": "",
    "deleted": False,
    "reposts": 0,
    "replies": 0,
}


def view_of(accounts: int, posts: Sequence[dict[str, Any]]) -> PlatformView:
    """Return a view of accounts 100, 101, ... and of posts; each says `by` (row), `at` (second), what is not plain."""
    ids = np.arange(100, 100 + accounts)
    table = pd.DataFrame({"account_id": ids, "created_at": BEGIN - 86400, "followers": 3, "following": 4})
    rows = [
        PLAIN | {"post_id": 1000 + n, "account_id": 100 + post["by"], "time": BEGIN + post["at"]} | post
        for n, post in enumerate(posts)
    ]
    columns = ["post_id", "account_id", "time", *PLAIN]
    frame = pd.DataFrame(rows, columns=columns)
    whole = ("post_id", "account_id", "time", "repost_of", "reply_to", "reply_to_account")
    frame = frame.astype(dict.fromkeys(whole, np.int64) | {"deleted": np.bool_, "kind": "category"})
    return PlatformView(table, frame, pd.DataFrame({"source": ids[:0], "target": ids[:0]}))


def crowd(
    people: int = 120, members: int = 12, jitter: float = 20.0, seed: int = 1, hours: int = 48
) -> tuple[PlatformView, np.ndarray]:
    """Return a view with a campaign that reposts and copies on order, and its labels (1 for members, who come last)."""
    rng = np.random.default_rng(seed)
    posts: list[dict[str, Any]] = []
    for by in range(people):
        for at in rng.integers(0, hours * 3600, rng.poisson(12)):
            if rng.random() < 0.5:
                posts.append(
                    {
                        "by": by,
                        "at": int(at),
                        "kind": "repost",
                        "repost_of": int(rng.zipf(1.6) % 500),
                        "mentions": "100",
                    }
                )
            else:
                words = " ".join(f"w{n}" for n in rng.integers(0, 3000, 9))
                posts.append({"by": by, "at": int(at), "text": words, "hashtags": f"h{rng.integers(0, 9)}"})
    for order in range(24):
        first, thing = int(rng.integers(0, (hours - 8) * 3600)), int(rng.integers(0, 500))
        words = " ".join(f"w{n}" for n in rng.integers(0, 3000, 9))
        for by in range(people, people + members):
            at = first + int(rng.exponential(jitter))
            if order % 2:
                posts.append({"by": by, "at": at, "kind": "repost", "repost_of": thing, "mentions": "100"})
            else:
                posts.append({"by": by, "at": at, "text": words, "hashtags": "h1", "urls": "u1"})
    return view_of(people + members, posts), (np.arange(people + members) >= people).astype(np.int64)
