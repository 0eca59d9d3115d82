"""Which lines of a table are comments: those that begin with # or %, and the like only if the user says so."""

import re
from typing import NamedTuple

from sim.errors import InputError
from sim.people.file_content import format_name

COMMENTS = {"hash": b"#", "percent": b"%"}
_TOP = re.compile(rb"(?:[ \t]*(?:[#%][^\n]*)?(?:\n|\Z))*?(?=[ \t]*[^ \t\n#%]|\Z)")
_ODD = re.compile(rb"(?m)^[ \t]*(?://|--|/\*|(?:[;!*>]|REM|rem)[ \t])[^\n]*")  #: lines that are comments elsewhere


class Comments(NamedTuple):
    """Lines of a file that are comments, or may be."""

    places: list[tuple[int, int, bool]]  #: start, end, whether it is a comment for sure
    unsure: list[str]  #: lines that begin with the sign and a word: #tag
    top: str  #: comments above the first row
    top_unsure: int  #: how many of `unsure` stand there

    def remove(self, content: bytes, everything: bool) -> bytes:
        """Return the lines that are no comments; `everything`: nor such as may be."""
        parts, begin = [], 0
        for start, end, sure in self.places:
            if sure or everything:
                parts.append(content[begin:start])
                begin = end
        return b"".join((*parts, content[begin:])) if parts else content


def find_comments(content: bytes, asked: str, across: bool, where: str) -> Comments:
    """Return which lines are comments.

    Args:
        content: of the file.
        asked: one of `COMMENTS`, auto or none.
        across: whether cells go over several lines: then comments stand above the first row alone.
        where: name of the file in messages.

    Raises:
        InputError: they may name people.
    """
    places: list[tuple[int, int, bool]] = []
    top_match = _TOP.match(content)
    top_end = top_match.end() if top_match else 0
    top: list[str] = []
    unsure: list[tuple[int, str]] = []
    alone = 0
    marks = COMMENTS.values() if asked == "auto" else (COMMENTS[asked],) if asked in COMMENTS else ()
    for mark in marks:
        if not content.startswith(mark) and not re.search(rb"\n[ \t]*" + mark, content):
            continue
        for found in re.finditer(rb"(?m)^[ \t]*" + mark + rb"([^\n]*)(?:\n|\Z)", content):
            above = found.start() < top_end
            if across and not above:
                break
            sure = asked != "auto" or not re.match(rb'[\w"\x80-\xff]', found[1])
            if asked == "auto" and not above and not found[1].strip():
                alone += 1
            sure = sure or (above and found[1].startswith(b"MatrixMarket"))
            line = found[0].decode("utf-8", "ignore").strip()
            if above:
                top.append(line)
            if not sure:
                unsure.append((found.start(), line))
            places.append((*found.span(), sure))
    if alone == 1:
        raise InputError(
            f"{where} has a sign of comment alone in a line between others: if names stand above it and ties below "
            "(TGF), keep the ties alone; if it is a comment, say graph.comment=hash or graph.comment=percent"
        )
    heads = [start for start, end, _ in places if re.fullmatch(rb"[ \t]*#[ \t]+\S+[ \t]*\n?", content[start:end])]
    if asked == "auto" and len(heads) > 1 and heads[-1] > top_end:
        raise InputError(
            f"{where} has lines of # and one name between others: if they name people and their ties stand below "
            "(LGL), give a table of ties; if they are comments, say graph.comment=hash"
        )
    unsure.sort()
    return Comments(
        sorted(places), [line for _, line in unsure], "\n".join(top), sum(start < top_end for start, _ in unsure)
    )


def refuse_odd_comment(content: bytes, where: str) -> None:
    """Raise InputError if fewer than half of the lines begin as comments of other programs do: // or --."""
    found = _ODD.findall(content)
    if found and len(found) * 2 < sum(1 for line in content.split(b"\n") if line.strip()):
        line = format_name(found[0].decode("utf-8", "replace").strip(), 30)
        raise InputError(
            f"{where} has the line {line}, which may be a comment: begin it with # if it is one, say "
            "graph.comment=none if it is a tie"
        )
