"""Speed of the pages in a browser, headless and without a graphics card: `python -m benchmarks.browser`.

It prints, for 2,000 people by default: for the live page, the seconds until its first picture, the first time and again
(warm), and the hours shown in a second, for one world and a fork, before and within the campaign; for a replay of a
pair over 500 hours, its size and the frames in a second. An hour counts as shown if the browser painted it in a frame.
"""

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LOOPBACK = "127.0.0.1"
BEFORE, WITHIN = 60, 100  #: hours from which speed is measured; the campaign starts at hour 72
SPAN = 24  #: hours that are timed
PATIENCE = 120.0  #: seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browser", description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--hours", type=int, default=500, help="of the replay")
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        found = {"people": asked.people, "live": measure_live(browser, asked.people)}
        found["replay"] = measure_replay(browser, asked.people, asked.hours)
        browser.close()
    print(json.dumps(found, indent=1))


def measure_live(browser: Any, people: int) -> dict[str, float]:
    """Return seconds to the first picture and hours shown in a second."""
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "experiments.demo", "--no-open", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as serving:
        try:
            _wait_for_port(port)
            first = _open_visit(browser, port).first
            tab = (again := _open_visit(browser, port)).tab
            if people != 2000:
                tab.get_by_label("people", exact=True).fill(str(people))
                tab.get_by_label("people", exact=True).press("Enter")
                _wait_until(tab, "live.shown > 1 && live.hours === 1")
            tab.click("#play")
            rates = {
                "one world, before": _measure_rate(tab, BEFORE - SPAN),
                "one world, within": _measure_rate(tab, WITHIN),
            }
            tab.get_by_role("button", name="fork: without the operation").click()
            _wait_until(tab, "live.scenes[0].worlds.length === 2")
            rates["two worlds, within"] = _measure_rate(tab, 0)
        finally:
            serving.terminate()
    shown = {f"hours shown a second, {name}": round(rate, 1) for name, rate in rates.items()}
    return {"first picture, s": round(first, 2), "first picture again, s": round(again.first, 2)} | shown


class _Visit:
    def __init__(self, tab: Any, first: float) -> None:
        self.tab, self.first = tab, first


def _open_visit(browser: Any, port: int) -> _Visit:
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    begun = time.perf_counter()
    tab.goto(f"http://{LOOPBACK}:{port}")
    _wait_until(tab, "window.live && live.scenes.length && live.hours")
    return _Visit(tab, time.perf_counter() - begun)


def _measure_rate(tab: Any, hour: int) -> float:
    """Return hours shown in a second over `SPAN` hours from `hour` on, or from now on if it has passed."""
    _wait_until(tab, f"live.hours >= {hour}")
    return float(
        tab.evaluate(
            "span => new Promise(done => { let last = live.hours, first = last, shown = 0, begun; "
            "const count = now => { begun ??= now; if (live.hours > last) { shown++; last = live.hours; } "
            "last < first + span ? requestAnimationFrame(count) : done(1000 * shown / (now - begun)); }; "
            "requestAnimationFrame(count); })",
            SPAN,
        )
    )


def measure_replay(browser: Any, people: int, hours: int) -> dict[str, float]:
    """Return megabytes of a replay of two worlds and frames in a second of its canvas."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "replay"
        words = [f"population.size={people}", f"ticks={hours}", "seeds=1", f"out={out}"]
        subprocess.run([sys.executable, "-m", "experiments.replay", *words], check=True, stdout=subprocess.DEVNULL)
        page = out / "replay.html"
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(page.as_uri())
        _wait_until(tab, "window.replay !== undefined")
        tab.select_option("#speed", "48")
        tab.click("#play")
        frames = tab.evaluate(
            "new Promise(done => { let n = 0, begun; const count = now => { begun ??= now; n++; "
            "now - begun < 5000 ? requestAnimationFrame(count) : done(1000 * (n - 1) / (now - begun)); }; "
            "requestAnimationFrame(count); })"
        )
        cost = tab.evaluate("replay.play(false), replay.cost()")
        size = page.stat().st_size / 1e6
    return {"MB": round(size, 2), "frames a second": round(frames, 1), "ms a picture": round(cost, 1)}


def _wait_until(tab: Any, true: str) -> None:
    deadline = time.perf_counter() + PATIENCE
    while not tab.evaluate(f"Boolean({true})"):
        assert time.perf_counter() < deadline, f"not within {PATIENCE:g} s: {true}"
        tab.wait_for_timeout(5)


def _wait_for_port(port: int) -> None:
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline:
        with socket.socket() as door:
            if door.connect_ex((LOOPBACK, port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nobody listens at {port}")


if __name__ == "__main__":
    main()
