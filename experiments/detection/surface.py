"""The surface of posts and accounts: words, tags, links, dates, names, ids.

The simulation's posts are numbers. This module draws what a platform would show of them, by keys: an attribute is a
pure function of the world's seed, the identity of an account or of a content, its topic and side, and the operation's
`Evasion`. So the same content has the same words in every arm, reposts look as what they repost, and nothing depends on
who else exists. Tokens are numbers with a letter before them; none means anything.

Posts by order follow the operation's rules for texts, slogans and links; everything else follows one rule for all,
whoever wrote it. All shares and ranges are assumptions; ranks are drawn by Zipf's law with exponent 1.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sim.actors.evasion import PARAPHRASES, Evasion
from sim.rng import draw_each, hash_pairs, keyed_hash, make_key, mix, stream
from sim.state.accounts import OPINION_THRESHOLD

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]

EPOCH = 1_577_836_800  #: hour 0 of a world, seconds since 1970: 2020-01-01, which means nothing
SNOWFLAKE = 1_288_834_974_657  #: millisecond from which Snowflake ids count
DAY = 86_400

SHORTEST, LONGEST = 5, 19  #: words of a text
GENERAL, SUBJECT = 2000, 1000  #: words that all topics share, and words of one topic
COMMON = 0.6  #: share of words that all topics share
PARAPHRASE_SHARES = dict(
    zip(PARAPHRASES, (0.0, 0.25, 0.5, 1.0), strict=True)
)  #: share of a copied text's words that are new
TAGS = 8  #: hashtags of a topic and side
TAGGED = (0.3, 0.2)  #: P(a text has one hashtag), P(two)
PARTISAN = 0.3  #: P(a hashtag is one of the own side's) for who has a side
LINKED, ORDERED_LINK = 0.15, 0.3  #: P(a text has a link), and of one written by order
SITES, ARTICLES = 50, 200  #: sites, and articles of one site on one day
OLDEST = 9 * 365 * DAY  #: age of the oldest account, seconds
BATCH, BATCHES = 6 * 3600, 30 * DAY  #: time in which one cell's accounts are made, and before the start, all cells'

_TEMPLATE, _LINK, _AGE, _POST_ID, _ACCOUNT_ID, _CELL = map(
    stream, (f"surface/{name}" for name in ("template", "link", "age", "post_id", "account_id", "cell"))
)
# Purposes of a content's draws; words take three each from _WORD on.
_LENGTH, _TAGGED, _HAS_LINK, _SITE, _ARTICLE, _SLOGAN, _GONE, _MILLISECOND = range(8)
_TAG, _WORD = 16, 32


class Content(NamedTuple):
    """What posts hold, [n]; a repost holds what it reposts."""

    key: U64  #: identity of the content
    time: I64  #: when it was written, seconds since the world began
    topic: I64
    template: I64  #: number of the text that it copies, -1 for own words
    stance_principal: F64
    stance_extremist: F64
    ordered: NDArray[np.bool_]  #: written by order


def make_texts(content: Content, evasion: Evasion, seed: int) -> pa.Array:
    """Return the words of each content, joined by spaces.

    A copy takes each word from its template, but for a share by `evasion.paraphrase`: at the same places in every
    copy for "template", at places of its own for "swap".
    """
    base, length = _make_text_keys(content, seed)
    codes = np.empty((len(length), LONGEST), np.int64)
    share = PARAPHRASE_SHARES[evasion.paraphrase]
    slots = base if evasion.paraphrase == "template" else content.key
    for place in range(LONGEST):
        new = draw_each(slots, _WORD + 3 * place) < share
        source = np.where(new, content.key, base)
        general = draw_each(source, _WORD + 3 * place + 1) < COMMON
        u = draw_each(source, _WORD + 3 * place + 2)
        subject = GENERAL + SUBJECT * content.topic + zipf(u, SUBJECT)
        codes[:, place] = np.where(general, zipf(u, GENERAL), subject)
    return join_names(codes, length, "w{:04d}".format)


def _make_text_keys(content: Content, seed: int) -> tuple[U64, I64]:
    """Return what the words of each text are drawn by, and how many there are."""
    templates = keyed_hash(make_key(seed, _TEMPLATE), np.maximum(content.template, 0).astype(np.uint64))
    base = np.where(content.template >= 0, templates, content.key)
    return base, SHORTEST + (draw_each(base, _LENGTH) * (LONGEST + 1 - SHORTEST)).astype(np.int64)


def make_hashtags(content: Content, evasion: Evasion) -> pa.Array:
    """Return the hashtags of each content, joined by spaces, each once.

    Ordered posts carry the topic's first hashtag and one of the `evasion.splitting` first of their side. Others
    carry up to two: of their side (with an opinion on the topic), or of nobody's.
    """
    key = content.key
    side = np.where(
        content.stance_principal > OPINION_THRESHOLD, 1, np.where(content.stance_principal < -OPINION_THRESHOLD, 2, 0)
    )
    side = np.where((content.stance_extremist > 0) & (side > 0), 3, side)
    u = draw_each(key, _TAGGED)
    count = (u < sum(TAGGED)).astype(np.int64) + (u < TAGGED[1])
    ranks = np.empty((len(key), 2), np.int64)
    for place in range(2):
        own = (draw_each(key, _TAG + 2 * place) < PARTISAN) * side
        ranks[:, place] = TAGS * own + zipf(draw_each(key, _TAG + 2 * place + 1), TAGS)
    slogan = TAGS * side + (draw_each(key, _SLOGAN) * evasion.splitting).astype(np.int64)
    ranks[content.ordered] = np.column_stack([np.zeros_like(slogan), slogan])[content.ordered]
    count = np.where(content.ordered, 2, count)
    count = np.where(ranks[:, 0] == ranks[:, 1], np.minimum(count, 1), count)
    return join_names(4 * TAGS * content.topic[:, None] + ranks, count, "h{:04d}".format)


def make_topic_pattern(topic: int) -> str:
    """Return an expression that a word or tag of one topic matches, and none of another."""
    tags = "|".join(f"{4 * TAGS * topic + rank:04d}" for rank in range(4 * TAGS))
    first = GENERAL + SUBJECT * topic
    words = f"{first // 1000}" + r"\d{3}"
    return rf"\b(?:w{words}|h(?:{tags}))\b"


def make_links(content: Content, evasion: Evasion, seed: int) -> pa.Array:
    """Return the link of each content, "" for none.

    Ordered posts link to one of `evasion.splitting` articles of the day on a site that the operation picked.
    """
    key, day = content.key, content.time // DAY
    story = ((draw_each(key, _SLOGAN) * evasion.splitting).astype(np.int64) + TAGS * day).astype(np.uint64)
    planned = keyed_hash(make_key(seed, _LINK), story)
    source = np.where(content.ordered, planned, key)
    site = zipf(draw_each(source, _SITE), SITES)
    article = ARTICLES * day + zipf(draw_each(source, _ARTICLE), ARTICLES)
    linked = draw_each(key, _HAS_LINK) < np.where(content.ordered, ORDERED_LINK, LINKED)
    codes = site * 10**8 + article
    return join_names(codes[:, None], linked.astype(np.int64), _format_link)


def _format_link(code: int) -> str:
    return f"https://s{code // 10**8:02d}.example/a{code % 10**8:06d}"


def select_deleted(key: U64, ordered: NDArray[np.bool_], evasion: Evasion) -> NDArray[np.bool_]:
    """Return which posts their authors have deleted: ordered ones, at random."""
    gone: NDArray[np.bool_] = ordered & (draw_each(key, _GONE) < evasion.deletion)
    return gone


class AccountOrigin(NamedTuple):
    """The origin of accounts, [A]."""

    key: U64  #: identity of who runs it
    ordinal: I64  #: 0 for the first account of that key, 1 for the next one, ...
    opened_at: I64  #: hour at which it was opened, 0 for all that were there before
    organised: NDArray[np.bool_]  #: somebody commands it
    cell: I64  #: number of the unit it belongs to


def make_creation_times(origin: AccountOrigin, start: int, evasion: Evasion, seed: int) -> I64:
    """Return when accounts were made, milliseconds since 1970.

    People's ages are even up to `OLDEST` before hour 0, and so are those of the share `evasion.maturity` of organised
    accounts, and of aged ones held in reserve. Others were made for the purpose: one cell within `BATCH`, all cells
    within `BATCHES` before the campaign's `start` (hours), or in the hour in which they were opened.
    """
    own = keyed_hash(make_key(seed, _AGE), hash_pairs(origin.key, origin.ordinal.astype(np.uint64)))
    cells = keyed_hash(make_key(seed, _CELL), origin.cell.astype(np.uint64))
    even = -OLDEST * draw_each(own, 0)
    batch = 3600 * start - BATCHES * draw_each(cells, 0) - BATCH * draw_each(own, 0)
    batched = origin.organised & ~evasion.draw_aged(origin.key, seed) & (origin.ordinal == 0)
    opened = 3600 * (origin.opened_at + draw_each(own, 0))
    seconds = np.where(origin.opened_at > 0, opened, np.where(batched, batch, even))
    return (1000 * (EPOCH + seconds)).astype(np.int64)


def make_account_ids(made: I64, row: I64, seed: int) -> I64:
    """Return Snowflake ids of accounts made at these milliseconds; `row` numbers them."""
    return make_snowflakes(made, row, make_key(seed, _ACCOUNT_ID))


def make_post_ids(key: U64, time: I64, serial: I64, seed: int) -> I64:
    """Return Snowflake ids of posts written at these seconds of the world; the millisecond is drawn."""
    within = (1000 * draw_each(key, _MILLISECOND)).astype(np.int64)
    return make_snowflakes(1000 * (EPOCH + time) + within, serial, make_key(seed, _POST_ID))


def make_snowflakes(milliseconds: I64, number: I64, key: np.uint64) -> I64:
    """Return ids in Snowflake form: milliseconds, then 22 bits that are a keyed permutation of `number`.

    Unique as long as no millisecond holds two numbers that are 2^22 apart.
    """
    return ((milliseconds - SNOWFLAKE) << 22) | permute(number & (2**22 - 1), key)


def permute(number: I64, key: np.uint64) -> I64:
    """Return a permutation of 0 .. 2^22 - 1 that `key` picks: four rounds of Luby & Rackoff 1988."""
    left, right = number >> 11, number & 2047
    for turn in range(4):
        rounds: U64 = keyed_hash(np.uint64(mix(key, np.uint64(turn))), right.astype(np.uint64))
        left, right = right, left ^ (rounds & np.uint64(2047)).astype(np.int64)
    return left << 11 | right


def zipf(u: F64, n: int) -> I64:
    """Return ranks 0 .. n - 1 by Zipf's law with exponent 1, inverted: P(rank < r) = ln(r + 1) / ln(n + 1)."""
    return np.exp(u * np.log(n + 1.0)).astype(np.int64) - 1


def join_names(codes: I64, count: I64, name: Callable[[int], str]) -> pa.Array:
    """Return the names of the first `count` [n] codes of each row of `codes` [n, L], joined by spaces."""
    kept = np.arange(codes.shape[1]) < count[:, None]
    used, place = np.unique(codes[kept], return_inverse=True)
    words = pa.array([name(code) for code in used.tolist()], pa.string()).take(pa.array(place))
    ends = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(ends), words), " ")
