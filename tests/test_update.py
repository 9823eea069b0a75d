"""Tests of `make update` and of starting with outdated packages, offline: with a local git remote and a fake Python."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot import preflight
from data.database import Database, FileLock
from data.migrate import migrate

ROOT = Path(__file__).parent.parent

# A fake Python with which make creates environments. Their Python is this checkout's, with a pip that installs nothing.
PYTHON = f"""#!/bin/sh
if [ "$2" = venv ]; then
    mkdir -p "$4/bin" && cp "$0" "$4/bin/python"
elif [ "$2" = pip ]; then
    echo "pip was asked" >&2; exit "${{PIP_STATUS:-0}}"
else
    exec "{sys.executable}" "$@"
fi
"""


@dataclass
class Checkout:
    """A clone of the project with an environment and a database (`folder`), and the repository it pulls from."""

    folder: Path
    origin: Path

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        who = ["-c", "user.name=Asha", "-c", "user.email=asha@example.org"]
        done = subprocess.run(["git", *who, *arguments], cwd=folder or self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def publish(self, name: str, text: str) -> None:
        """Commit a changed file to the repository that the clone pulls from."""
        (self.origin / name).write_text(text)
        self.git("add", name, folder=self.origin)
        self.git("commit", "-q", "-m", f"Change {name}", folder=self.origin)

    def make(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ATTACHE_", "MAKE"))}
        return subprocess.run(
            ["make", *arguments, f"PYTHON={self.folder.parent / 'python'}"],
            cwd=self.folder, capture_output=True, text=True, env={**kept, **environ},
        )  # fmt: skip

    @property
    def version(self) -> str:
        return self.git("rev-parse", "HEAD")

    @property
    def backups(self) -> list[Path]:
        return sorted(self.folder.glob("var/attache-*.db"))

    def state(self) -> dict[str, object]:
        """Return what a refused update must not change: git version, uncommitted changes and environments."""
        made = {path.name: (path / "installed").stat().st_mtime_ns for path in sorted(self.folder.glob(".venv*"))}
        return {"version": self.version, "status": self.git("status", "--porcelain"), "environments": made}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    origin, folder = tmp_path / "origin", tmp_path / "attache"
    origin.mkdir()
    for name in ("Makefile", ".gitignore", "pyproject.toml", "requirements.lock", "requirements-demo.lock"):
        shutil.copy(ROOT / name, origin)
    for room in ("bot", "data"):
        shutil.copytree(ROOT / room, origin / room, ignore=shutil.ignore_patterns("__pycache__", "dossiers"))
    made = Checkout(folder, origin)
    made.git("init", "-q", "-b", "main", folder=origin)
    made.git("add", ".", folder=origin)
    made.git("commit", "-q", "-m", "First", folder=origin)
    made.git("clone", "-q", str(origin), str(folder), folder=tmp_path)
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    assert made.make(".venv-run/installed").returncode == 0

    async def fill() -> None:
        db = await Database.open(folder / "var" / "attache.db")
        await migrate(db)
        await db.close()

    asyncio.run(fill())
    return made


def error(done: subprocess.CompletedProcess[str]) -> str:
    """Return the sentence with which an update failed. Fail if it succeeded or printed anything else.

    Lines of make and pip do not count.
    """
    assert done.returncode != 0, done.stdout
    sentences = [line for line in done.stderr.splitlines() if not line.startswith(("make", "pip was asked"))]
    assert len(sentences) == 1, done.stderr
    return sentences[0]


def test_an_update_backs_up_pulls_and_says_that_the_bot_is_to_be_started(checkout: Checkout):
    checkout.publish("news.txt", "A new version.")
    before = checkout.state()["environments"]
    done = checkout.make("update")
    assert done.returncode == 0, done.stderr
    assert (checkout.folder / "news.txt").read_text() == "A new version."
    [backup] = checkout.backups
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("SELECT count(*) FROM guild").fetchone() == (0,)
    told = done.stdout.splitlines()
    assert told[0] == f"Copied and verified the database: var/{backup.name}"
    assert told[1].startswith("Updated from ")
    assert told[-1].startswith("Now start the bot again: make run")
    assert checkout.state()["environments"] == before, "no lock has changed, so nothing is installed"
    assert "pip was asked" not in done.stderr


def test_an_update_renews_the_environments_that_exist_and_whose_lock_has_changed(checkout: Checkout):
    made = checkout.make(".venv-demo/installed")
    assert made.stdout == "Setting up .venv-demo: about half a minute, only now and when its versions change ...\n"
    before = checkout.state()["environments"]
    checkout.publish("requirements.lock", "a-package==2\n")
    done = checkout.make("update")
    assert done.returncode == 0, done.stderr
    assert "Renewed the packages in .venv-run.\n" in done.stdout
    assert done.stderr.count("pip was asked") == 1
    assert (checkout.folder / ".venv-run" / "requirements.lock").read_text() == "a-package==2\n"
    after = checkout.state()["environments"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert after.keys() == before.keys() == {".venv-demo", ".venv-run"}
    assert after[".venv-demo"] == before[".venv-demo"]


def test_packages_that_cannot_be_installed_leave_the_version_before_and_its_packages(checkout: Checkout):
    assert checkout.make(".venv-demo/installed").returncode == 0
    checkout.publish("news.txt", "A new version.")
    checkout.publish("requirements.lock", "a-package==2\n")
    before = checkout.state()
    done = checkout.make("update", PIP_STATUS="1")
    assert "the version before stands again with its own packages" in error(done)
    assert checkout.state() == before
    assert not (checkout.folder / "news.txt").exists()
    assert checkout.make("--question", ".venv-run/installed").returncode == 0, "make would install the old ones anew"
    [backup] = checkout.backups
    backup.unlink()  # A second backup in the same second would be refused, because none is overwritten.
    assert checkout.make("update").returncode == 0
    assert (checkout.folder / "news.txt").exists()


def test_without_a_new_version_outdated_packages_are_renewed_all_the_same(checkout: Checkout):
    (checkout.folder / ".venv-run" / "requirements.lock").write_text("a-package==1\n")
    done = checkout.make("update")
    assert done.returncode == 0, done.stderr
    assert "This is the newest version already" in done.stdout
    assert "Renewed the packages in .venv-run.\n" in done.stdout
    assert preflight.outdated(checkout.folder / ".venv-run", checkout.folder) is None


def test_a_running_bot_has_to_be_stopped_first(checkout: Checkout):
    checkout.publish("news.txt", "A new version.")
    before = checkout.state()
    lock = FileLock(checkout.folder / "var" / "attache.db")
    lock.acquire()
    try:
        told = error(checkout.make("update"))
    finally:
        lock.release()
    assert told.startswith("The bot is running on attache.db: stop it first")
    assert checkout.state() == before
    assert checkout.backups == []


def test_local_changes_are_kept_and_named(checkout: Checkout):
    checkout.publish("Makefile", "# new\n")
    changed = [checkout.folder / name for name in ("bot/clock.py", "data/migrate.py")]
    for file in changed:
        file.write_text(f"{file.read_text()}# mine\n")
    told = error(checkout.make("update"))
    assert "bot/clock.py, data/migrate.py in this checkout" in told
    assert "Nothing was changed" in told
    assert all(file.read_text().endswith("# mine\n") for file in changed)
    assert checkout.backups == []


def test_a_file_of_ones_own_that_git_does_not_know_is_no_obstacle(checkout: Checkout):
    (checkout.folder / "notes.txt").write_text("mine")
    checkout.publish("news.txt", "A new version.")
    assert checkout.make("update").returncode == 0
    assert (checkout.folder / "notes.txt").read_text() == "mine"


def test_commits_of_ones_own_are_not_merged(checkout: Checkout):
    checkout.publish("news.txt", "A new version.")
    (checkout.folder / "own.txt").write_text("mine")
    checkout.git("add", "own.txt")
    checkout.git("commit", "-q", "-m", "Mine")
    before = checkout.state()
    assert "could not be pulled (Not possible to fast-forward" in error(checkout.make("update"))
    assert checkout.state() == before


def test_a_remote_that_is_not_there_is_told(checkout: Checkout):
    before = checkout.state()
    checkout.origin.rename(checkout.origin.with_name("gone"))
    assert "could not be pulled (" in error(checkout.make("update"))
    assert checkout.state() == before


@pytest.mark.parametrize("how", ["detached", "no remote"])
def test_a_checkout_that_follows_no_branch_is_told(checkout: Checkout, how: str):
    if how == "detached":
        checkout.git("checkout", "-q", "--detach")
    else:
        checkout.git("remote", "remove", "origin")
    assert "git does not know where a new version would come from" in error(checkout.make("update"))
    assert checkout.backups == []


@pytest.mark.parametrize("inside_another", [False, True])
def test_a_folder_that_is_no_checkout_is_told(checkout: Checkout, inside_another: bool):
    shutil.rmtree(checkout.folder / ".git")
    if inside_another:
        checkout.git("init", "-q", folder=checkout.folder.parent)
    told = error(checkout.make("update", GIT_CEILING_DIRECTORIES=str(checkout.folder.parent.parent)))
    assert "This folder is no git checkout" in told
    assert "Nothing was changed" in told


def test_a_backup_that_fails_stops_the_update(checkout: Checkout):
    checkout.publish("news.txt", "A new version.")
    before = checkout.state()
    database = checkout.folder / "var" / "attache.db"
    database.write_bytes(database.read_bytes()[:5000])
    error(checkout.make("update"))
    assert checkout.state() == before
    assert checkout.backups == []


def test_a_checkout_without_a_database_or_an_environment_is_updated_too(checkout: Checkout):
    shutil.rmtree(checkout.folder / "var")
    shutil.rmtree(checkout.folder / ".venv-run")
    checkout.publish("news.txt", "A new version.")
    done = checkout.make("update")
    assert done.returncode == 0, done.stderr
    assert "There is no database yet" in done.stdout
    assert (checkout.folder / "news.txt").exists()


def test_a_start_on_outdated_packages_ends_with_a_sentence_before_any_of_them_is_needed(checkout: Checkout):
    lock = checkout.folder / "requirements.lock"
    lock.write_text(lock.read_text() + "a-package==1\n")
    shutil.copytree(ROOT / "cogs", checkout.folder / "cogs", ignore=shutil.ignore_patterns("__pycache__"))
    # Run the real Python without any installed package.
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", START, str(checkout.folder)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 78, told.stderr
    assert told.stderr == (
        "The packages in .venv-run are not those of requirements.lock, which has changed since they were installed: "
        "run `make -B .venv-run/installed`, then start again.\n"
    )
    assert checkout.make("-B", ".venv-run/installed").returncode == 0
    assert preflight.outdated(checkout.folder / ".venv-run", checkout.folder) is None


START = """
import runpy, sys
root = sys.argv[1]
sys.path.insert(0, root)
sys.prefix = f"{root}/.venv-run"
sys.argv = ["bot", "run"]
runpy.run_module("bot", run_name="__main__")
"""


def test_packages_are_judged_by_what_the_makefile_left_and_by_nothing_else(tmp_path: Path):
    (tmp_path / "requirements.lock").write_text("a-package==2\n")
    made = tmp_path / ".venv-run"
    made.mkdir()
    assert preflight.outdated(made, tmp_path) is None, "made in another way"
    (made / "requirements-demo.lock").write_text("a-package==1\n")
    assert preflight.outdated(made, tmp_path) is None, "this version has no such lock"
    (made / "requirements.lock").write_text("a-package==2\n")
    assert preflight.outdated(made, tmp_path) is None
    (made / "requirements.lock").write_text("a-package==1\n")
    assert ".venv-run" in (preflight.outdated(made, tmp_path) or "")
    elsewhere = tmp_path / "elsewhere" / ".venv-run"
    shutil.copytree(made, elsewhere)
    assert preflight.outdated(elsewhere, tmp_path) is None, "of another checkout"
    assert preflight.outdated(Path(sys.base_prefix)) is None


def test_a_folder_without_a_commit_and_a_var_that_cannot_be_made_are_told(checkout: Checkout):
    shutil.move(checkout.folder / "var", checkout.folder.parent / "kept")
    (checkout.folder / "var").touch()
    database = str(checkout.folder.parent / "kept" / "attache.db")
    told = error(checkout.make("update", ATTACHE_DATABASE=database))
    assert "cannot be made for the backup: File exists. Nothing was changed." in told
    checkout.git("checkout", "-q", "--orphan", "empty")
    told = error(checkout.make("update", ATTACHE_DATABASE=database))
    assert "no git checkout that can be updated" in told
    assert "Traceback" not in told
