"""How a command ends that a user stops, or cannot carry out: with one line and a code."""

import os
import signal
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from types import FrameType

from experiments.plain_signs import print_plain_signs
from sim.errors import InputError

PAUSE = 0.02  #: s until a signal comes again that came where nobody hears it


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
def stop_on_signals() -> Iterator[None]:
    """Turn SIGTERM into SystemExit(143), so that the block is left through its `finally`, and Ctrl-C is never lost."""

    def leave(number: int, frame: FrameType | None) -> None:
        if _is_unheard(frame):
            again = Timer(PAUSE, signal.raise_signal, (number,))
            again.daemon = True
            again.start()
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            raise SystemExit(128 + number)

    former = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in former:
        if number == signal.SIGTERM or former[number] is signal.default_int_handler:
            signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _is_unheard(frame: FrameType | None) -> bool:
    """Return whether what is raised in this frame is printed as ignored: in finalizers, and where LLVM calls Python."""
    while frame is not None:
        name, file = frame.f_code.co_name, frame.f_code.co_filename
        if name == "__del__" or file == weakref.__file__ or (name.startswith("_raw_") and "llvmlite" in file):
            return True
        frame = frame.f_back
    return False
