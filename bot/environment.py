"""Whether the installed packages are those that this version was tested with. It needs none of them itself."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def outdated(environment: Path, root: Path = ROOT) -> str | None:
    """Return a sentence with the remedy when an environment was installed from another lock file than `root` has.

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
