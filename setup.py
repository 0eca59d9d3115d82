"""The one thing that pyproject.toml cannot say: conf/, at the top of a checkout, is infowar_lab/conf/ in a wheel."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CONF = Path("conf")


class BuildWithConf(build_py):
    """Builds the packages, and puts the configuration beside them; an editable install reads it from the checkout."""

    def run(self) -> None:
        """Build."""
        super().run()
        if not self.editable_mode:
            for source, target in self._conf().items():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """Return every file that a build writes."""
        return [*super().get_outputs(include_bytecode), *map(str, self._conf().values())]

    def _conf(self) -> dict[Path, Path]:
        package = Path(self.build_lib, "infowar_lab")
        return {source: package / source for source in sorted(CONF.rglob("*.yaml"))}


setup(cmdclass={"build_py": BuildWithConf})
