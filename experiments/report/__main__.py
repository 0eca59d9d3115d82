"""python -m experiments.report DIR [OUTCOME ...]: the report of a sweep, anew, also while it runs."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import NoReturn

from experiments.plain_signs import print_plain_signs
from experiments.report import sweep
from experiments.sweeps.sealing import seal, unseal
from sim.errors import InputError


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}: python -m experiments.report DIR [OUTCOME ...]; see --help")


def main(words: list[str] | None = None) -> None:
    """Write DIR/report.html and DIR/figures; print the headline."""
    parser = _Parser(
        prog="python -m experiments.report", description="The report of a sweep, anew, also while it runs."
    )
    parser.add_argument("DIR", type=Path, help="folder of a sweep (its out=DIR)")
    parser.add_argument("OUTCOME", nargs="*", help="what to draw first: a metric, or lost_dissent")
    print_plain_signs()
    try:
        asked = parser.parse_args(words)
        sealed = unseal(asked.DIR, str(asked.DIR))
        try:
            print(sweep.write(asked.DIR, *asked.OUTCOME))
        finally:
            if sealed:
                seal(asked.DIR)
        print(f"report: {asked.DIR}/report.html")
    except InputError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        raise SystemExit(2) from None
    except OSError as error:
        print(f"{asked.DIR} can not be written ({error.strerror}): copy it where you may write", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
