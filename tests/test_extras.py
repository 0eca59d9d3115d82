"""What is missing is one line with a command that works anywhere, and every hint agrees with pyproject."""

import re
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest

from experiments import demo, extras
from experiments.detection.cosharing import CoSharing
from experiments.detection.duplicates import NearDuplicates
from experiments.detection.learners import Boosted, Outliers
from experiments.sweeps.reading import dataset
from sim.errors import InputError
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
FOLDERS = ("sim", "experiments", "infowar_lab", "conf", "docs", "notebooks", "tests")
PAGES = [ROOT / "README.md"] + [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".yaml", ".md", ".ipynb", ".html") and path != Path(__file__)
]
#: a distribution that nobody has published, and what only stands in a checkout
UNPUBLISHED = re.compile(r"infowar-lab\[|pip install[^\n]*[\s'\"]\.\[")
BOUNDED = re.compile(r"[A-Za-z][\w.-]*(?:[<>=]=?\d[\w.]*)+")


def hints(text: str) -> list[str]:
    """Return the requirements with bounds of every `pip install` in `text`, to the end of its sentence or block."""
    told = re.findall(r"pip install (.*?)(?:`|\n\n|\n    \S|$)", text.replace('\\"', '"'), re.DOTALL)
    return [requirement for words in told for requirement in BOUNDED.findall(words)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_hint_names_what_an_extra_requires(path: Path) -> None:
    text = path.read_text("utf-8")
    assert UNPUBLISHED.findall(text) == []
    known = {requirement for group in EXTRAS.values() for requirement in group}
    assert set(hints(text)) <= known


def test_wrong_hints_would_be_found() -> None:
    assert UNPUBLISHED.search("pip install 'infowar-lab[ray]'")
    assert UNPUBLISHED.search("pip install -c constraints.txt -e '.[live]'")
    assert hints('needs `pip install "ray>=2"` there') == ["ray>=2"]
    assert hints('    pip install -c constraints.txt "solara==1.64.1" "ipyvue<2"\n\nx>=3') == [
        "solara==1.64.1",
        "ipyvue<2",
    ]


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_is_what_the_installed_package_says_too(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stated = [requirement.partition(";")[0] for requirement in EXTRAS[extra]]
    assert extras.list_requirements(extra) == stated
    monkeypatch.setattr(extras, "ROOT", Path("nowhere"))
    wheel = [
        "numpy>=2",
        'pytest; extra == "other"',
        *(f'{name}; os_name != "x" and extra == "{extra}"' for name in stated),
    ]
    monkeypatch.setattr(extras, "requires", lambda name: wheel)
    assert extras.list_requirements(extra) == stated


def test_the_folder_of_another_project_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    monkeypatch.setattr(extras, "ROOT", tmp_path)
    assert {name.partition(";")[0] for name in extras.list_requirements("detectors")} == {
        line.partition(";")[0] for line in requires("infowar-lab") or () if '"detectors"' in line
    }


def test_what_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(Path.cwd() / "my env" / "python"))
    with pytest.raises(InputError) as error:
        extras.require("this app", "live", "sys", "not_there")
    packages = '"solara==1.64.1" "solara-assets==1.58.2" "ipyvuetify<2" "ipyvue<2"'
    names = "solara, solara-assets, ipyvuetify, ipyvue"
    assert str(error.value) == f"this app needs {names}: 'my env/python' -m pip install {packages}"


def test_python_is_called_as_the_user_may_call_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    for found, called in ((None, str(tmp_path / "python")), (str(tmp_path / "python"), "python")):
        monkeypatch.setattr(extras.shutil, "which", lambda name, found=found: found)
        assert f": {called} -m pip install " in str(extras.make_error("this", "ray"))


@pytest.mark.parametrize(
    ("program", "called"),
    [
        (PurePosixPath("/home/me/.venv/bin/python"), ".venv/bin/python"),
        (PurePosixPath("/home/me/my env/bin/python"), "'my env/bin/python'"),
        (PurePosixPath("/home/me/python"), "./python"),
        (PurePosixPath("/opt/a$b/python"), "'/opt/a$b/python'"),
        (PureWindowsPath(r"C:\Users\me\.venv\Scripts\python.exe"), r".venv\Scripts\python.exe"),
        (PureWindowsPath(r"c:\users\ME\.venv\Scripts\python.exe"), r".venv\Scripts\python.exe"),
        (PureWindowsPath(r"C:\Users\me\python.exe"), r".\python.exe"),
        (PureWindowsPath(r"D:\RUNNER~1\python.exe"), r"D:\RUNNER~1\python.exe"),
        (PureWindowsPath(r"C:\Program Files\Python\python.exe"), r'"C:\Program Files\Python\python.exe"'),
        (PureWindowsPath(r"C:\a&b\python.exe"), r'"C:\a&b\python.exe"'),
    ],
)
def test_a_program_is_quoted_as_its_system_needs(program: PurePath, called: str) -> None:
    folder = PureWindowsPath(r"C:\Users\me") if isinstance(program, PureWindowsPath) else PurePosixPath("/home/me")
    assert extras.format_program(program, folder) == called


def test_powershell_is_told_what_cmd_does_not_need(monkeypatch: pytest.MonkeyPatch) -> None:
    for python, further in ((r'"C:\my env\python.exe"', "; in PowerShell with & in front"), (r".venv\python.exe", "")):
        monkeypatch.setattr(extras, "_format_python", lambda python=python: python)
        assert str(extras.make_error("this", "ray")) == f'this needs ray{further}: {python} -m pip install "ray>=2.50"'


def test_what_is_there_is_not_missed() -> None:
    extras.require("this app", "detectors", "sys", "json")


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (Outliers, "isolation forest needs datasketch, scikit-learn: "),
        (Boosted, "gradient boosting needs datasketch, scikit-learn: "),
        (NearDuplicates, "near-duplicates needs datasketch, scikit-learn: "),
        (CoSharing, "co-sharing needs datasketch, scikit-learn: "),
        (lambda: dataset(Path()), "dataset needs xarray: "),
    ],
)
def test_who_needs_an_extra_says_so_at_once(call: type, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(InputError) as error:
        call()
    assert str(error.value).startswith(what)


def test_the_live_page_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["demo", "--port", "0", "--no-open"])
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(SystemExit, match="2"):
        demo.main()
    assert capsys.readouterr().err.startswith("the live page needs solara, ")
