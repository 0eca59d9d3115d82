"""The world for notebooks: the engine's world, with plots."""

from typing import TYPE_CHECKING

import sim.world

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class World(sim.world.World):
    """One world under one setting and seed: a Mesa model of all accounts of a platform, which can be drawn.

    Args:
        setting: all rules; `Setting(...)` or `load("KEY=VALUE")`. The default is the default world of the apps.
        seed: a whole number >= 0, by default 1; `rng` is its other name, and takes a numpy generator too.
        kwargs: changes of the setting: ticks=48, army=Army(size=20), or **{"army.size": 20}; so are the
            parameters of `mesa.batch_run` and the `model_params` of `SolaraViz`.

    Attributes:
        history: all measures, a row an hour.
        agents: all accounts, as Mesa's `AgentSet`.

    Example:
        >>> import infowar_lab as lab
        >>> world = lab.World(seed=3, ticks=24, **{"population.size": 200})
        >>> world.run_model()
        >>> world
        <World: 200 people, 72 organised accounts, hour 24 of 24, seed 3>
    """

    def plot(self, *measures: str, ax: "Axes | None" = None) -> "Axes":
        """Draw hourly measures of the hours played, as means of the last 24 hours; the campaign is shaded.

        Args:
            measures: columns of `history`; without any, what people and the army write on the contested topic.
            ax: to draw on; a figure of its own if None.

        Raises:
            InputError: a measure is unknown, or no hour has been played.
        """
        from experiments.report.notebook import plot_hours

        campaign = self.setting.campaign
        return plot_hours(self.history, measures, (campaign.start, campaign.end), ax)
