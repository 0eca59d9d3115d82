"""Tables of text for detectors of coordination: one post, or one thing that was shared, a row."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from experiments.detection.formats.base import AccountTexts, Format, PostTexts, format_list, split_items

NEEDED = csv.WriteOptions(quoting_style="needed")
ARCHIVE = (
    "tweetid", "userid", "user_display_name", "user_screen_name", "user_reported_location", "user_profile_description",
    "user_profile_url", "follower_count", "following_count", "account_creation_date", "account_language",
    "tweet_language", "tweet_text", "tweet_time", "tweet_client_name", "in_reply_to_userid", "in_reply_to_tweetid",
    "quoted_tweet_tweetid", "is_retweet", "retweet_userid", "retweet_tweetid", "latitude", "longitude", "quote_count",
    "reply_count", "like_count", "retweet_count", "hashtags", "urls", "user_mentions", "poll_choices",
)  # fmt: skip


class CsvFile:
    """One file that grows; it is there from the start, with its header."""

    def __init__(self, path: Path, columns: dict[str, pa.DataType]) -> None:
        path.parent.mkdir(exist_ok=True)
        self.file = csv.CSVWriter(path, pa.schema(columns), write_options=NEEDED)

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self.file.write_table(table)


class Cnt(Format):
    """The coordination network toolkit's input, `cnt.csv`; columns count by position.

    Ids of posts begin with "t", as in TwiBot-22: pandas would take a column of numbers with gaps for decimal ones, and
    drop the last digits.

    Its `co_link` takes an empty cell for a link that all such posts share: give it `cnt_links.csv`, posts with links.
    """

    def __init__(self, folder: Path, people: AccountTexts) -> None:
        super().__init__(folder, people)
        names = ("message_id", "user_id", "username", "repost_id", "reply_id", "message", "timestamp", "urls")
        columns = {name: pa.int64() if name == "timestamp" else pa.string() for name in names}
        self.all, self.links = CsvFile(folder / "cnt.csv", columns), CsvFile(folder / "cnt_links.csv", columns)

    def write_posts(self, posts: PostTexts) -> None:
        """Write posts."""
        table = pa.table({
            "message_id": _mark(posts.id), "user_id": posts.account, "username": posts.name,
            "repost_id": _mark(posts.repost_of), "reply_id": _mark(posts.reply_to), "message": posts.text,
            "timestamp": posts.time, "urls": posts.urls,
        })  # fmt: skip
        self.all.write(table)
        self.links.write(table.filter(pc.not_equal(posts.urls, "")))

    def close(self, truth: pa.Table) -> None:
        """End the files."""
        self.all.file.close()
        self.links.file.close()


class CooRTweet(Format):
    """CooRTweet's input, one file for each trace in `coortweet/`; object_id is what was shared."""

    TRACES = ("repost", "hashtag", "url", "text")

    def __init__(self, folder: Path, people: AccountTexts) -> None:
        super().__init__(folder, people)
        names = ("object_id", "account_id", "content_id", "timestamp_share")
        columns = {name: pa.int64() if name == "timestamp_share" else pa.string() for name in names}
        self.files = {trace: CsvFile(folder / "coortweet" / f"{trace}.csv", columns) for trace in self.TRACES}

    def write_posts(self, posts: PostTexts) -> None:
        """Write what was shared: by reposts the post, by others hashtags, links and the text."""
        for trace, things in collect_shared(posts).items():
            thing, row = things
            place = pa.array(row)
            columns = (thing, posts.account.take(place), posts.id.take(place), pa.array(posts.time[row]))
            names = ("object_id", "account_id", "content_id", "timestamp_share")
            self.files[trace].write(pa.table(dict(zip(names, columns, strict=True))))

    def close(self, truth: pa.Table) -> None:
        """End the files."""
        for file in self.files.values():
            file.file.close()


class CoSharingFormat(Format):
    """Who shared what, without time: `userid,feature_shared`, one file for each trace in `cosharing/`."""

    TRACES = ("repost", "hashtag", "url")

    def __init__(self, folder: Path, people: AccountTexts) -> None:
        super().__init__(folder, people)
        columns = {"userid": pa.string(), "feature_shared": pa.string()}
        self.files = {trace: CsvFile(folder / "cosharing" / f"{trace}.csv", columns) for trace in self.TRACES}

    def write_posts(self, posts: PostTexts) -> None:
        """Write what was shared."""
        for trace, (thing, row) in collect_shared(posts).items():
            if trace in self.files:
                table = {"userid": posts.account.take(pa.array(row)), "feature_shared": thing}
                self.files[trace].write(pa.table(table))

    def close(self, truth: pa.Table) -> None:
        """End the files."""
        for file in self.files.values():
            file.file.close()


class IoArchive(Format):
    """The CSV of the information operations archive, `io_archive.csv`; its times have no seconds, as there."""

    def __init__(self, folder: Path, people: AccountTexts) -> None:
        super().__init__(folder, people)
        self.file = CsvFile(folder / "io_archive.csv", dict.fromkeys(ARCHIVE, pa.string()))

    def write_posts(self, posts: PostTexts) -> None:
        """Write posts."""
        people, author, none = self.people, pa.array(posts.author), pa.scalar("")
        repost, reply = pc.equal(posts.kind, "repost"), pc.equal(posts.kind, "reply")
        made = pc.strftime(pa.array(people.created, pa.timestamp("s")), "%Y-%m-%d")
        known = {
            "tweetid": posts.id,
            "userid": posts.account,
            "user_display_name": posts.name,
            "user_screen_name": posts.name,
            "user_profile_description": people.description.take(author),
            "follower_count": pc.cast(pa.array(people.followers[posts.author]), pa.string()),
            "following_count": pc.cast(pa.array(people.following[posts.author]), pa.string()),
            "account_creation_date": made.take(author),
            "tweet_text": format_texts(posts),
            "tweet_time": pc.strftime(posts.moment, "%Y-%m-%d %H:%M"),
            "in_reply_to_userid": pc.if_else(reply, posts.other_id, none),
            "in_reply_to_tweetid": posts.reply_to,
            "is_retweet": pc.if_else(repost, "True", "False"),
            "retweet_userid": pc.if_else(repost, posts.other_id, none),
            "retweet_tweetid": posts.repost_of,
            "reply_count": posts.replies,
            "retweet_count": posts.reposts,
            "hashtags": format_list(posts.hashtags, "['", "', '", "']", "[]"),
            "urls": format_list(posts.urls, "['", "', '", "']", "[]"),
            "user_mentions": format_list(posts.other_id, "['", "', '", "']", "[]"),
        }
        same = {"account_language": "und", "tweet_language": "und", "tweet_client_name": "Web", "like_count": "0",
                "quote_count": "0"}  # fmt: skip
        length = len(posts.author)
        columns = {name: known.get(name, pa.repeat(same.get(name, ""), length)) for name in ARCHIVE}
        self.file.write(pa.table(columns))

    def close(self, truth: pa.Table) -> None:
        """End the file."""
        self.file.file.close()


def _mark(ids: pa.Array) -> pa.Array:
    """Return ids with a letter before them, "" for none."""
    return pc.if_else(pc.equal(ids, ""), "", pc.binary_join_element_wise("t", ids, ""))


def format_texts(posts: PostTexts) -> pa.Array:
    """Return the texts as a platform shows them: a repost names whom it repeats, an answer whom it answers."""
    repost = pc.binary_join_element_wise("RT @", posts.other_name, ": ", posts.text, "")
    reply = pc.binary_join_element_wise("@", posts.other_name, " ", posts.text, "")
    own = pc.if_else(pc.equal(posts.kind, "reply"), reply, posts.text)
    return pc.if_else(pc.equal(posts.kind, "repost"), repost, own)


def collect_shared(posts: PostTexts) -> dict[str, tuple[pa.Array, np.ndarray]]:
    """Return for each trace the things that were shared, and the row of the post that each was shared by."""
    own = pc.not_equal(posts.kind, "repost").to_numpy(zero_copy_only=False)
    written, reposted = np.flatnonzero(own), np.flatnonzero(~own)
    at = pa.array(written)
    traces = {"repost": (posts.repost_of.take(pa.array(reposted)), reposted), "text": (posts.text.take(at), written)}
    for trace, column in (("hashtag", posts.hashtags), ("url", posts.urls)):
        thing, row = split_items(column.take(at))
        traces[trace] = thing, written[row]
    return traces
