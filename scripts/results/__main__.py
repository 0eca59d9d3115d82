"""python -m scripts.results: play what the pages of results rest on, record it, and write the pages."""

import argparse
from typing import NoReturn

from experiments.exit_codes import report_mistakes, stop_on_signals
from scripts.results.jobs import BY_NAME, FILE, JOBS
from scripts.results.pages import render_all
from scripts.results.playing import find_reason, play
from scripts.results.records import read_all
from sim.errors import InputError

ABOUT = """Play every command that a number of the docs rests on, record it in docs/results/, and write docs/results.md,
docs/validity.md and the quote of README from the records. A job whose record was made from the same command, values and
code is not played again. After Ctrl-C the same command goes on."""


class Parser(argparse.ArgumentParser):
    """Tells a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise InputError."""
        raise InputError(f"{message}: see {self.prog} --help")


def main(words: list[str] | None = None) -> None:
    parser = Parser("python -m scripts.results", description=ABOUT)
    choose = parser.add_mutually_exclusive_group()
    choose.add_argument("--only", nargs="+", choices=BY_NAME, metavar="NAME", help="play these jobs, even if recorded")
    choose.add_argument("--render", action="store_true", help="play nothing: write the pages from the records")
    choose.add_argument("--list", action="store_true", help="say which jobs would be played, and why")
    parser.add_argument("--network", metavar="FILE", help="the published network for the job simsom")
    with report_mistakes(lambda: "stopped: what is done is kept, and the same command continues"), stop_on_signals():
        asked = parser.parse_args(words)
        if asked.list:
            print(*(f"{job.name:20} {find_reason(job) or 'as recorded'}" for job in JOBS), sep="\n")
            return
        names = [] if asked.render else asked.only or [job.name for job in JOBS if find_reason(job)]
        failed = play_jobs(names, asked.network)
        for path, text in render_all(read_all()).items():
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"written: {path.name}")
        if failed:
            raise InputError(f"not played: {', '.join(failed)}; what the pages say of them is what was recorded before")


def play_jobs(names: list[str], network: str | None) -> list[str]:
    """Play jobs one after the other, a line each; return the names of those that failed."""
    failed = []
    for number, name in enumerate(names, 1):
        job = BY_NAME[name]
        print(f"{number} of {len(names)}  {name:20} ", end="", flush=True)
        if job.needs and not network:
            print(f"left out: it needs {job.needs}, --network FILE; its record stays as it is")
            continue
        try:
            print(f"{play(job, network or FILE):.0f} s of processor time", flush=True)
        except InputError as error:
            print(f"failed: {error}", flush=True)
            failed.append(name)
    return failed


if __name__ == "__main__":
    main()
