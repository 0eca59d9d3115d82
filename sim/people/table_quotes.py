"""Quotes around the cells of a table: which sign they are, and what they enclose."""

import re

import numpy as np

_SINGLE = rb"'(?:[^'\n]|'')*'"
_SEPARATORS = (b"\t", b";", b",", b"|", b" ")


def judge_quotes(content: bytes) -> tuple[bool, bool]:
    """Return whether double quotes enclose cells, and whether such cells may go over several lines."""
    if b'"' not in content:
        return False, False
    signs = np.frombuffer(content, np.uint8)
    quotes = np.flatnonzero(signs == ord('"'))
    ends = np.flatnonzero(signs == ord("\n"))
    counts = np.diff(np.searchsorted(quotes, ends), prepend=0, append=len(quotes))
    if len(ends):
        counts[-1] = len(quotes) - np.searchsorted(quotes, ends[-1])
    odd = bool((counts % 2).any())
    return (True, False) if not odd else (len(quotes) % 2 == 0, len(quotes) % 2 == 0)


def drop_spaces_before_quotes(body: bytes, separator: str) -> bytes:
    """Return the body without spaces between a separator and a quote, which would make the quote a part of the name."""
    sign = re.escape(separator.encode())
    if not re.search(rb"(?m)(?:^|" + sign + rb') +"', body):
        return body
    return re.sub(rb"(?m)(^|" + sign + rb') *("(?:[^"]|"")*")', rb"\1\2", body)


def double_single_quotes(content: bytes) -> tuple[bytes, bool]:
    """Return (the content with double quotes for single ones, True) if these enclose cells, else (as is, False).

    They do, if some separator divides all lines into as many cells, and no cell but an enclosed one begins with such a
    quote. Two of them within are one.
    """
    if b'"' in content or not re.search(rb"(?m)(?:^|[\t;,| ])" + _SINGLE + rb"[ ]*(?:$|[\t;,| ])", content):
        return content, False
    lines = [line for line in content.split(b"\n") if line.strip() and line.lstrip()[:1] not in b"#%"]
    for separator in _SEPARATORS:
        sign = re.escape(separator)
        end = rb"(?= *(?:" + sign + rb"|$))"
        cell = rb" *+(?:" + _SINGLE + end + rb" *|(?!')[^" + sign + rb"\n]*+)"
        if not all(map(re.compile(cell + rb"(?:" + sign + cell + rb")*+").fullmatch, lines)):
            continue
        enclosed = re.compile(rb"(?m)(^ *+|" + sign + rb" *+)(" + _SINGLE + rb")" + end)
        widths = {len(list(filter(None, enclosed.sub(rb"\1x", line).split(separator)))) for line in lines}
        if len(widths) == 1 and min(widths) > 1:
            doubled = enclosed.sub(lambda found: found[1] + b'"' + found[2][1:-1].replace(b"''", b"'") + b'"', content)
            return doubled, doubled != content
    return content, False
