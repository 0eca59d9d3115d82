"""Names, ids and titles from a user's files are text on every page, whatever they hold."""

import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.conftest import ROOT

EVIL = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1>"
FILE = "<img src=x onerror=window.hit=1>.csv"
SCENARIO = f"""# @package _global_
story:
  title: "{EVIL}"
  title_ar: "{EVIL}"
  without: [campaign.intensity=0.0]
  outcomes:
    - {{measure: dissent_posts, label: "{EVIL}", from: 6, to: 20}}
    - {{measure: mean_fear, label: "{EVIL}", from: 6, to: 20}}
  pictures:
    - {{title: "{EVIL}", look: "{EVIL}", lines: {{dissent_posts: "{EVIL}"}}}}
"""
WORLD = ["scenario=./evil.yaml", "graph=file", f"graph.path='{FILE}'", "army.size=5", "ticks=24", "campaign.start=6",
         "campaign.hours=8", "workers=1"]  # fmt: skip
APPS = {"run": "report", "story": "report", "replay": "replay", "sweep": "report"}
MORE = {"story": ["seeds=2"], "sweep": ["seeds=1", "sweep.csv=points.csv"]}
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no file of this name")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("evil")
    (folder / "evil.yaml").write_text(SCENARIO, encoding="utf-8")
    ties = "".join(f"{EVIL}{one},{EVIL}{(7 * one + 1) % 60}\n" for one in range(60))
    (folder / FILE).write_text(f"follower,followee\n{ties}", encoding="utf-8")
    (folder / "points.csv").write_text(f"army.size,#{EVIL}\n1,x\n2,y\n", encoding="utf-8")
    for app in APPS:
        command = [sys.executable, "-m", f"experiments.{app}", *WORLD, *MORE.get(app, []), f"out=out/{app}"]
        told = {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=folder, env=os.environ | told, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-500:]
    return [folder / "out" / app / f"{page}.html" for app, page in APPS.items()]


class Elements(HTMLParser):
    """Collects what a page would run, or load."""

    def __init__(self) -> None:
        super().__init__()
        self.handlers: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handlers += [name for name, value in attrs if name.startswith("on") or value == "x"]
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "script":
            self.scripts[-1] += data


def test_what_a_file_says_is_no_element_of_a_page(pages: list[Path]) -> None:
    for page in pages:
        text = page.read_text(encoding="utf-8")
        found = Elements()
        found.feed(text)
        assert "window.hit" in text, page  # it is there, as text
        assert not [script for script in found.scripts if script.lstrip().startswith("window.hit")], page
        assert not found.handlers, page


@pytest.mark.skipif(BROWSER is None, reason="no Chromium here: apt-get install chromium")
def test_what_a_file_says_is_not_run_by_a_browser(pages: list[Path]) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make install")
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        for page in pages:
            tab = chromium.new_page()
            tab.goto(page.as_uri())
            assert tab.evaluate("window.hit === undefined"), page
        chromium.close()
