"""The command `make update`: backs up the database, pulls the newest version with git and installs its packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.backup import backup
from bot.errors import EX_UNAVAILABLE, Stopped
from bot.preflight import ROOT, outdated
from data.database import FileLock, InUse

_ENVIRONMENTS = (".venv-run", ".venv-demo", ".venv")


class _GitError(Exception):
    """Raised when a git command fails. The text is git's own reason, on one line."""


def update(database: Path, *, now: datetime, root: Path = ROOT) -> None:
    """Update a git checkout and its packages to the newest version, and print what was done.

    If a step fails, put the old code and packages back and raise Stopped. The database is locked during the update, so
    that a service manager does not start the bot halfway through.
    """
    _require_clean(root)
    with _not_running(database):
        message = _back_up(database, root, now)
        print(message, flush=True)
        before = _git(root, "rev-parse", "HEAD")
        dates = {path: path.stat().st_mtime_ns for path in root.glob("requirements*.lock")}
        try:
            _git(root, "pull", "--ff-only", "--quiet")
        except _GitError as error:
            raise Stopped(
                f"The new version could not be pulled ({error}). Nothing was changed.", EX_UNAVAILABLE
            ) from None
        after = _git(root, "rev-parse", "HEAD")
        try:
            renewed = _renew(root)
        except BaseException as error:
            _git(root, "reset", "--keep", "--quiet", before)
            for path, date in dates.items():  # make compares times, and the reset gave the lock files new ones.
                os.utime(path, ns=(date, date))
            if not isinstance(error, subprocess.CalledProcessError):
                raise
            raise Stopped(
                "The packages of the new version could not be installed, for the reason above, so the version before "
                "stands again with its own packages. Run make update again later.",
                EX_UNAVAILABLE,
            ) from None
    if after == before:
        print(f"This is the newest version already ({after[:9]}).")
    else:
        print(f"Updated from {before[:9]} to {after[:9]}.")
    if renewed:
        print(f"Renewed the packages in {' and '.join(renewed)}.")
    print("Now start the bot again: make run, or the start of your service manager.")


def _require_clean(root: Path) -> None:
    """Raise Stopped unless the folder is a git checkout with an upstream branch and without uncommitted changes."""
    if shutil.which("git") is None:
        raise Stopped("The new version comes by git, which is not installed: install it. Nothing was changed.")
    otherwise = "Put the new version here in the way this one came. Nothing was changed."
    try:
        top = Path(_git(root, "rev-parse", "--show-toplevel"))
    except _GitError as error:
        raise Stopped(f"This folder is no git checkout that can be updated ({error}). {otherwise}") from None
    if top.resolve() != root:
        raise Stopped(f"This folder is no git checkout of its own, only a part of {top}. {otherwise}")
    try:
        changed = _git(root, "diff", "--name-only", "HEAD").splitlines()
    except _GitError as error:  # A repository without commits, for example.
        raise Stopped(f"This folder is no git checkout that can be updated ({error}). {otherwise}") from None
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        raise Stopped(
            f"Somebody has changed {', '.join(changed[:3])}{more} in this checkout: commit that or put it aside "
            "(git stash), then run make update again. Nothing was changed."
        )
    try:
        _git(root, "rev-parse", "--abbrev-ref", "@{upstream}")
    except _GitError as error:
        raise Stopped(
            f"git does not know where a new version would come from ({error}): switch to a branch that follows one, "
            "then run make update again. Nothing was changed."
        ) from None


@contextmanager
def _not_running(database: Path) -> Iterator[None]:
    """Lock a database during the block, so that no bot can start on it. Raise Stopped if a bot is running on it."""
    if not database.parent.is_dir():  # No bot has run here yet.
        yield
        return
    lock = FileLock(database)
    try:
        lock.acquire()
    except InUse:
        raise Stopped(
            f"The bot is running on {database.name}: stop it first (Ctrl+C, or the stop of your service manager), then "
            "run make update again. Nothing was changed."
        ) from None
    except OSError as error:
        raise Stopped(f"{error.filename} cannot be written: {error.strerror}. Nothing was changed.") from None
    try:
        yield
    finally:
        lock.release()


def _back_up(database: Path, root: Path, now: datetime) -> str:
    """Copy the database into var/. Return a sentence that names the copy. Raise DatabaseError if copying fails."""
    if not database.exists():
        return "There is no database yet, so there is nothing to back up."
    folder = root / "var"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise Stopped(f"{folder} cannot be made for the backup: {error.strerror}. Nothing was changed.") from None
    target = folder / f"{database.stem}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.db"
    backup(database, target)
    return f"Copied and verified the database: {target.relative_to(root)}"


def _renew(root: Path) -> list[str]:
    """Rebuild the virtual environments whose lock file has changed, and return their names.

    The old environments are renamed, and deleted only when all new ones are complete. If one fails, they are put back.
    This process may itself run from an environment that is renamed. That is safe, because it has imported all that it
    needs.
    """
    aside: dict[Path, Path] = {}
    try:
        for environment in (root / name for name in _ENVIRONMENTS):
            target = f"{environment.name}/installed"
            if not environment.is_dir() or not (outdated(environment, root) or _make(root, "--question", target)):
                continue
            old = environment.with_name(f"{environment.name}.old")
            shutil.rmtree(old, ignore_errors=True)  # A killed update can leave it behind.
            environment.rename(old)
            aside[environment] = old
            _make(root, target, must=True)
    except BaseException:
        for environment, old in aside.items():
            shutil.rmtree(environment, ignore_errors=True)
            old.rename(environment)
        raise
    for old in aside.values():
        shutil.rmtree(old, ignore_errors=True)
    return [environment.name for environment in aside]


def _make(root: Path, *arguments: str, must: bool = False) -> int:
    """Run make and return its exit status. If `must` is True, raise CalledProcessError for any status but 0."""
    return subprocess.run(["make", "--no-print-directory", *arguments], cwd=root, check=must).returncode


def _git(root: Path, *arguments: str) -> str:
    """Run a git command and return its output. Raise _GitError with git's reason if it fails."""
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        reason = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[-1])
        raise _GitError(reason.removeprefix("fatal: ").removeprefix("error: ").rstrip("."))
    return done.stdout.strip()
