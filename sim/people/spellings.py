"""Names that may be one person's in several spellings: joined where they surely are, else told."""

import re
import unicodedata
from collections.abc import Collection

from sim.people.file_content import format_name
from sim.people.table_layout import MISSING, is_plain_number
from sim.people.table_notes import count_words

#: nobody sees them: signs of width zero, of direction, and of an encoding; spaces that do not break are spaces
_UNSEEN = {
    **dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\u2060\ufeff")),
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A))),
    **dict.fromkeys(map(ord, "\u00a0\u2007\u202f"), " "),
}
_JOINERS = "\u200c\u200d"  #: within a name they have a meaning, as in Persian


def clean_name(name: str) -> str:
    """Return a name in Unicode's composed form (NFC), without white space around it and signs that nobody sees."""
    name = name.strip()
    return name if name.isascii() else unicodedata.normalize("NFC", name.translate(_UNSEEN).strip().strip(_JOINERS))


def describe_alike(names: Collection[str]) -> tuple[str, ...]:
    """Return a note if some names may be of one person, by capitals, zeros before a number, @ or the like."""
    if all(map(is_plain_number, names)):
        return ()
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault(_reduce(name), []).append(name)
    alike = [sorted(group) for group in kinds.values() if len(group) > 1]
    if not alike:
        return ()
    example = " and ".join(_format_exactly(name) for name in min(alike)[:2])
    number = count_words(sum(map(len, alike)), "name")
    return (
        f"{number}, such as {example}, differ little and are read as different people: correct them if they are not",
    )


def describe_nobody(names: Collection[str]) -> tuple[str, ...]:
    """Return a note if some names may mean that there is none."""
    if gaps := sorted(MISSING.intersection(names)):
        shown = " and ".join(gap or "an empty name" for gap in gaps)
        told = "a person: delete it if it stands" if len(gaps) == 1 else "people: delete them if they stand"
        return (f"{shown} read as {told} for nobody",)
    return ()


def _reduce(name: str) -> str:
    """Return what names have in common that differ in capitals, spaces, signs of width zero, zeros or an @."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", clean_name(name)).translate(dict.fromkeys(map(ord, _JOINERS)))
    name = " ".join(name.casefold().removeprefix("@").split())
    return re.sub(r"\.0+$", "", name).lstrip("0") or "0" if name[:1].isdigit() else name


def _format_exactly(name: str) -> str:
    """Return a name as `format_name` does; in ASCII if it has signs that nobody sees, or a form of its own."""
    seen = name.isascii() or clean_name(name) == name
    return format_name(name if seen and not set(name) & set(_JOINERS) else ascii(name))
