"""What happens in an hour of a world, in order, as a table: phases, who acts in them, what they read and write."""

import sys

from experiments.apps import format_start
from experiments.exit_codes import report_mistakes

HELP = """{start} KEY=VALUE ...

Prints what happens in an hour of a world, in order: each phase, who acts in it (a mechanism by its name), and what
that reads and writes. Keys are those of `run`; sim/tick.py explains the names.

Examples
  {start}
  {start} scenario=fallujah_2016
  {start} scenario=quiet morale=default defence=prompt"""


def main() -> None:
    """Print the schedule of the world that the command line asks for."""
    words = sys.argv[1:]
    with report_mistakes():
        if {"--help", "-h"} & {*words}:
            print(HELP.format(start=format_start("schedule")), flush=True)
            return
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
