"""Write the table of an hour in docs/structure.md from the phases of the tick and the hooks of mechanisms.

    python -m scripts.schedule

Run it after a phase or a hook has come or gone; `tests/test_schedule.py` fails until then.
"""

from scripts.parameters import OPTIONAL
from scripts.parameters import PAGE as PARAMETERS
from sim.mechanisms.base import Mechanism, get_name, list_hooks
from sim.mechanisms.events import Events
from sim.tick import TICK, Phase

PAGE = PARAMETERS.with_name("structure.md")
BEGIN, END = "<!-- schedule: begin -->\n", "<!-- schedule: end -->"
MECHANISMS = (Events(), *(rule for rule in OPTIONAL.values() if isinstance(rule, Mechanism)))


def format_table() -> str:
    """Return the table: one row for each phase of an hour."""
    rows = [
        ("phase", "slices", "whose", "what it does", "mechanisms, by hook"),
        ("---",) * 5,
        *map(_format_phase, TICK),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def format_page() -> str:
    """Return the page with the present table."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + format_table() + END + rest.partition(END)[2]


def _format_phase(phase: Phase) -> tuple[str, ...]:
    hooks = []
    for hook in (*phase.first, *phase.then):
        names = [get_name(rule) for rule in MECHANISMS if hook in list_hooks(type(rule))]
        hooks.append(f"`{hook}`: {', '.join(names) or 'none'}")
    return f"`{phase.name}`", phase.when, phase.who, str(phase.act.__doc__).splitlines()[0], "; ".join(hooks)


def main() -> None:
    """Write the page."""
    PAGE.write_text(format_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
