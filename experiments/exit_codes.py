"""How a command ends that a user stops, or cannot carry out: with one line and a code."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from experiments.plain_signs import print_plain_signs
from sim.errors import InputError


@contextmanager
def report_mistakes(stopped: Callable[[], str] = lambda: "stopped: nothing was written") -> Iterator[None]:
    """Turn what a user can cause into one line on stderr and an exit code; let everything else through.

    Code 2 is a mistake, 130 Ctrl-C, 143 SIGTERM, and 141 that nobody reads what is printed.

    Args:
        stopped: returns what is said if the user stops it.
    """
    print_plain_signs()
    try:
        yield
    except InputError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print(stopped(), file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:  # who reads has left, as `head` does; what is still to be flushed goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None
    except SystemExit as leave:
        if leave.code == 128 + signal.SIGTERM:
            print(stopped(), file=sys.stderr)
        raise


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into SystemExit(143), so that the block is left through its `finally`."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    former = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
