"""What Mesa's own tools ask of a model: collectors, batches, the browser, copies, and being forgotten."""

import ast
import gc
import inspect
import pickle
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pytest

import infowar_lab as lab
from sim.agents import OrganicUser
from sim.agents.measures import ALWAYS
from sim.observers.harm import Harm
from sim.world import World
from tests.worlds import Stubborn, fingerprint, lively

START = {"campaign.start": 2, "campaign.dose": "saturation"}


class Classroom(World):
    """A model as a user of Mesa writes it: keywords with defaults, its agents in the constructor, a collector."""

    def __init__(self, share: float = 0.2, people: int = 60, rng: int = 1) -> None:
        super().__init__(lively(population={"size": people}, campaign={"start": 2}), rng=rng)
        self.set_agent_class(Stubborn, share)
        self.datacollector = mesa.DataCollector(
            model_reporters={"stubborn": lambda m: len(m.agents_by_type.get(Stubborn, ()))},
            agenttype_reporters={Stubborn: {"fear": "fear", "read": "sessions_read"}, OrganicUser: {"fear": "fear"}},
        )

    def step(self) -> None:
        super().step()
        self.datacollector.collect(self)


# ---- collectors


def test_a_collector_sees_types_of_one_s_own_and_their_attributes() -> None:
    world = Classroom()
    world.run(12)
    frame = world.datacollector.get_agenttype_vars_dataframe(Stubborn)
    mine = world.agents_by_type[Stubborn]
    last = frame.xs(frame.index.get_level_values(0).max())
    assert last["read"].to_dict() == dict(zip(mine.get("unique_id"), mine.get("sessions_read"), strict=True))
    assert last["read"].sum() > 0
    assert set(last["fear"]) == {0.0}
    assert len(frame) == 12 * len(mine)
    # Mesa selects by class, so that a reporter of OrganicUser has the subclass too.
    others = world.datacollector.get_agenttype_vars_dataframe(OrganicUser)
    assert len(others) == 12 * len(world.agents_by_type[OrganicUser])


# ---- batches


def test_batch_run_sweeps_a_world() -> None:
    seeds = {"rng": [1, 2]}
    apart = "rng" in inspect.signature(mesa.batch_run).parameters  # from Mesa 3.4 on, seeds are no parameter
    rows = mesa.batch_run(
        Classroom,
        parameters={"share": [0.0, 1.0], "people": 40, **({} if apart else seeds)},
        **(seeds if apart else {}),
        number_processes=1,
        max_steps=3,
        data_collection_period=-1,
        display_progress=False,
    )
    # Mesa 3.5 also gives a row for each agent of a reporter by type; 3.3 gives one a run.
    found = {(row["rng"], row["share"], row["stubborn"]) for row in rows}
    assert found == {(1, 0.0, 0), (2, 0.0, 0), (1, 1.0, 40), (2, 1.0, 40)}
    assert len({row["RunId"] for row in rows}) == 4


def seeded(**parameters: Any) -> list[dict[str, Any]]:
    """Return the rows of a batch of two seeds, given as a parameter: so it is the same in Mesa 3.3 and 3.5."""
    return mesa.batch_run(
        lab.World,
        parameters={"rng": [1, 2], **parameters},
        number_processes=1,
        max_steps=1000,
        display_progress=False,
    )


def test_a_batch_takes_any_key_of_a_setting_and_ends_at_its_ticks() -> None:
    rows = seeded(**{"population.size": 40, "army.size": [0, 10], "ticks": 6} | START)
    assert [(row["rng"], row["army.size"]) for row in rows] == [(1, 0), (1, 10), (2, 0), (2, 10)]
    assert {row["tick"] for row in rows} == {5}
    for row in rows:
        alone = lab.World(seed=row["rng"], ticks=6, **{"population.size": 40, "army.size": row["army.size"]} | START)
        last = alone.run(6).iloc[-1]
        assert {name: row[name] for name in last.index if last[name] == last[name]} == last.dropna().to_dict()
    assert sum(row["army_posts"] for row in rows if row["army.size"]) > 0


def test_a_batch_takes_settings() -> None:
    sizes = [40, 50]
    rows = seeded(setting=[lively(population={"size": size}, campaign={"start": 2}) for size in sizes], ticks=3)
    assert [row["setting"].population.size for row in rows] == [40, 50, 40, 50]
    assert {row["tick"] for row in rows} == {2}


def test_every_hour_of_a_world_is_collected_already() -> None:
    world = World(lively(population={"size": 40}))
    assert list(world.datacollector.get_model_vars_dataframe()) == ALWAYS
    world.run(3)
    assert list(world.history) == ALWAYS
    world.observers.append(Harm())  # whose measures come late
    world.run(2)
    world.datacollector.collect(world)
    frame = world.datacollector.get_model_vars_dataframe()
    assert frame.equals(world.history)
    assert frame["tick"].tolist() == [0, 1, 2, 3, 4]
    assert frame["rejected_organised"].isna().tolist() == [True, True, True, False, False]
    twin = pickle.loads(pickle.dumps(world))
    twin.step()
    assert len(twin.history) == 6 == len(world.history) + 1


def test_run_model_ends_at_the_setting_s_ticks() -> None:
    setting = lively(population={"size": 40}).replace({"ticks": 4})
    world = World(setting, rng=3)
    world.run_model()
    assert (world.now, world.running) == (4, False)
    longer = World(setting.replace({"ticks": 400}), rng=3)
    assert longer.run(4).equals(world.history)
    assert longer.running
    assert len(world.run(2)) == 6  # who asks for more hours gets them


# ---- the browser: what SolaraViz reads of a model, by its source, since not all that it needs is installed everywhere

PAGE = Path(inspect.getfile(mesa)).parent / "visualization" / "solara_viz.py"
TREE = ast.parse(PAGE.read_text(encoding="utf-8"))


def functions_of_the_page(*names: str) -> dict[str, Callable[..., Any]]:
    """Compile functions of the page without importing it."""
    wanted = [node for node in TREE.body if isinstance(node, ast.FunctionDef) and node.name in names]
    space: dict[str, Any] = {"inspect": inspect}
    exec(compile(ast.Module(wanted, []), str(PAGE), "exec"), space)
    return {name: space[name] for name in names if name in space}


def read_of_the_model() -> set[str]:
    """Return the attributes that the page reads of `model` or `model.value`."""
    found = set()
    for node in ast.walk(TREE):
        if isinstance(node, ast.Attribute):
            owner = node.value
            if isinstance(owner, ast.Attribute) and owner.attr == "value":
                owner = owner.value
            if isinstance(owner, ast.Name) and owner.id == "model":
                found.add(node.attr)
    return found - {"value"}


def test_a_world_has_all_that_the_page_reads() -> None:
    read, world = read_of_the_model(), Classroom()
    assert read >= {"step", "running"}
    assert [name for name in (*read, "steps", "random", "datacollector") if not hasattr(world, name)] == []
    assert (world.running, world.steps) == (True, 0)
    world.step()
    assert (world.running, world.steps, world.now) == (True, 1, 1)


@pytest.mark.parametrize("model", [World, Classroom])
def test_the_page_accepts_the_constructor(model: type[World]) -> None:
    check = functions_of_the_page("_check_model_params")["_check_model_params"]
    check(model.__init__, {})
    check(model.__init__, {"rng": 3})
    check(Classroom.__init__, {"share": 0.5, "people": 50, "rng": 3})
    # A world takes any keyword, and says itself which one it does not know.
    refused = partial(check, model.__init__, {"peeple": 50}) if model is Classroom else partial(World, peeple=50)
    with pytest.raises(ValueError, match="peeple"):
        refused()


def test_reset_builds_the_same_world_again() -> None:
    """The page's reset: a new object of the class, from keywords; a slider gives text or numpy numbers too."""
    first = Classroom(share=0.5, rng=3)
    first.run(6)
    again = type(first)(share=0.5, rng="3")  # type: ignore[arg-type]
    assert again.steps == 0
    again.run(6)
    assert fingerprint(again) == fingerprint(first)


@pytest.mark.filterwarnings("ignore")  # of the page's own packages
def test_the_page_itself_steps_and_resets_a_world() -> None:
    """Mesa's own page with its real buttons, where it can be imported: besides Solara it needs Altair."""
    solara = pytest.importorskip("solara", reason="solara is not installed: make install")
    pytest.importorskip("altair", reason="Mesa's page needs altair, which nothing else here does")
    from ipyvuetify import Btn
    from mesa.visualization import SolaraViz

    model = solara.reactive(Classroom(people=40))
    _, shown = solara.render(solara.AppLayout(children=[SolaraViz(model)]), handle_error=False)
    first = model.value
    for steps in (1, 2):
        shown.find(Btn, children=["Step"]).widget.click()
        assert (model.value.steps, model.value.now) == (steps, steps)
    shown.find(Btn, children=["Reset"]).widget.click()
    assert (type(model.value), model.value.steps, model.value.now) == (Classroom, 0, 0)
    assert model.value is not first
    shown.close()


@pytest.mark.filterwarnings("ignore")  # of the page's own packages
def test_the_page_needs_no_subclass() -> None:
    """Fixed parameters, a slider and a text field become keys of the setting; the chart reads the world's measures."""
    solara = pytest.importorskip("solara", reason="solara is not installed: make install")
    pytest.importorskip("altair", reason="Mesa's page needs altair, which nothing else here does")
    from ipyvuetify import Btn
    from mesa.visualization import Slider, SolaraViz, make_plot_component

    setting = lively(population={"size": 40}).replace({"ticks": 2})
    model = solara.reactive(lab.World(setting))
    asked = {"setting": setting, "army.size": Slider("army", 20, 0, 50, 5), "seed": {"type": "InputText", "value": "7"}}
    page = SolaraViz(model, components=[make_plot_component("dissent_posts")], model_params=asked)
    _, shown = solara.render(solara.AppLayout(children=[page]), handle_error=False)
    for steps in (1, 2):
        shown.find(Btn, children=["Step"]).widget.click()
        assert model.value.steps == steps
    assert not model.value.running
    shown.find(Btn, children=["Reset"]).widget.click()
    fresh = model.value
    assert (type(fresh), fresh.steps, fresh.seed, fresh.setting.army.size) == (lab.World, 0, 7, 20)
    assert fresh.setting.population == setting.population
    shown.close()


# ---- copies and being forgotten


def test_a_pickled_world_keeps_its_collector_s_types() -> None:
    world = World(lively(population={"size": 40}), rng=2)
    world.set_agent_class(Stubborn, 0.5)
    world.run(4)
    twin = pickle.loads(pickle.dumps(world))
    assert twin.agent_types == world.agent_types
    assert twin.agents_by_type[Stubborn].get("sessions_read") == world.agents_by_type[Stubborn].get("sessions_read")
    assert twin.agents_by_type[Stubborn][0].model is twin


def test_a_hundred_worlds_are_forgotten() -> None:
    """Mesa 3.3 counts agents in `Agent._ids`, by model, for ever: no world may get there."""
    gc.collect()
    counted, gone = len(getattr(mesa.Agent, "_ids", ())), []
    for seed in range(100):
        world = Classroom(people=30, rng=seed)
        world.step()
        world.agents.select(lambda agent: agent.fear > 0.2).do(lambda agent: agent.following.agg("fear", np.sum))
        for agent in world.agents_by_type.get(Stubborn, ()):
            agent.friend = world.agents[0]
        gone.append(weakref.ref(world))
    del world, agent
    gc.collect()
    assert [ref for ref in gone if ref() is not None] == []
    assert len(getattr(mesa.Agent, "_ids", ())) == counted
