"""The error for all mistakes of a user, and how its message suggests a cure."""

from collections.abc import Iterable
from difflib import get_close_matches

from sim.renamed import find_new_names

MAX_LISTED = 40  #: names in one error


class InputError(ValueError):
    """A user's mistake, in one line: what was given, what is allowed, and the cure.

    Example:
        >>> import infowar_lab as lab
        >>> lab.load("army.sise=20")
        Traceback (most recent call last):
        sim.errors.InputError: army.sise is not a known key: did you mean army.size?
    """


def suggest(given: str, allowed: Iterable[str]) -> str:
    """Return, as one line, the new name of an old one, or "did you mean ...?" for close names, or all of `allowed`.

    Of very many names with dots, only their first parts are listed.
    """
    names = sorted(allowed)
    if renamed := find_new_names(given, names):
        return f"its name is now {' or '.join(renamed)}"
    close = get_close_matches(given, names, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if len(names) > MAX_LISTED:
        names = sorted({name.partition(".")[0] for name in names})
    return f"choose one of: {', '.join(names)}"
