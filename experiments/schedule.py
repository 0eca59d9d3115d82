"""What happens in an hour of a world, in order, as a table: phases, who acts in them, what they read and write."""

from experiments.exit_codes import report_mistakes
from experiments.option_parser import OptionParser

ABOUT = """Prints each phase of an hour, who acts in it (a mechanism by its name), and what that reads and writes.
Keys are those of the app run; sim/tick.py explains the names."""


def main() -> None:
    """Print the schedule of the world that the command line asks for."""
    examples = ("", "scenario=fallujah_2016", "scenario=quiet morale=default defence=prompt")
    parser = OptionParser("schedule", ABOUT, "KEY=VALUE GROUP=CHOICE ...", examples)
    parser.add_argument("KEY=VALUE", nargs="*", help="what world: keys and choices as of the app run")
    with report_mistakes():
        words = vars(parser.parse_args())["KEY=VALUE"]
        from rich.console import Console
        from rich.table import Table

        from experiments.notebook.loading import load
        from sim.tick import list_schedule

        table, last = Table(box=None, padding=(0, 1)), ""
        for name in ("phase", "who", "reads", "writes"):
            table.add_column(name, overflow="fold")
        for row in list_schedule(load(*words).list_mechanisms()):
            phase = "" if row["phase"] == last else (last := row["phase"])
            table.add_row(phase, f"{row['who']} {row['hook']}", row["reads"] or "-", row["writes"] or "-")
        Console().print(table)


if __name__ == "__main__":
    main()
