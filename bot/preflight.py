"""The check that this machine and its packages can run this version.

Any Python 3 can read this module, and it needs no package.

Any Python 3 can read this module, and it needs no package.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

EX_CONFIG = 78
"""The exit status for what has to be put right before a start, as sysexits.h has it."""


def unsupported(platform: str, version: tuple[int, ...]) -> str | None:
    """Return a sentence with the remedy when Attaché cannot run on this `sys.platform` or Python version, else None."""
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
    """Return a sentence with the remedy when `environment` was installed from another lock file than `root` has.

    The Makefile leaves a copy of the lock in each environment it makes. One that was made in another way has no such
    copy, and None is returned for it.
    """
    environment = environment.resolve()
    if environment.parent != root:
        return None
    for installed in sorted(environment.glob("requirements*.lock")):
        lock = root / installed.name
        if lock.is_file() and lock.read_bytes() != installed.read_bytes():
            # `-B`, because make goes by dates, and a copied checkout can have a changed lock with an old date.
            return (
                f"The packages in {environment.name} are not those of {lock.name}, which has changed since they were "
                f"installed: run `make -B {environment.name}/installed`, then start again."
            )
    return None
