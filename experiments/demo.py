"""The live laboratory in the browser: play, step, reset and fork a world while you watch it."""

import errno
import os
import socket
import warnings
import webbrowser
from argparse import Namespace
from contextlib import suppress
from threading import Timer
from typing import Any

from experiments.configuration import CONF, list_folders, search_also
from experiments.exit_codes import report_mistakes
from experiments.extras import format_install, make_error
from experiments.option_parser import OptionParser
from experiments.teaching.live.own_origin import OwnOrigin
from sim.errors import InputError

LOOPBACK = "127.0.0.1"
#: settings of Solara's server; a page that went away without a word is forgotten after the time to cull
SOLARA_SETTINGS = {
    "APP": "experiments.teaching.live.page",
    "KERNEL_CULL_TIMEOUT": "30s",
    "TELEMETRY_MIXPANEL_ENABLE": "False",
    "THEME_TITLE": "infowar-lab",
    "THEME_SHOW_BANNER": "False",  # it lies over the last chart
}


def make_parser() -> OptionParser:
    """Return what the command line may say."""
    about = f"""A fork shows two worlds, with and without what the chosen scenario is about. Works offline.
Its choices lie in {CONF}
Needs: {format_install("live")}"""
    parser = OptionParser("demo", about, "[OPTION ...]", ("", "--port 9000 --no-open"))
    parser.add_argument("--port", type=int, default=8765, help="port of this machine, 0 to 65535; 0: any free one")
    parser.add_argument(
        "--host", default=LOOPBACK, help=f"address to listen at; at {LOOPBACK} only this machine can see the page"
    )
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    parser.add_argument(
        "--config-dir", metavar="DIR", help="your own folder with the same layout, whose choices are offered too"
    )
    return parser


def make_server(host: str, port: int) -> Any:
    """Return the server of the page; `run` serves until it is told to stop."""
    for name, value in SOLARA_SETTINGS.items():
        os.environ.setdefault(f"SOLARA_{name}", value)
    import uvicorn
    from solara.server import starlette

    warnings.filterwarnings("ignore", "Cookies with samesite=none")  # only a page inside another would miss them
    return uvicorn.Server(uvicorn.Config(OwnOrigin(starlette.app, host), host=host, port=port, log_level="warning"))


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address.

    Raises:
        InputError: nobody can listen there, in one line with the cure.
    """
    if not 0 <= port <= 65535:
        raise InputError(f"--port {port} is no port: say one from 1024 to 65535, such as --port 9000")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise InputError(
                f"port {port} is taken, maybe by a page that still runs: end that one, or say --port {port + 1}"
            ) from None
        raise InputError(
            f"nobody can listen at --host {host} --port {port}: leave --host out, or say a port above 1023"
        ) from None


def main() -> None:
    """Serve the page until Ctrl-C."""
    with report_mistakes(lambda: "stopped"):
        wanted = make_parser().parse_args()
        with search_also(wanted.config_dir):
            serve(wanted)


def serve(wanted: Namespace) -> None:
    """Serve the page that the command line wants.

    Raises:
        InputError: nobody can listen there, a folder is not there, or Solara is not installed.
    """
    list_folders()
    listener = open_socket(wanted.host, wanted.port)
    try:
        serving = make_server(wanted.host, wanted.port)
    except ImportError:
        listener.close()
        raise make_error("the live page", "live") from None
    host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
    address = f"http://{host}:{listener.getsockname()[1]}"
    print(f"{address} (Ctrl-C ends it)", flush=True)
    if not wanted.no_open:
        Timer(2.0, webbrowser.open, [address]).start()
    with suppress(KeyboardInterrupt):
        serving.run(sockets=[listener])


if __name__ == "__main__":
    main()
