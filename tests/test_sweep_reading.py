"""A sweep's folder is read by other tools as its page says, also while a file is being written."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from experiments.running import drafts
from experiments.sweeps import files
from experiments.sweeps.reading import read_design, tidy
from experiments.sweeps.store import Store
from tests.conftest import ROOT
from tests.test_sweep_report import TWO, made
from tests.test_sweep_store import opened, outcome

TOOLS = ("pandas", "polars", "duckdb")
SNIPPETS = re.findall(r"```python\n(.*?)```", (ROOT / "docs/reading.md").read_text(encoding="utf-8"), re.DOTALL)


def found(number: int) -> pd.DataFrame:
    """Return what the page's snippet finds, with the design's values as index."""
    names: dict[str, Any] = {}
    exec(compile(SNIPPETS[number], f"docs/reading.md, {TOOLS[number]}", "exec"), names)
    frame = names["found"]
    if TOOLS[number] == "pandas":
        return frame.to_frame()
    whole = frame.df() if TOOLS[number] == "duckdb" else pd.DataFrame(frame.to_dict(as_series=False))
    return whole.set_index("values")


@pytest.mark.parametrize("number", range(len(TOOLS)), ids=TOOLS)
def test_the_page_s_snippets_find_what_tidy_finds(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(TOOLS[number], reason=f"{TOOLS[number]} is not installed: make install")
    made(tmp_path / "out/sweep", TWO, failing={1})
    with Store(str(tmp_path / "out/sweep"), ("dissent_posts",)) as store:  # of a version that measures less
        store.write([outcome(99)])
    monkeypatch.chdir(tmp_path)
    frame = tidy(tmp_path / "out/sweep")
    points, keys = read_design(tmp_path / "out/sweep")
    texts = pd.read_parquet(tmp_path / "out/sweep/design.parquet")["values"]
    means = found(number)
    assert sorted(means.index) == sorted(texts)
    for text, (_, point) in zip(texts, points.iterrows(), strict=True):
        here = frame[(frame[keys] == point[keys]).all(axis=1)]
        for name in means.columns:
            assert means.loc[text, name] == pytest.approx(here[name].mean(), nan_ok=True)


def test_no_reader_meets_a_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def look(path: Path) -> None:
        seen.append(path.suffix)
        there = [place for name in ("runs", "series") for place in (tmp_path / "out" / name).rglob("*.*")]
        assert {place.suffix for place in there} <= {".parquet"}

    monkeypatch.setattr(drafts, "_sync", look)
    with opened(tmp_path / "out") as store:
        for number in range(3):
            store.write([outcome(number, series=True)])
        store.compact()
    assert seen.count(".draft") == 3 * 2 + 3


def test_polars_reads_a_folder_that_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed: make install")
    real, heights = files.pq.write_table, []

    def write(table: pa.Table, draft: Path) -> None:
        real(table, draft)
        heights.append(polars.read_parquet(tmp_path / "out/runs").height)

    with opened(tmp_path / "out") as store:
        store.write([outcome(0)])
        monkeypatch.setattr(files.pq, "write_table", write)
        store.write([outcome(1)])
        store.write([outcome(2)])
    assert heights == [1, 2]
