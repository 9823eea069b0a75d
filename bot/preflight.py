"""Checks that this platform, this Python and the installed packages can run this version of the bot.

The module runs on any Python 3 without packages, so that it can say what is missing.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

EX_CONFIG = 78
"""The exit status when something has to be corrected before a start (a configuration error in sysexits.h)."""


def unsupported(platform: str, version: tuple[int, ...]) -> str | None:
    """Return an error message if Attaché cannot run on this platform or Python, else None. It says what to do.

    `platform` is a value of `sys.platform`, and `version` begins with the major and minor version of Python.
    """
    if platform not in ("linux", "darwin"):
        return (
            f'Attaché runs on Linux and macOS, not on "{platform}": on Windows, install WSL with `wsl --install` and '
            "run Attaché inside it; elsewhere, run it in a Linux container or a virtual machine."
        )
    if version < (3, 11):
        running = ".".join(map(str, version[:2]))
        return (
            f"Attaché needs Python 3.11 or newer and this is {running}: install one and name it, as in "
            "`make run PYTHON=python3.11`."
        )
    return None


def outdated(environment: Path, root: Path = ROOT) -> str | None:
    """Return an error message if a virtual environment does not match the lock file, else None. It says what to do.

    The Makefile stores a copy of the lock file in each environment that it makes. The copy is compared with the lock
    file in `root`. Return None if they are equal, or if the environment was not made by the Makefile.
    """
    environment = environment.resolve()
    if environment.parent != root:
        return None
    for installed in sorted(environment.glob("requirements*.lock")):
        lock = root / installed.name
        if lock.is_file() and lock.read_bytes() != installed.read_bytes():
            # `-B`, because make compares dates, and a changed lock file in a copied checkout can have an old date.
            return (
                f"The packages in {environment.name} are not those of {lock.name}, which has changed since they were "
                f"installed: run `make -B {environment.name}/installed`, then start again."
            )
    return None
