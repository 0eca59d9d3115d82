"""The live laboratory in the browser: play, step, reset and fork a world while it is looked at."""

import argparse
import os
import sys
import webbrowser
from threading import Timer
from typing import Any

LOOPBACK = "127.0.0.1"
#: settings of Solara's server; a page that went away without a word is forgotten after the time to cull
SERVED = {
    "APP": "experiments.teaching.live.page",
    "KERNEL_CULL_TIMEOUT": "30s",
    "TELEMETRY_MIXPANEL_ENABLE": "False",
    "THEME_TITLE": "infowar-lab",
    "THEME_SHOW_BANNER": "False",  # it lies over the last chart
}


def arguments() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.demo",
        description="A world in your browser: choose a scenario, play, step, reset, and fork it: two worlds, with "
        "and without the operation. Needs the group `live`: pip install -c constraints.txt -e '.[live]'. Works "
        "offline.",
        epilog="examples:  python -m experiments.demo      python -m experiments.demo --port 9000 --no-open",
    )
    parser.add_argument("--port", type=int, default=8765, help="of this machine (8765)")
    parser.add_argument(
        "--host", default=LOOPBACK, help="address to listen at; by default only this machine can see the page"
    )
    parser.add_argument("--no-open", action="store_true", help="open no browser")
    return parser


def server(host: str, port: int) -> Any:
    """Return the server of the page; `run` serves until it is told to stop."""
    for name, value in SERVED.items():
        os.environ.setdefault(f"SOLARA_{name}", value)
    import uvicorn
    from solara.server import starlette

    return uvicorn.Server(uvicorn.Config(starlette.app, host=host, port=port, log_level="warning"))


def main() -> None:
    """Serve the page until Ctrl-C."""
    wanted = arguments().parse_args()
    try:
        serving = server(wanted.host, wanted.port)
    except ImportError:
        print("the live page needs more packages: pip install -c constraints.txt -e '.[live]'", file=sys.stderr)
        raise SystemExit(2) from None
    address = f"http://{wanted.host}:{wanted.port}"
    print(f"{address} (Ctrl-C ends it)", flush=True)
    if not wanted.no_open:
        Timer(2.0, webbrowser.open, [address]).start()
    serving.run()


if __name__ == "__main__":
    main()
