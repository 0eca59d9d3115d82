"""Plain replacements for signs that an encoding lacks, as on Windows, where output to a file is seldom UTF-8."""

import codecs
import sys
from io import TextIOWrapper

PLAIN = {"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{MULTIPLICATION SIGN}": "x", "\N{PLUS-MINUS SIGN}": "+-"}
PLAIN |= {"\N{LESS-THAN OR EQUAL TO}": "<=", "\N{GREATER-THAN OR EQUAL TO}": ">=", "\N{INFINITY}": "inf"}
PLAIN |= dict.fromkeys("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", '"')
PLAIN |= {"\N{RIGHT SINGLE QUOTATION MARK}": "'"}


def print_plain_signs() -> None:
    """Have stdout show a sign that its encoding lacks by a plain one, where it would raise UnicodeEncodeError."""
    codecs.register_error("plain", _replace)
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="plain")


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(sign, "?") for sign in error.object[error.start : error.end]), error.end
