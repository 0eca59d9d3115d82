"""The error for all mistakes of a user, and how its message suggests a cure."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from sim.renamed import find_new_names

MAX_LINE = 300  #: characters of one error
MAX_LISTED = 220  #: characters of the names in one error
NEAREST = 6  #: names that are listed where all are too many


class InputError(ValueError):
    """A user's mistake, in one line: what was given, what is allowed, and the cure; of a long one, both ends.

    Example:
        >>> import infowar_lab as lab
        >>> lab.load("army.sise=20")
        Traceback (most recent call last):
        sim.errors.InputError: army.sise is not a known key: did you mean army.size?
    """

    def __init__(self, line: str) -> None:
        super().__init__(_shorten(" ".join(line.split())))


def suggest(given: str, allowed: Iterable[str]) -> str:
    """Return, as one line, the new name of an old one, or "did you mean ...?" for close names, or all of `allowed`.

    Of very many names, only the nearest are listed, or their first parts if these are few.
    """
    names = sorted(allowed)
    if renamed := find_new_names(given, names):
        return f"its name is now {' or '.join(renamed)}"
    close = get_close_matches(given, names, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    firsts = sorted({name.partition(".")[0] for name in names})
    listed = next((", ".join(some) for some in (names, firsts) if len(", ".join(some)) <= MAX_LISTED), "")
    if listed:
        return f"choose one of: {listed}"
    near = ", ".join(get_close_matches(given, firsts, n=NEAREST, cutoff=0.0))
    return f"the nearest of {len(firsts)} are {near}" + ("; --help lists them" if firsts != names else "")


def suggest_number(given: object, is_whole: bool = False) -> str:
    """Return ": say 0.5" for a text that is a number as spreadsheets write it: 0,5 or 50% or 1,000; else ""."""
    found = re.fullmatch(r"\s*([-+]?\d+)(?:([.,])(\d+))?\s*(%?)\s*", given) if isinstance(given, str) else None
    if not found or not (found[2] == "," or found[4]):
        return ""
    number = float(f"{found[1]}.{found[3] or 0}") / (100 if found[4] else 1)
    said = [f"{number:g}"] if number.is_integer() or not is_whole else []
    if found[2] == "," and len(found[3]) == 3 and not found[4]:
        said.insert(0, found[1] + found[3])
    return f": say {' or '.join(said)}" if said else ""


def _shorten(line: str) -> str:
    """Return a line of `MAX_LINE` characters at most: its start, which names the key, and its end, the cure."""
    if len(line) <= MAX_LINE:
        return line
    end = MAX_LINE // 2
    return f"{line[: MAX_LINE - end - 5]} ... {line[-end:]}"
