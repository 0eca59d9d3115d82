"""Tables that users write: however a spreadsheet saves one, it holds the same, and what is open is one line."""

from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from experiments.calibration.moments import Moment, read_moments
from experiments.spreadsheets import read_sheet
from experiments.sweeps.design import make_points
from sim.errors import InputError

ROWS = pd.DataFrame(
    {"army.size": [20, 40], "reaction.half_life": [0.5, 24.25], "feed": ["engagement", "chronological"]}
)
NONE = {"grid": [], "list": [], "random": [], "lhs": [], "sobol": [], "draws": 1, "design_seed": 1}
MOMENTS = [Moment("2 reposts, %", 60.5, 2.5), Moment("13 r", 0.1, 0.02)]


@pytest.mark.parametrize(
    ("separator", "decimal", "encoding", "index"),
    list(product(",;\t|", ".,", ("utf-8", "utf-8-sig", "utf-16", "cp1252"), (False, True))),
)
def test_a_design_is_the_same_however_it_is_saved(
    separator: str, decimal: str, encoding: str, index: bool, tmp_path: Path
) -> None:
    path = tmp_path / "points.csv"
    whole = ROWS.iloc[:, ::-1].assign(**{"#who": "Zoë"})  # another order, and a column for the reader
    text = whole.to_csv(sep=separator, decimal=decimal, index=index, lineterminator="\r\n")
    path.write_bytes((text + separator * (whole.shape[1] - 1 + index) + "\r\n").encode(encoding))
    assert make_points(NONE | {"csv": str(path)}) == ROWS.to_dict("records")


@pytest.mark.parametrize(
    "text",
    [
        'name,target,scale\n"2 reposts, %",60.5,2.5\n13 r,0.1,0.02\n',
        'sep=;\nname;target;scale\n"2 reposts, %";60,5;2,5\n13 r;0,1;0,02\n',
        ";Scale;Source;Name;Target\n0;2,5;Pew 2021;2 reposts, %;60,5\n1;0,02;;13 r;0,1\n;;;;\n",
        '\ufeffname,target,scale\n"2 reposts, %","60,5 %","2,5\u00a0%"\n13 r,10%,2%\n',
        "name\ttarget\tscale\r2 reposts, %\t60.5%\t2.5%\r13 r\t+0.1\t2e-2\r",
    ],
)
def test_moments_are_the_same_however_they_are_saved(text: str, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(text, encoding="utf-8", newline="")
    assert read_moments(str(tmp_path / "m.csv")) == MOMENTS


def test_a_single_column_may_hold_commas(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("reaction.half_life\n0,5\n12,5%\n")
    assert [point["reaction.half_life"] for point in make_points(NONE | {"csv": str(tmp_path / "p.csv")})] == [
        0.5,
        0.125,
    ]


def test_a_text_that_hydra_cannot_read_stays_a_text(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("a\nit's (Müller) #1 é\n", encoding="utf-8")
    assert make_points(NONE | {"csv": str(tmp_path / "p.csv")}) == [{"a": "it's (Müller) #1 é"}]


MISTAKES = {
    'a,b\n1,"1,000"\n': "may be a fraction or 1000: write 1,0000 if the sign is the decimal one, 1000 if it is not",
    "a;b\n1;1.000\n": "may be a fraction or 1000",
    "a;b\n0,5;0.5\n": "has both 0,5 and 0.5: write all numbers with one decimal sign",
    'a,b\n1,"1,234.5"\n': "has the number 1,234.5: write numbers without signs of thousands",
    "a,b\n1\n": "line 2 of sweep.csv=",
    "a,b\n1,2,3\n": "has 3 cells under 2 names",
    "a,a\n1,2\n": "names a twice: name it once",
    "a,\n1,x\n": "has no name above column 2, which holds x",
    "a,what I did\n1,x\n": "has the column what I did, which is no key: begin its name with # to have it left out",
    "5,army.size\n1,2\n": "has the column 5, which is no key: begin its name with # to have it left out",
    "a,b\n1,\n": "has no value for b: write one, such as null",
    "": "holds no point",
    "a,b\n": "holds no point",
    "defence\nprompt,rate_limit\n": "a point has one value for each key, a list in brackets",
    ";;\n;;\n": "holds no point",
    "PK\x03\x04": "damaged .zip file",
    "a\0b": "is not text",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_what_is_open_is_one_line(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.csv").write_text(text, newline="")
    with pytest.raises(InputError) as error:
        make_points(NONE | {"csv": "p.csv"})
    assert MISTAKES[text] in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) <= 300


def test_a_table_with_semicolons_has_decimal_commas(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("a;b\n1,000;2\n")
    assert read_sheet(str(tmp_path / "p.csv"), "k").rows == ({"a": "1.000", "b": "2"},)


@pytest.mark.parametrize("target", ["5", "-1.5", "500%"])
def test_a_correlation_beyond_1_is_refused(target: str, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(f"name,target,scale\n13 r,{target},0.1\n")
    with pytest.raises(InputError, match="which is a correlation: write a target from -1 to 1"):
        read_moments(str(tmp_path / "m.csv"))


@pytest.mark.parametrize("target", ["160%", "160", "-1", "-1%"])
def test_a_target_that_no_share_has_is_refused(target: str, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(f"name;target;scale\n2 reposts, %;{target};2\n")
    with pytest.raises(InputError, match="which is a share: write a target from 0 to 100"):
        read_moments(str(tmp_path / "m.csv"))
