"""Tests of the project's files: what git tracks, the lock files, .env.example, the Makefile and supported systems."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot import __version__
from bot.preflight import EX_CONFIG, unsupported
from bot.settings import Settings, variables

ROOT = Path(__file__).parent.parent
TOP_LEVEL = {
    ".ci",
    ".env.example",
    ".github",
    ".gitignore",
    "bot",
    "CHANGELOG.md",
    "cogs",
    "CONTRIBUTING.md",
    "data",
    "docs",
    "LICENSE",
    "Makefile",
    "pyproject.toml",
    "README.md",
    "requirements-demo.lock",
    "requirements-dev.lock",
    "requirements.lock",
    "SECURITY.md",
    "tests",
    "typings",
}
LOCKS = {"requirements.lock": [], "requirements-demo.lock": ["demo"], "requirements-dev.lock": ["demo", "dev"]}
LOCKED = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[0-9][0-9a-z.]*)( ; [^\\]+)?( --hash=sha256:[0-9a-f]{64})+")


def tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [name for name in listing.stdout.split("\0") if name]


def locked(lock: str) -> dict[str, str]:
    """Return the versions of the packages in a lock file by name. Fail if a line is not a package with its hashes."""
    lines = re.sub(r"\s*\\\n\s*", " ", (ROOT / lock).read_text()).splitlines()
    matches = [(line, LOCKED.fullmatch(line)) for line in lines]
    assert [line for line, match in matches if match is None] == []
    return {match["name"]: match["version"] for _, match in matches if match}


def wanted(*groups: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    entries = [
        *project["project"]["dependencies"],
        *(e for group in groups for e in project["dependency-groups"][group]),
    ]
    return [Requirement(entry) for entry in entries if isinstance(entry, str)]


def test_nothing_else_lies_at_the_top():
    assert {name.split("/")[0] for name in tracked()} <= TOP_LEVEL


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_no_address_and_no_path(lock: str):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert [line for line in text.splitlines() if line.lstrip().startswith(("/", ".", "-e", "--index", "--find"))] == []


@pytest.mark.parametrize(("lock", "groups"), LOCKS.items())
def test_a_lock_pins_with_hashes_what_pyproject_asks_for(lock: str, groups: list[str]):
    pins = locked(lock)
    for requirement in wanted(*groups):
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), requirement


def test_the_bot_and_its_demo_run_on_the_versions_that_are_tested():
    assert locked("requirements.lock").items() <= locked("requirements-demo.lock").items()
    assert locked("requirements-demo.lock").items() <= locked("requirements-dev.lock").items()


def test_the_bot_runs_without_demo_and_test_packages():
    tools = {canonicalize_name(requirement.name) for requirement in wanted("demo", "dev")}
    tools -= {canonicalize_name(requirement.name) for requirement in wanted()}
    assert tools & locked("requirements.lock").keys() == set()


def test_the_example_has_every_setting_and_no_other():
    lines = (ROOT / ".env.example").read_text().splitlines()
    assert [match[1] for line in lines if (match := re.match(r"(?:# )?([A-Z_]+)=", line))] == variables()


def test_the_example_shows_the_defaults(tmp_path: Path):
    shown = (ROOT / ".env.example").read_text().replace("# ATTACHE_", "ATTACHE_")
    (tmp_path / ".env").write_text(shown)
    defaults = Settings.load({}, None, needs_token=False)
    assert Settings.load({}, tmp_path / ".env", needs_token=False) == defaults


def test_the_example_as_it_is_lacks_only_the_token():
    example = ROOT / ".env.example"
    assert Settings.load({"DISCORD_TOKEN": "x"}, example, needs_token=True).token == "x"


def test_no_tracked_file_knows_where_this_checkout_lies():
    if len(ROOT.parts) < 3:
        return  # Documents may well name a path as short as /app, so finding it would prove nothing.
    here = f"{ROOT}/".encode()
    paths = [ROOT / name for name in tracked()]
    assert [path.name for path in paths if path.is_file() and here in path.read_bytes()] == []


def test_the_changelog_begins_with_what_is_not_released_and_tells_of_this_version():
    versions = re.findall(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert __version__ in versions


def test_the_workflow_may_only_read_and_runs_what_every_change_has_to_pass():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"]) for step in steps if "uses" in step)


@pytest.mark.parametrize("name", ["bug", "idea", "wrong_answer"])
def test_a_form_for_issues_has_what_github_asks_of_one(name: str):
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.yml").read_text("utf-8"))
    assert all(form[key] for key in ("name", "description", "body"))
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in fields} <= {"input", "textarea", "dropdown"}
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def make(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Copy the Makefile into a folder with an empty requirements-demo.lock, and run make there."""
    (folder / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    (folder / "requirements-demo.lock").touch()
    return subprocess.run(
        ["make", *arguments], cwd=folder, capture_output=True, text=True, env={"PATH": os.environ["PATH"], **environ}
    )


@pytest.mark.parametrize("python", ["no-such-python", "./old-python"])
def test_a_python_that_is_missing_or_too_old_gets_one_sentence_with_the_remedy(tmp_path: Path, python: str):
    old = tmp_path / "old-python"
    old.write_text(f'#!/bin/sh\nshift; exec {sys.executable} -c "import sys; sys.version_info = (3, 10, 13); $1"\n')
    old.chmod(0o755)
    done = make(tmp_path, "demo", f"PYTHON={python}")
    assert done.returncode == 2
    assert done.stdout == ""
    [sentence] = done.stderr.splitlines()
    assert f'Attaché needs Python 3.11 or newer and "{python}" is not one' in sentence
    assert "make demo PYTHON=python3.11" in sentence
    assert not (tmp_path / ".venv-demo").exists()


def test_an_unsupported_system_gets_one_sentence_with_the_remedy_from_make(tmp_path: Path):
    windows = tmp_path / "windows-python"
    windows.write_text(f"#!/bin/sh\nshift; exec {sys.executable} -c \"import sys; sys.platform = 'win32'; $1\"\n")
    windows.chmod(0o755)
    done = make(tmp_path, "demo", "PYTHON=./windows-python")
    assert done.returncode == 2
    [sentence] = done.stderr.splitlines()
    assert "Attaché runs on Linux and macOS: on Windows, install WSL with wsl --install and run make demo" in sentence
    assert not (tmp_path / ".venv-demo").exists()


# Starts the program as `python -m bot run` does, with another sys.platform or sys.version_info. Then prints which of
# some modules were imported.
START = """
import runpy, sys
sys.path.insert(0, {root!r})
sys.argv = ["bot", "run"]
sys.{name} = {value!r}
try:
    runpy.run_module("bot", run_name="__main__")
finally:
    print(*sorted({{"fcntl", "asyncio", "discord", "data.database", "bot.settings"}} & sys.modules.keys()))
"""


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("platform", "win32", "on Windows, install WSL with `wsl --install` and run Attaché inside it"),
        ("platform", "cygwin", "on Windows, install WSL"),
        ("platform", "freebsd14", "run it in a Linux container"),
        ("version_info", (3, 10, 13), "this is 3.10: install one and name it, as in `make run PYTHON=python3.11`"),
    ],
)
def test_an_unsupported_system_gets_one_sentence_before_anything_else_is_imported(
    tmp_path: Path, name: str, value: object, remedy: str
):
    script = START.format(root=str(ROOT), name=name, value=value)
    # With -S no installed package can be imported.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == EX_CONFIG
    [sentence] = done.stderr.splitlines()
    assert remedy in sentence
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_supported_systems_are_not_refused(platform: str):
    assert unsupported(platform, (3, 11, 0)) is None
    assert unsupported(platform, (3, 14, 1)) is None


def test_a_python_without_venv_gets_one_sentence_with_the_remedy(tmp_path: Path):
    (tmp_path / "ensurepip.py").write_text("raise ImportError")
    done = make(tmp_path, "demo", f"PYTHON={sys.executable}", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    [sentence] = done.stderr.splitlines()
    assert "cannot make virtual environments: install its venv package" in sentence
    assert "sudo apt install python3-venv" in sentence
    assert not (tmp_path / ".venv-demo").exists()


def test_make_alone_says_what_there_is(tmp_path: Path):
    done = make(tmp_path)
    assert [f"make {name} " in done.stdout for name in ("demo", "run", "update", "test", "check")] == [True] * 5
