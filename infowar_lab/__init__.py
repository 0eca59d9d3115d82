"""One import for notebooks and scripts: `import infowar_lab as lab`."""

from sim import __version__ as __version__
