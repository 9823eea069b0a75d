"""The program, except for its commands (`cogs/`) and its storage (`data/`)."""

__version__ = "0.1.0"
