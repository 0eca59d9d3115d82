"""Times as text, to seconds since 1970. A time that names no zone is read in the one that is told, or not at all."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sim.errors import InputError

ISO = r"^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"
ZONED = ISO + r"(?:Z| ?UTC|[+-]\d\d:?\d\d)$"
LOCAL = ISO + "$"
LAST = 4_102_444_800  #: 2100-01-01: a number of seconds beyond is one of something else


def parse_moments(column: pa.Array, zone: str, where: str) -> pa.Array:
    """Return seconds since 1970 of texts such as 2020-01-31 23:59:59+00:00, null for what is none.

    Args:
        column: texts or nulls.
        zone: of texts that name none, "" if nobody has said it.
        where: names the file in messages.

    Raises:
        InputError: texts name no zone, and nobody has said which; or there is no such zone.
    """
    local = pc.fill_null(pc.match_substring_regex(column, LOCAL), False)
    if pc.any(local, min_count=0).as_py() and not zone:
        first = column.filter(local)[0].as_py()
        raise InputError(f"{where} has times without a time zone, such as {first}: add zone=UTC, or zone=Europe/Paris")
    zoned = pc.fill_null(pc.match_substring_regex(column, ZONED), False)
    text = pd.Series(column.to_pandas(), dtype=object)
    seconds = pd.Series(pd.NA, index=text.index, dtype="Int64")
    for mask, offset in ((local, True), (zoned, False)):
        rows = mask.to_numpy(zero_copy_only=False)
        if rows.any():
            found = pd.to_datetime(text[rows], format="ISO8601", utc=not offset, errors="coerce")
            if offset:
                found = found.dt.tz_localize(get_zone(zone), ambiguous="NaT", nonexistent="NaT")
            found = found.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[s]")
            known = found.notna()
            seconds[found.index[known]] = found[known].astype("int64")
    return pa.array(seconds, pa.int64())


def get_zone(name: str) -> ZoneInfo:
    """Return a time zone by its name.

    Raises:
        InputError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(f"zone={name} is unknown: say UTC, or a place such as Europe/Paris") from None
