"""The platform of the reference: posts as objects, topic streams as lists, moderation as a loop."""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.plain_chance import mix, stream_key, uniform
from sim.platform.moderation import Moderation
from sim.platform.trending import Trending
from sim.state.posts import ORIGINAL, PLAIN, REPLY, REPOST, TOXIC_THRESHOLD
from sim.state.topics import HOURS

if TYPE_CHECKING:
    from benchmarks.plain_people import Account, Person


@dataclass(slots=True, eq=False, kw_only=True)
class Post:
    """An original, a repost or a reply; meanings and units as in `sim.state.posts.Drafts`."""

    key: int
    author: "Account"
    time: int
    kind: int = ORIGINAL
    topic: int = 0
    stance_principal: float = 0.0
    stance_extremist: float = 0.0
    toxicity: float = 0.0
    shock: float = 0.0
    appeal: float = 0.0
    template: int = -1
    parent: "Post | None" = None
    root: "Post"
    original_author: "Account"
    target: "Account | None" = None
    target_stance: float = 0.0
    dissent: bool = False
    theme: int = PLAIN
    serial: int = -1
    reposts: int = 0
    replies: int = 0
    reports: int = 0
    removed: bool = False
    shares: "list[Post]" = field(default_factory=list)

    def engagement(self) -> int:
        """Return the number of reposts and replies."""
        return self.reposts + self.replies

    def credit(self) -> None:
        """Count this post: a repost at its content and at the reposted post, a reply at its content."""
        if self.parent is None:
            return
        if self.kind == REPOST:
            self.root.reposts += 1
            self.root.shares.append(self)
            if self.parent is not self.root:
                self.parent.reposts += 1
        elif self.kind == REPLY:
            self.parent.replies += 1


def write_post(author: "Account", **attributes: object) -> Post:
    """Return a post with content of its author's own."""
    post = Post(author=author, original_author=author, root=None, **attributes)  # type: ignore[arg-type]
    post.root = post
    return post


def repost(found: Post, **attributes: object) -> Post:
    """Return a repost: the content of a post, under another name."""
    content = ("topic", "stance_principal", "stance_extremist", "toxicity", "shock", "appeal", "template", "theme")
    copied = {name: getattr(found, name) for name in (*content, "root", "original_author")}
    return Post(kind=REPOST, parent=found, **copied, **attributes)  # type: ignore[arg-type]


def reply_to(found: Post, **attributes: object) -> Post:
    """Return an answer to the content of a post."""
    return write_post(
        kind=REPLY,
        topic=found.topic,
        parent=found.root,
        target=found.original_author,
        target_stance=found.stance_principal,
        **attributes,
    )


class Topic:
    """One topic: its stream of originals and replies in order of time, and its posts by hour of the week."""

    def __init__(self) -> None:
        self.stream: list[Post] = []
        self.hourly: deque[int] = deque([0] * HOURS, maxlen=HOURS)

    def back_from(self, moment: int) -> Iterator[Post]:
        """Yield the posts not later than `moment` (seconds), newest first."""
        for place in range(bisect_right(self.stream, moment, key=lambda post: post.time) - 1, -1, -1):
            yield self.stream[place]

    def trend(self, rule: Trending, tick: int) -> float:
        """Return the trend score: the last hours relative to the week."""
        elapsed = max(1, min(tick, HOURS))
        expected = sum(self.hourly) * (min(rule.hours, elapsed) / elapsed)
        return self.recent(rule, tick) / (expected + rule.floor)

    def recent(self, rule: Trending, tick: int) -> int:
        """Return the number of posts in the last hours."""
        hours = min(rule.hours, max(1, min(tick, HOURS)))
        return sum(self.hourly[-1 - back] for back in range(hours))


def find_trending(topics: list[Topic], rule: Trending, tick: int) -> list[int]:
    """Return the numbers of the trending topics, best first."""
    ranked = sorted(range(len(topics)), key=lambda number: -topics[number].trend(rule, tick))
    return [number for number in ranked[: rule.slots] if topics[number].recent(rule, tick) > 0]


class Moderators:
    """Readers report; a team reviews what has enough reports; authors with enough strikes are suspended."""

    def __init__(self, rule: Moderation, seed: int) -> None:
        self.rule = rule
        self.reviewing = stream_key(seed, "moderation/review", 0)
        self.reported: set[Post] = set()

    def collect(self, reader: "Person", key: int) -> None:
        """Let a reader report posts just read; `key` is the key of this hour's reports."""
        person = mix(key, reader.key)
        for post in reader.seen:
            rate = 0.0
            if post.toxicity >= TOXIC_THRESHOLD:
                rate = self.rule.report_toxic
            elif post.stance_principal * reader.stance_principal < 0.0:
                rate = self.rule.report_opposed
            if rate > 0.0 and uniform(person, post.key) < rate:
                post.reports += 1
                self.reported.add(post)

    def review(self, tick: int, oldest: int) -> list[Post]:
        """Take down guilty posts and their reposts, most reported, then oldest first; return all of them."""
        self.reported = {post for post in self.reported if post.time >= oldest and not post.removed}
        early = (tick - self.rule.lag) * 3600
        due = [post for post in self.reported if post.reports >= self.rule.threshold and post.time <= early]
        due.sort(key=lambda post: (-post.reports, post.serial))
        removed: set[Post] = set()
        for post in due[: self.rule.capacity]:
            self.reported.discard(post)
            post.reports = 0
            if post.toxicity >= TOXIC_THRESHOLD or uniform(self.reviewing, post.key) < self.rule.error:
                removed.add(post)
                removed.update(share for share in post.shares if not share.removed)
                self.punish(post.author, tick)
        for post in removed:
            post.removed = True
        return list(removed)

    def punish(self, author: "Account", tick: int) -> None:
        """Add a strike; every `strikes`-th one suspends the author."""
        author.strikes += 1
        if author.strikes % self.rule.strikes == 0:
            author.suspended_until = tick + 1 + self.rule.suspension


def compute_score(time: int, engagement: int, weight: float, recency: float) -> float:
    """Return the score of a post written at `time` (seconds): engagement against age (`sim.platform.feed.Feed`)."""
    return weight * math.log(1.0 + engagement) + time / (3600.0 * recency)
