"""Speed of the engine by phase, beside two references in the same process: plain Mesa and a bare gather.

Rounds of the engine with one thread, the engine with several threads, plain Mesa and the gather alternate. All simulate
the same hours, and the table shows medians of rounds, so a busy machine slows all of them. Read the ratios:
milliseconds depend on the machine.
"""

import argparse
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.measure import TimingPlan, measure
from benchmarks.phases import PHASES
from benchmarks.picture import draw_speed
from benchmarks.world import FLOORS
from experiments.workers import count_cores

EXAMPLES = """examples:
  python -m benchmarks.run                            both sizes, with plain Mesa at 10,000 people
  python -m benchmarks.run --people 2000 --plain 0    one size, without plain Mesa
  python -m benchmarks.run --people 1000000 --plain 0 --warm-up 4 --ticks 2

what is compared:
  plain Mesa      benchmarks/plain_mesa.py: the same rules, one Python object an account, the same state bit for bit;
                  an activation is an account that woke, read and decided: wake, read, react and speak (with several
                  threads reporting is counted too)
  bare gather     the sum of one int32 column over everybody's followees on the same graph, compiled, one thread:
                  what a memory-bound engine could reach at best
"""
_SPEEDS = (
    "activations a second",
    "activations a second, several threads",
    "reads a second",
    "edge visits a second",
    "edge visits a second of reading",
    "edges a second of the bare gather",
)


def format_table(sizes: list[dict[str, Any]]) -> str:
    """Return the numbers as Markdown, machine-independent ratios first."""
    heads = " | ".join(f"{size['people']:,} people" for size in sizes)
    lines = [f"| | {heads} |", f"|---|{'---:|' * len(sizes)}"]

    def row(label: str, form: str, *path: str) -> None:
        values: list[Any] = list(sizes)
        for key in path:
            values = [None if value is None else value.get(key) for value in values]
        if any(value is not None for value in values):
            lines.append(f"| {label} | {' | '.join('' if v is None else format(v, form) for v in values)} |")

    for name in ("an activation", "with publishing and moderating", "a whole tick"):
        row(f"plain Mesa / engine, {name}", ".0f", "plain Mesa / engine", name)
        row(f"plain Mesa / engine with several threads, {name}", ".0f", "plain Mesa / engine, several threads", name)
    row("bare gather / engine, edges a second of reading", ".1f", "bare gather / engine")
    for name, least in FLOORS.items():
        row(f"{name} (benchmark world: at least {least:g})", ".2f", "activity", name)
    row("microseconds an activation", ".2f", "microseconds an activation")
    for name in ("accounts", "edges", *_SPEEDS):
        row(name, ",.0f", name)
    row("ms a tick with several threads", ".3f", "ms a tick, several threads")
    for phase in (*PHASES, "tick"):
        row(f"ms a tick: {phase}", ".3f", "ms a tick", phase)
    for phase in (*PHASES, "tick"):
        row(f"plain Mesa, ms a tick: {phase}", ".1f", "plain Mesa, ms a tick", phase)
    return "\n".join(lines) + "\n"


def list_remarks(sizes: list[dict[str, Any]]) -> list[str]:
    """Return remarks on the validity of the numbers: whether states are equal and the world is busy enough."""
    found = []
    for size in sizes:
        if "plain Mesa / engine" in size:
            verdict = "the same bits" if size["plain Mesa ends in the same state"] else "ANOTHER STATE: ratio void"
            found.append(f"{size['people']:,} people: plain Mesa and engine end in {verdict}")
        for name, least in FLOORS.items():
            if size["activity"][name] < least:
                found.append(f"{size['people']:,} people: only {size['activity'][name]:.2f} {name}, not {least:g}")
    return found


def parse_positive(text: str) -> int:
    """Parse a whole number of at least 1."""
    return _parse_whole(text, 1)


def parse_natural(text: str) -> int:
    """Parse a whole number of at least 0."""
    return _parse_whole(text, 0)


def _parse_whole(text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} must be a whole number of at least {least}")
    return int(text)


def make_parser() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--people",
        type=parse_positive,
        nargs="+",
        default=[1000, 10_000, 100_000],
        metavar="N",
        help="sizes (1000 to 100000)",
    )
    add(
        "--plain",
        type=parse_natural,
        default=10_000,
        metavar="N",
        help="the size also played by plain Mesa, 0 = none (10000)",
    )
    add("--warm-up", type=parse_positive, default=24, metavar="T", help="ticks before anything is measured (24)")
    add("--ticks", type=parse_positive, default=24, metavar="T", help="ticks of one round: a day (24)")
    add("--rounds", type=parse_positive, default=3, metavar="K", help="rounds, of which medians are taken (3)")
    add("--threads", type=parse_positive, default=count_cores(), metavar="K", help="threads of the engine (all cores)")
    add("--seed", type=parse_natural, default=1, metavar="S", help="seed of all worlds (1)")
    add("--out", type=Path, default=Path("out/benchmarks"), metavar="DIR", help="folder of results (out/benchmarks)")
    return parse_arguments(parser)


def parse_arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line and make the folder `--out`."""
    given = parser.parse_args()
    try:
        given.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--out={given.out} cannot be made ({error.strerror}): name a folder that can be written")
    return given


def main() -> None:
    """Measure every size, print the table, write it as Markdown and JSON."""
    given = make_parser()
    plan = TimingPlan(given.warm_up, given.rounds, given.ticks, given.seed, given.threads)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    sizes = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        steps = sum((2 + (people == given.plain)) * (1 + plan.rounds) for people in given.people)
        task = bar.add_task("", total=steps)
        for people in given.people:

            def tell(what: str, people: int = people) -> None:
                bar.update(task, description=f"{people:,} people, {what}")

            sizes.append(measure(people, people == given.plain, plan, tell, lambda: bar.advance(task)))
    found = {name: version(name) for name in ("mesa", "networkx", "numba", "numpy")}
    versions = {"python": platform.python_version(), **found}
    text = format_table(sizes) + "".join(f"\n{remark}.\n" for remark in list_remarks(sizes))
    (given.out / "speed.md").write_text(text, encoding="utf-8")
    (given.out / "speed.json").write_text(
        json.dumps({"versions": versions, "plan": vars(plan), "sizes": sizes}, indent=1), encoding="utf-8"
    )
    draw_speed(sorted(sizes, key=lambda size: int(size["people"])), given.out)
    print(text)
    print(f"written: {given.out}/speed.md, speed.json, speed.png")


if __name__ == "__main__":
    main()
