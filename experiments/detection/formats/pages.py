"""JSON as an API hands it out, one object a line: version 1.1 posts, and version 2 pages of posts."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from experiments.detection.formats.base import AccountTexts, Format, PostTexts, fill_template, format_list
from experiments.detection.formats.tables import format_texts

V1_TIME, V2_TIME = "%a %b %d %H:%M:%S +0000 %Y", "%Y-%m-%dT%H:%M:%S.000Z"
PAGE = 100  #: posts of a page of version 2

V1_POST = (
    '{"created_at":"$created","id":$id,"id_str":"$id","full_text":"$text","text":"$text","truncated":false,'
    '"source":"Web","entities":{"hashtags":$hashtags,"urls":$urls,"user_mentions":$mentions,"symbols":[]},'
    '"in_reply_to_status_id":$reply,"in_reply_to_status_id_str":$reply_str,'
    '"in_reply_to_user_id":$reply_user,"in_reply_to_user_id_str":$reply_user_str,"in_reply_to_screen_name":$reply_name,'
    '"user":$user,"is_quote_status":false,"retweet_count":$reposts,"favorite_count":0,"lang":"und"$retweeted}'
)
V1_RETWEETED = (
    ',"retweeted_status":{"created_at":"$at","id":$id,"id_str":"$id","full_text":"$text","text":"$text",'
    '"entities":{"hashtags":$hashtags,"urls":$urls,"user_mentions":[],"symbols":[]},"in_reply_to_status_id":null,'
    '"in_reply_to_status_id_str":null,"in_reply_to_user_id":null,"in_reply_to_user_id_str":null,'
    '"in_reply_to_screen_name":null,"user":$user}'
)
V2_POST = (
    '{"id":"$id","author_id":"$author","created_at":"$created","text":"$text","lang":"und","conversation_id":"$thread",'
    '"entities":{"hashtags":$hashtags,"urls":$urls,"mentions":$mentions},'
    '"public_metrics":{"retweet_count":$reposts,"reply_count":$replies,"like_count":0,"quote_count":0}$more}'
)


class V1(Format):
    """Posts as version 1.1 gives them, `v1.jsonl`, in order of time."""

    def __init__(self, folder: Path, people: AccountTexts) -> None:
        super().__init__(folder, people)
        self.file = (folder / "v1.jsonl").open("wb")
        made = pc.strftime(pa.array(people.created, pa.timestamp("s")), V1_TIME)
        template = (
            '{"id":$id,"id_str":"$id","name":"$name","screen_name":"$name","description":"$about","location":"",'
            '"created_at":"$made","followers_count":$followers,"friends_count":$following,"verified":false}'
        )
        counts = {name: pc.cast(pa.array(getattr(people, name)), pa.string()) for name in ("followers", "following")}
        self.users = fill_template(
            template, {"id": people.ids, "name": people.name, "about": people.description, "made": made, **counts}
        )

    def write_posts(self, posts: PostTexts) -> None:
        """Write posts."""
        if not len(posts.author):
            return
        repost, reply = pc.equal(posts.kind, "repost"), pc.equal(posts.kind, "reply")
        other = self.users.take(pa.array(posts.other, mask=posts.other < 0)).fill_null("null")
        held = {
            "hashtags": format_list(posts.hashtags, '[{"text":"', '"},{"text":"', '"}]', "[]"),
            "urls": format_list(posts.urls, '[{"expanded_url":"', '"},{"expanded_url":"', '"}]', "[]"),
        }
        original = {
            "at": pc.strftime(posts.original, V1_TIME),
            "id": posts.repost_of,
            "text": posts.text,
            "user": other,
        }
        mention = fill_template(
            '[{"id_str":"$id","screen_name":"$name"}]', {"id": posts.other_id, "name": posts.other_name}
        )
        lines = fill_template(V1_POST, {
            "created": pc.strftime(posts.moment, V1_TIME),
            "id": posts.id,
            "text": format_texts(posts),
            "mentions": pc.if_else(pc.equal(posts.other_id, ""), "[]", mention),
            "reply": _quote_or_null(posts.reply_to),
            "reply_str": _quote_or_null(posts.reply_to, '"'),
            "reply_user": pc.if_else(reply, _quote_or_null(posts.other_id), "null"),
            "reply_user_str": pc.if_else(reply, _quote_or_null(posts.other_id, '"'), "null"),
            "reply_name": pc.if_else(reply, _quote_or_null(posts.other_name, '"'), "null"),
            "user": self.users.take(pa.array(posts.author)),
            "reposts": posts.reposts,
            "retweeted": pc.if_else(repost, fill_template(V1_RETWEETED, held | original), ""),
            **held,
        })  # fmt: skip
        self.file.write("\n".join(lines.to_pylist()).encode() + b"\n")

    def close(self, truth: pa.Table) -> None:
        """End the file."""
        self.file.close()


class V2(Format):
    """Pages as version 2 gives them, `v2.jsonl`: `data`, the accounts they name in `includes`, and `meta`."""

    def __init__(self, folder: Path, people: AccountTexts) -> None:
        super().__init__(folder, people)
        self.file = (folder / "v2.jsonl").open("w", encoding="utf-8")
        made = pc.strftime(pa.array(people.created, pa.timestamp("s")), V2_TIME)
        template = (
            '{"id":"$id","name":"$name","username":"$name","description":"$about","created_at":"$made",'
            '"public_metrics":{"followers_count":$followers,"following_count":$following}}'
        )
        counts = {name: pc.cast(pa.array(getattr(people, name)), pa.string()) for name in ("followers", "following")}
        columns = {"id": people.ids, "name": people.name, "about": people.description, "made": made, **counts}
        self.users: list[str] = fill_template(template, columns).to_pylist()
        self.waiting: list[tuple[str, str, int, int]] = []  # line, id, author and whom it names, of the next page
        self.pages = 0

    def write_posts(self, posts: PostTexts) -> None:
        """Write all pages that are full."""
        if not len(posts.author):
            return
        refers = pc.if_else(pc.equal(posts.kind, "repost"), posts.repost_of, posts.reply_to)
        how = pc.if_else(pc.equal(posts.kind, "repost"), "retweeted", "replied_to")
        more = fill_template(',"referenced_tweets":[{"type":"$how","id":"$id"}]', {"how": how, "id": refers})
        answered = fill_template(',"in_reply_to_user_id":"$id"', {"id": posts.other_id})
        mention = fill_template('[{"username":"$name","id":"$id"}]', {"id": posts.other_id, "name": posts.other_name})
        more = pc.if_else(pc.equal(refers, ""), "", more)
        answered = pc.if_else(pc.equal(posts.kind, "reply"), answered, "")
        lines = fill_template(V2_POST, {
            "id": posts.id,
            "author": posts.account,
            "created": pc.strftime(posts.moment, V2_TIME),
            "text": format_texts(posts),
            "thread": pc.if_else(pc.equal(posts.reply_to, ""), posts.id, posts.reply_to),
            "hashtags": format_list(posts.hashtags, '[{"tag":"', '"},{"tag":"', '"}]', "[]"),
            "urls": format_list(posts.urls, '[{"expanded_url":"', '"},{"expanded_url":"', '"}]', "[]"),
            "mentions": pc.if_else(pc.equal(posts.other_id, ""), "[]", mention),
            "reposts": posts.reposts,
            "replies": posts.replies,
            "more": pc.binary_join_element_wise(more, answered, ""),
        })  # fmt: skip
        new = zip(lines.to_pylist(), posts.id.to_pylist(), posts.author.tolist(), posts.other.tolist(), strict=True)
        self.waiting.extend(new)
        whole = len(self.waiting) // PAGE * PAGE
        for first in range(0, whole, PAGE):
            self._write_page(self.waiting[first : first + PAGE])
        del self.waiting[:whole]

    def _write_page(self, rows: list[tuple[str, str, int, int]]) -> None:
        lines, ids, authors, others = zip(*rows, strict=True)
        users = ",".join(self.users[row] for row in sorted({*authors, *others} - {-1}))
        self.pages += 1
        about = {"result_count": len(rows), "newest_id": ids[-1], "oldest_id": ids[0], "next_token": f"p{self.pages}"}
        self.file.write(f'{{"data":[{",".join(lines)}],"includes":{{"users":[{users}]}},"meta":{json.dumps(about)}}}\n')

    def close(self, truth: pa.Table) -> None:
        """Write the last page and end the file."""
        if self.waiting:
            self._write_page(self.waiting)
        self.file.close()


def _quote_or_null(column: pa.Array, quote: str = "") -> pa.Array:
    """Return each text in quotes, or null where it is empty."""
    return pc.if_else(pc.equal(column, ""), "null", pc.binary_join_element_wise(quote, column, quote, ""))
