"""python -m experiments.report DIR [OUTCOME ...]: write the report of a sweep again, also while it runs."""

from functools import partial
from pathlib import Path

from experiments.configuration import expand_path
from experiments.exit_codes import report_mistakes
from experiments.option_parser import OptionParser
from sim.errors import InputError

WRITES = "Writes DIR/report.html and DIR/figures, and prints the headline; simulates nothing."


def main(words: list[str] | None = None) -> None:
    """Write DIR/report.html and DIR/figures; print the headline."""
    parser = OptionParser("report", WRITES, "DIR [OUTCOME ...]", ("out/sweep-quiet", "out/sweep-quiet mean_fear"))
    parser.add_argument("DIR", help="folder of a sweep, its out=DIR")
    parser.add_argument(
        "OUTCOME",
        nargs="*",
        default=(),
        help="metrics to draw first, or lost_dissent",
    )
    with report_mistakes():
        asked = parser.parse_args(words)
        folder = Path(expand_path(asked.DIR, "DIR"))
        from experiments.report import page, sweep
        from experiments.sweeps.sealing import seal, unseal

        try:
            sealed = unseal(folder, str(folder))
            try:
                said = page.write_report(partial(sweep.compose, folder, *asked.OUTCOME), folder).headline
            finally:
                if sealed:
                    seal(folder)
        except OSError as error:
            raise InputError(f"{folder} cannot be written ({error.strerror}): copy it where you may write") from None
        print(said, f"report: {folder}/report.html", sep="\n", flush=True)


if __name__ == "__main__":
    main()
