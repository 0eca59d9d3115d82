"""The command line of an app without a file in conf/, such as `demo` and `report`."""

from argparse import SUPPRESS, Action, ArgumentParser
from typing import IO, Any, NoReturn

from experiments.apps import VERSION, describe_app, format_start
from sim.errors import InputError

FLAGS = """Flags
  --help-all         this page, which has every option
  --version          the version of infowar-lab"""


class OptionParser(ArgumentParser):
    """Parses options, and prints the same kind of help as the apps that have keys.

    Args:
        name: of the app.
        about: what else there is to say of it, beside its line in the list of apps.
        usage: what follows its name on a command line.
        examples: the same, filled in.
    """

    def __init__(self, name: str, about: str, usage: str, examples: tuple[str, ...]) -> None:
        super().__init__(prog=format_start(name), usage=usage, add_help=False)
        self.description = f"{describe_app(name)}\n\n{about}"
        self.examples = examples
        self.rows: list[tuple[str, str]] = []  #: keys, each with its value now and its meaning
        self.add_argument("-h", "--help", "--help-all", action="help", help=SUPPRESS)
        self.add_argument("--version", action="version", version=VERSION, help=SUPPRESS)

    def error(self, message: str) -> NoReturn:
        """Raise InputError for what cannot be parsed."""
        raise InputError(f"{message}: see {self.prog} --help")

    def format_help(self) -> str:
        """Return the page of --help."""
        from experiments.help_pages import format_row

        told = [action for action in self._actions if action.help != SUPPRESS]
        return "\n\n".join(
            (
                f"{self.description}",
                f"  {self.prog} {self.usage}",
                "\n".join(
                    [
                        "The options that matter, with their values now",
                        *(format_row(_format_option(action), str(action.help)) for action in told),
                        *(format_row(*row) for row in self.rows),
                    ]
                ),
                "\n".join(["Examples", *(f"  {self.prog} {words}".rstrip() for words in self.examples)]),
                FLAGS,
            )
        )

    def print_help(self, file: IO[str] | None = None) -> None:  # type: ignore[override]
        """Print the page of --help."""
        print(self.format_help(), file=file, flush=True)


def _format_option(action: Action) -> str:
    if not action.option_strings:
        return str(action.dest)
    value: Any = action.metavar if action.default is None else action.default
    return action.option_strings[0] + ("" if action.nargs == 0 else f"={value}")
