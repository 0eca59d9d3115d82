"""Which two columns of a table are the ends of its ties: decided by the words of its header, never by guessing."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from sim.errors import InputError
from sim.people.file_content import format_name


def _list_words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


#: who follows, and who is followed
FOLLOWER = _list_words("source src from follower followers tail sender subscriber retweeter replier fan origin quelle")
FOLLOWEE = _list_words(
    "target tgt dst dest destination to followee followees followed following followings follows friend friends head "
    "receiver knows trusts alter mention mentioned retweeted quoted ziel"
)
#: what the importer of Neo4j calls the ends
_NEO4J = {":START_ID": "source", ":END_ID": "target"}
#: may be as well how many there are
PLURAL = _list_words("followers followees following followings friends")
#: names no end beside a plainer word
_WEAK = (PLURAL - {"following"}) | _list_words(
    "retweeter replier fan origin quelle follows knows trusts alter mention mentioned retweeted quoted ziel by reply "
    "replied"
)
#: a person
PERSON = _list_words(
    "id ids node nodes user users account author person people name screen handle vertex actor uid ego"
)
#: what may stand beside such a word
_BESIDE = PERSON | _list_words("number no index idx key label twitter profile")
#: of two columns that differ in a number or letter alone
_STEMS = _BESIDE | FOLLOWER | FOLLOWEE | _list_words("v var x col column item member agent")
_PAIRS = (("1", "2"), ("0", "1"), ("a", "b"), ("i", "j"), ("x", "y"))
#: what is said about a tie
ATTRIBUTE = _list_words(
    "weight weights w count counts n freq frequency value val time timestamp date datetime created at year month day "
    "hour type kind label sign strength rating score text lang language category class layer interval timeset colour "
    "color width direction relation relationship stance age gender sex group groups community cluster party country "
    "city location place description bio url email verified status statuses tweets posts likes degree modularity role "
    "title"
)
#: what makes a number of any word
_COUNTING = _list_words("count counts num total average mean ratio rate share")
_ENDS = FOLLOWER | FOLLOWEE
_ROW_NUMBER = frozenset(("", "index", "unnamed: 0", "x.1", "row", "rownames", "row.names", "rowid", "..."))


class Ends(NamedTuple):
    """Two columns of a table, counted from 0."""

    first: int  #: who follows
    second: int  #: who is followed


def find_ends(header: Sequence[str]) -> Ends | None:
    """Return the ends that the words of a header name; None if they name none, or more than one pair."""
    kinds = [_classify(word) for word in header]
    groups = ("follower", "followee", "person")
    places = {group: [at for at, (kind, _) in enumerate(kinds) if kind == group] for group in groups}
    if len(places["person"]) > 1:  # then a bare id numbers the rows
        places["person"] = [at for at in places["person"] if header[at].strip().lower() != "id"]
    follower, followee, person = places.values()
    if not follower and not followee:
        numbered = find_numbered_ends(header)
        return None if numbered and person and set(get_stem(header[numbered.first])) & _ENDS else numbered
    if person and follower and followee and all(is_plural(header[at]) for at in (*follower, *followee)):
        return None  # numbers of them, beside a person
    plain = [[at for at in group if not _WEAK.intersection(split_words(header[at]))] for group in (follower, followee)]
    if any(plain) and (person or all(plain)):
        follower, followee = plain
    person = [at for at in person if "author" not in split_words(header[at])] or person
    pairs = [Ends(one, other) for one in follower or person for other in followee or person]
    return _choose_pair(pairs, [beside for _, beside in kinds])


def find_numbered_ends(header: Sequence[str]) -> Ends | None:
    """Return two columns such as id_1 and id_2, Vertex 1 and Vertex 2, V1 and V2; None if not one pair."""
    cells: dict[tuple[tuple[str, ...], str], int] = {}
    for at, word in enumerate(header):
        if stem := get_stem(word):
            cells.setdefault((stem, split_words(word)[-1]), at)
    found = {}
    for stem in dict.fromkeys(stem for stem, _ in cells):
        pairs = [(one, other) for one, other in _PAIRS if (stem, one) in cells and (stem, other) in cells]
        if pairs:
            found[stem] = Ends(cells[stem, pairs[0][0]], cells[stem, pairs[0][1]])
    ids = [ends for stem, ends in found.items() if "id" in stem]
    return next((pairs[0] for pairs in (list(found.values()), ids) if len(pairs) == 1), None)


def get_stem(word: str) -> tuple[str, ...]:
    """Return the words before the number or letter in which id_1 and id_2 differ; () if there are none such."""
    *stem, last = split_words(word) or [""]
    numbered = word.isascii() and set(stem) <= _STEMS and (last.isdigit() or len(last) == 1)
    return tuple(stem) if numbered else ()


def find_remaining_ends(header: Sequence[str]) -> Ends | None:
    """Return the only two columns that are neither a row number nor something said about a tie or a person.

    None if they are not two, or one of them is a person and the other is unknown: it may be said about the person.
    """
    left = [at for at, word in enumerate(header) if not is_row_number(word) and not _is_attribute(word)]
    people = [header[at] for at in left if _classify(header[at])[0] == "person"]
    bare = any(word.strip().lower() == "id" for word in people)
    if len(left) != 2 or (people and (len(people) != 2 or bare)):
        return None
    one, other = (_classify(header[at])[0] for at in left)
    return Ends(*reversed(left)) if other == "follower" or one == "followee" else Ends(*left)


def find_listed(header: Sequence[str]) -> str:
    """Return whom the header of a list names behind a person: followee (friend1, friend2), follower (fan1), ""."""
    stems = {get_stem(word) for word in header[1:]}
    if len(header) < 3 or len(stems) > 1 or _classify(header[0])[0] not in ("person", "follower", "followee"):
        return ""
    stem = set(next(iter(stems)))
    return "" if get_stem(header[0]) else "followee" if stem & FOLLOWEE else "follower" if stem & FOLLOWER else ""


def is_plural(word: str) -> bool:
    """Return whether a column of such a name may hold numbers of people in place of a name."""
    words = split_words(word)
    return bool(PLURAL.intersection(words)) and "id" not in words and "ids" not in words


def looks_like_header(cells: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether two cells look like names of columns, and like none of the other names: screen_name, mention."""
    if not all(cell.replace(" ", "_").isidentifier() for cell in cells):
        return False
    (stem, one), (other_stem, other) = ((cell[:-1].lower(), cell[-1].lower()) for cell in cells)
    if stem == other_stem and (one, other) in (*_PAIRS, ("u", "v"), ("s", "t"), ("p", "q")):
        alike = [name for name in others if any(map(str.isdigit, name)) or (not stem and len(name) == 1)]
        return not alike and (not stem or one.isdigit())
    known = {word for cell in cells for word in split_words(cell)} & (PERSON | FOLLOWER | FOLLOWEE)
    if known:
        return not any(known.intersection(split_words(one)) for one in others)
    return any("_" in cell for cell in cells) and not any("_" in one for one in others)


def find_asked_ends(asked: Sequence[str | int], header: Sequence[str] | None, width: int, where: str) -> Ends:
    """Return the columns that `graph.columns` names.

    Args:
        asked: two names of the header, or numbers from 1.
        header: of the table, None if it has none.
        width: number of columns.
        where: name of the file in messages.

    Raises:
        InputError: there is no such column.
    """
    found = []
    for one in asked:
        if isinstance(one, int):
            places = [one - 1] if 1 <= one <= width else []
        else:
            wanted = one.strip().lower()
            places = [at for at, word in enumerate(header or ()) if word.strip().lower() == wanted]
            exact = [at for at, word in enumerate(header or ()) if word.strip() == one]
            places = exact or places
        if not places:
            said = list_columns(header, width)
            raise InputError(f"{where} has no column {format_name(one)}: graph.columns names two of {said}")
        found.append(places[0])
    return Ends(*found)


def list_columns(header: Sequence[str] | None, width: int) -> str:
    """Return the columns of a table as a few words: names with their places, or the number of columns."""
    if header is None:
        return f"1 to {width}"
    told = [f"{format_name(word, 20) or '(no name)'} ({format_place(at)})" for at, word in enumerate(header[:6])]
    return ", ".join(told) + (f" and {len(header) - 6} more" if len(header) > 6 else "")


def format_place(at: int) -> str:
    """Return "1st" for the column 0, "2nd" for 1, and so on."""
    number = at + 1
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def is_row_number(word: str) -> bool:
    """Return whether a header's word stands above numbers of rows, as pandas and R write them."""
    return word.strip().lower() in _ROW_NUMBER


def split_words(word: str) -> list[str]:
    """Return the words of a header's cell in lower case: "FromNodeId" is from, node, id."""
    words = [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", word)]
    split: list[str] = []
    for one in words:
        stem = one.removesuffix("id")
        split += [stem, "id"] if stem and stem != one and stem in FOLLOWER | FOLLOWEE | PERSON else [one]
    return split


def _is_attribute(word: str) -> bool:
    words = split_words(word)
    numbered = words[:1] == ["n"] and not words[-1].isdigit()
    return bool(words) and (set(words) <= ATTRIBUTE or bool(_COUNTING.intersection(words)) or numbered)


def _classify(word: str) -> tuple[str, frozenset[str]]:
    """Return (follower, followee, person or other; the words that stand beside it)."""
    word = _NEO4J.get(word.strip().upper(), word)
    words = split_words(word) if word.isascii() else []
    core = [one for one in words if one not in _BESIDE]
    beside = frozenset(words) - frozenset(core)
    if not core:
        return ("person" if beside & PERSON else "other"), beside
    if len(core) == 1 and core[0] in FOLLOWER:
        return "follower", beside
    if core[-1] == "by" and set(core[:-1]) & FOLLOWEE:
        return "follower", beside
    replied = {"reply", "replied"}.intersection(core) and set(core) <= {"in", "reply", "replied", "to"}
    return ("followee" if replied or (len(core) == 1 and core[0] in FOLLOWEE) else "other"), beside


def _choose_pair(pairs: list[Ends], beside: list[frozenset[str]]) -> Ends | None:
    """Return the one pair that belongs together: the only one, the barest, or that of ids; None if none is that."""
    alike = [pair for pair in pairs if beside[pair.first] == beside[pair.second]]
    near = [pair for pair in pairs if ("id" in beside[pair.first]) == ("id" in beside[pair.second])]
    for group in (pairs, alike, near):
        bare = [pair for pair in group if not beside[pair.first]]
        ids = [pair for pair in group if "id" in beside[pair.first] & beside[pair.second]]
        for chosen in (group, bare, ids):
            if len(chosen) == 1 and (group is not pairs or chosen is group):
                return chosen[0]
    return None
