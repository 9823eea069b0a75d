"""`make update`: a backup, the newest version from git and its packages; or everything stays as it was."""

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
    """A git command failed; the text is git's own reason, on one line."""


def update(database: Path, *, now: datetime, root: Path = ROOT) -> None:
    """Bring a checkout to the newest version and print each step. Raise Stopped, with nothing changed, when that fails.

    The database stays locked meanwhile, so that no service manager starts the bot halfway.
    """
    _require_clean(root)
    with _not_running(database):
        kept = _back_up(database, root, now)
        print(kept, flush=True)
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
            for path, date in dates.items():  # make goes by dates, and git has just written the locks anew.
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
    """Raise Stopped unless git can fast-forward this checkout without touching uncommitted or local work."""
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
    except _GitError as error:  # Nothing was ever committed here, for one.
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
    """Hold the lock of a database, so that no bot starts on it. Raise Stopped when one runs."""
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
    """Copy the database into var/ and return where to, as a sentence. Raise DatabaseError when the copy fails."""
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
    """Make the environments anew whose lock has changed, and return their names.

    Each old one stays aside until all new ones stand, and takes its place again when one fails. This program may itself
    run from one of them; what it needs from there is loaded by now.
    """
    aside: dict[Path, Path] = {}
    try:
        for environment in (root / name for name in _ENVIRONMENTS):
            target = f"{environment.name}/installed"
            if not environment.is_dir() or not (outdated(environment, root) or _make(root, "--question", target)):
                continue
            old = environment.with_name(f"{environment.name}.old")
            shutil.rmtree(old, ignore_errors=True)  # Left over when an update was killed.
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
    """Run make and return its status. Raise CalledProcessError when it is not 0 and must be."""
    return subprocess.run(["make", "--no-print-directory", *arguments], cwd=root, check=must).returncode


def _git(root: Path, *arguments: str) -> str:
    """Return what a git command prints. Raise _GitError with git's reason when it fails."""
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        reason = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[-1])
        raise _GitError(reason.removeprefix("fatal: ").removeprefix("error: ").rstrip("."))
    return done.stdout.strip()
