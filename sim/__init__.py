"""An agent-based laboratory of information warfare: paired worlds with and without an operation."""

__version__ = "0.2.0"  #: the only place that says it
