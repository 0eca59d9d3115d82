"""What was decided about a table of ties, in the words in which users are told."""

from collections.abc import Sequence

from sim.people.file_content import format_name
from sim.people.table_columns import Ends, format_place, is_row_number
from sim.people.table_layout import SEPARATOR_NAMES, Layout


def count_words(number: int, word: str) -> str:
    """Return "1 tie", "2 ties", "1,234 ties"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def describe_layout(layout: Layout) -> tuple[str, ...]:
    """Return what separates the cells, and how many lines are comments."""
    name = SEPARATOR_NAMES[layout.separator]
    separated = "separated by white space" if name == "space" else f"{name}-separated"
    comments = (f"{count_words(layout.skipped, 'line')} of comment",) if layout.skipped else ()
    return (separated, *(("single quotes enclose cells",) if layout.single else ()), *comments)


def describe_columns(header: Sequence[str] | None, ends: Ends, width: int) -> tuple[str, ...]:
    """Return which columns are the ends of a tie, and what the others are."""
    if header is None:
        told = [f"columns {format_place(ends.first)} and {format_place(ends.second)}"] if width > 2 else []
    else:
        one, other = (f"{format_name(header[at]) or '(no name)'} ({format_place(at)})" for at in ends)
        told = [f"header, columns {one} and {other}"]
        numbers = [at for at, word in enumerate(header) if at not in ends and is_row_number(word) and (word or not at)]
        told += [f"the {format_place(at)} is a row number" for at in numbers[:1]]
    if width > 2 and not (header and width - 2 == len(numbers[:1])):
        told.append("further columns (weights) not used")
    return tuple(told)


def describe_dropped(repeated: int, alone: int, nobody: int) -> tuple[str, ...]:
    """Return how many lines are no ties: the header once more, with one name, and without any."""
    told = {
        "with the header again dropped": repeated,
        "with one name: a person without a tie there": alone,
        "without a name dropped": nobody,
    }
    return tuple(f"{count_words(number, 'line')} {what}" for what, number in told.items() if number)
