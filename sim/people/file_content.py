"""The bytes and the text of a user's file: plain or compressed, in any usual encoding, and never without bound.

Each error is one line with its cure.
"""

import bz2
import codecs
import gzip
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from encodings.aliases import aliases
from pathlib import Path, PurePath
from typing import IO, NamedTuple

from sim.errors import InputError, suggest

MAX_SIZE = 2000  #: largest file, unpacked, in MB: what one of 100 million ties takes
MAX_RATIO = 100  #: an unpacked table is at most this much larger than its compressed file; real ones are 3 to 30 times
MAX_NAME = 10_000  #: characters of the longest name
AUTO = "auto"  #: an encoding that the file itself tells
END = b"\x1a"  #: the sign with which DOS ends a text
_RATIO_COUNTS_FROM = 64 * 2**20  #: unpacked bytes before the ratio counts
_CHUNK = 2**20

#: how files begin that hold no graph that can be read, and what to do about it
_FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old Excel or Office file: save the sheet as CSV",
    b"PAR1": "a Parquet file: save it as CSV, in pandas by to_csv(index=False)",
    b"SQLite format 3": "a database: save a table of ties as CSV",
    b"%PDF": "a PDF",
    b"\x28\xb5\x2f\xfd": "a .zst file: unpack it, or compress it as .gz",
    b"\xfd7zXZ": "an .xz file: unpack it, or compress it as .gz",
    b"7z\xbc\xaf": "a .7z file: unpack it, or compress it as .gz",
    b"Rar!": "a .rar file: unpack it, or compress it as .gz",
}


class FileContent(NamedTuple):
    """What a file holds."""

    raw: bytes  #: unpacked
    name: str  #: of the file, without folders and without the ending of its compression
    notes: tuple[str, ...] = ()  #: on its encoding, if the user names it


def get_stamp(path: str, key: str) -> tuple[int, int, str]:
    """Return (time, size, key), the key of the cache of read files; `key` names the file in messages.

    Raises:
        InputError: there is no such file, or it is a folder, a pipe or a device.
    """
    try:
        about = Path(path).stat()
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise InputError(f"{key}={path} cannot be opened ({reason}): set {key}=FILE that exists") from None
    if not stat.S_ISREG(about.st_mode):
        kind = "Is a directory" if stat.S_ISDIR(about.st_mode) else "a pipe or a device, which may never end"
        raise InputError(f"{key}={path} cannot be read ({kind}): set {key}=FILE, an ordinary file")
    return about.st_mtime_ns, about.st_size, key


def read_content(path: str, key: str, max_size: int = MAX_SIZE, encoding: str = AUTO) -> FileContent:
    """Return the contents of a file: plain, .gz, .bz2, or a .zip with one file in it, as its first bytes say.

    Args:
        path: the file.
        key: names it in messages.
        max_size: largest size, unpacked, in MB.
        encoding: of its text, which then comes as UTF-8; auto: left to `recode`.

    Raises:
        InputError: it cannot be read, is too large, its compression is damaged, it is of a kind without ties, or of
            another encoding.
    """
    where = f"{key}={path}"
    get_stamp(path, key)
    try:
        with Path(path).open("rb") as file:
            content = _unpack(file, PurePath(path).name, where, max_size * 10**6)
    except InputError:
        raise
    except OSError as problem:
        reason = problem.strerror or "a damaged .gz file"
        raise InputError(f"{where} cannot be read ({reason}): give a readable text file, plain or .gz") from None
    except (EOFError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile) as problem:
        kind = ".zip" if isinstance(problem, zipfile.BadZipFile | RuntimeError) else ".gz"
        raise InputError(f"{where} is a damaged {kind} file: download or compress it again") from None
    for begin, kind in _FOREIGN.items():
        if content.raw.startswith(begin):
            raise InputError(f"{where} is {kind}")
    if content.raw[257:262] == b"ustar":
        raise InputError(f"{where} is a .tar archive: unpack it, and name the file in it that holds the ties")
    if encoding != AUTO:
        content = _decode(content, encoding, where)
    return content._replace(raw=_drop_end(content.raw))


def check_encoding(given: object, key: str) -> str:
    """Return the name of an encoding of text as Python spells it, or auto.

    Raises:
        InputError: there is no such encoding.
    """
    if given == AUTO:
        return AUTO
    known = sorted({name.replace("_", "-") for name in aliases.values() if _is_of_text(name)})
    if not isinstance(given, str) or not _is_of_text(given):
        raise InputError(f"{key}={given} is no encoding of text: {suggest(str(given).lower(), [AUTO, *known])}")
    return codecs.lookup(given).name


def _is_of_text(name: str) -> bool:
    """Return whether a codec is one in which files are written."""
    try:
        found = codecs.lookup(name)
        return found.name not in ("idna", "punycode") and isinstance(b"ab==".decode(name, "replace"), str)
    except (LookupError, ValueError):  # of no codec, or of one between bytes and bytes
        return False


def _decode(content: FileContent, encoding: str, where: str) -> FileContent:
    try:
        text = content.raw.decode(encoding).removeprefix("\ufeff")
    except UnicodeError as problem:
        at = f" (byte {problem.start:,})" if isinstance(problem, UnicodeDecodeError) else ""
        raise InputError(f"{where} is not {encoding}{at}: name another graph.encoding, or leave it out") from None
    if "\0" in text:
        raise InputError(f"{where} is no text in {encoding}: name another graph.encoding, or leave it out")
    if text.startswith("<?xml"):  # it names the encoding that the text had
        text = text[text.find(">") + 1 :]
    return content._replace(raw=text.encode("utf-8", "replace"), notes=(f"its text is {encoding}, as asked",))


def _drop_end(raw: bytes) -> bytes:
    """Return bytes of text without DOS's sign of its end."""
    kept = raw.rstrip(b"\r\n" + END)
    return raw[: raw.index(END, len(kept))] if END in raw[len(kept) :] else raw


def read_text(path: str, key: str) -> str:
    """Return the text of a file, read by `read_content`.

    Raises:
        InputError: as `read_content` and `recode`.
    """
    return recode(read_content(path, key).raw, f"{key}={path}")[0].decode()


def recode(raw: bytes, where: str) -> tuple[bytes, tuple[str, ...]]:
    """Return text as UTF-8 without a byte-order mark, and notes on its encoding if it is not UTF-8.

    UTF-16 and UTF-32 are known by their mark, UTF-16 also by its zero bytes; what is not UTF-8 is Windows-1252, which
    holds all of Latin-1 that a keyboard types.

    Raises:
        InputError: it is not text.
    """
    encoding, said = _find_encoding(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeError:
        encoding, said = "cp1252", "Windows-1252 (Latin-1), not UTF-8: if names look wrong, name graph.encoding"
        if encoding_is_wide(raw) or re.search(rb"[\x00-\x08\x0e-\x1a]", raw):
            raise _make_refusal(where) from None
        try:
            text = raw.decode(encoding)
        except UnicodeError:
            text = raw.decode("latin-1")
    if "\0" in text:
        raise _make_refusal(where)
    if encoding == "utf-8":
        return raw, ()
    return text.encode("utf-8", "replace"), ((f"its text is {said}",) if said else ())


def encoding_is_wide(raw: bytes) -> bool:
    """Return whether bytes begin as UTF-16 or UTF-32 does."""
    return raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))


def format_name(name: object, limit: int = 40) -> str:
    """Return a name from a file as it may stand in a line of a terminal: short, and without signs that act there."""
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(name)[: limit + 1])
    return text if len(text) <= limit else f"{text[: limit - 1]}\N{HORIZONTAL ELLIPSIS}"


def _make_refusal(where: str) -> InputError:
    return InputError(f"{where} is not text: give plain UTF-8 text, or that as .gz")


def _find_encoding(raw: bytes) -> tuple[str, str]:
    """Return (a codec's name, what to say of it; "" for nothing)."""
    marks = (
        (codecs.BOM_UTF8, "utf-8-sig", ""),
        (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
        (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
        (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
        (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
    )
    for mark, encoding, said in marks:
        if raw.startswith(mark):
            return encoding, said
    head = raw[:4096]
    if b"\0" in head and len(head) >= 4:
        low, high = head[1::2].count(0), head[::2].count(0)
        for zeros, others, encoding in ((low, high, "utf-16-le"), (high, low, "utf-16-be")):
            if zeros > 0.4 * len(head) / 2 and others < 0.02 * len(head):
                return encoding, "UTF-16 without a byte-order mark"
    return "utf-8", ""


def _unpack(file: IO[bytes], name: str, where: str, limit: int) -> FileContent:
    begin = file.read(4)
    file.seek(0)
    if begin[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=file) as packed:
            return FileContent(_read_bounded(packed, file, where, limit), _drop_ending(name, ".gz"))
    if begin[:3] == b"BZh":
        with bz2.BZ2File(file) as unpacked:
            return FileContent(_read_bounded(unpacked, file, where, limit), _drop_ending(name, ".bz2"))
    if begin == b"PK\x03\x04":
        with _open_only_member(file, where) as (member, inner):
            return FileContent(_read_bounded(member, file, where, limit), inner)
    return FileContent(_read_bounded(file, None, where, limit), name)


def _drop_ending(name: str, ending: str) -> str:
    return name[: -len(ending)] if name.lower().endswith(ending) else name


@contextmanager
def _open_only_member(file: IO[bytes], where: str) -> Iterator[tuple[IO[bytes], str]]:
    with zipfile.ZipFile(file) as archive:
        names = [one for one in archive.namelist() if not one.endswith("/") and not one.startswith("__MACOSX/")]
        if "[Content_Types].xml" in names:
            raise InputError(f"{where} is an Excel or Office file: save the sheet as CSV")
        if len(names) != 1:
            listed = ", ".join(map(format_name, names[:5]))
            raise InputError(f"{where} holds {len(names)} files ({listed}): unpack it, and name the one with the ties")
        if archive.getinfo(names[0]).flag_bits & 1:
            raise InputError(f"{where} has a password: unpack it")
        with archive.open(names[0]) as member:
            yield member, PurePath(names[0]).name


def _read_bounded(stream: IO[bytes] | gzip.GzipFile, packed: IO[bytes] | None, where: str, limit: int) -> bytes:
    """Return all that a stream gives, if that is within `limit` bytes; `packed`: the file that it unpacks."""
    parts, size = [], 0
    while part := stream.read(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > limit:
            cure = f"set graph.max_size=MB if this machine has the memory, about {10 * limit // 10**9 or 1} GB or more"
            raise InputError(f"{where} holds more than {limit // 10**6:,} MB, unpacked: {cure}")
        if packed is not None and size > max(_RATIO_COUNTS_FROM, MAX_RATIO * packed.tell()):
            raise InputError(f"{where} unpacks to more than {MAX_RATIO} times its size, as no graph does: unpack it")
    return b"".join(parts)
