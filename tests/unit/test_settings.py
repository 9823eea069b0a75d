"""Tests of reading the settings: all mistakes are reported at once, in sentences that contain no secret."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings import Settings, SettingsError, variables

TOKEN = "MTA.not-a-real-token.xyz"


def load(env_file: Path | None = None, /, *, needs_token: bool = True, **environ: str) -> Settings:
    return Settings.load(environ, env_file, needs_token=needs_token)


def mistakes(env_file: Path | None = None, /, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ, env_file, needs_token=True)
    return caught.value.mistakes


def test_a_token_is_enough():
    assert load(DISCORD_TOKEN=TOKEN) == Settings(
        token=TOKEN, database=Path("var/attache.db"), log_level="INFO", log_format="text", api_url=None
    )


def test_every_setting_is_read():
    settings = load(
        DISCORD_TOKEN=f" {TOKEN} ",
        ATTACHE_DATABASE="some/where.db",
        ATTACHE_LOG_LEVEL="debug",
        ATTACHE_LOG_FORMAT="JSON",
        DISCORD_API_URL="http://127.0.0.1:8080/api/v10/",
    )
    assert settings == Settings(
        token=TOKEN,
        database=Path("some/where.db"),
        log_level="DEBUG",
        log_format="json",
        api_url="http://127.0.0.1:8080/api/v10",
    )


def test_an_empty_value_counts_as_not_set():
    settings = load(DISCORD_TOKEN=TOKEN, ATTACHE_LOG_LEVEL="", ATTACHE_DATABASE=" ", DISCORD_API_URL="")
    assert settings == load(DISCORD_TOKEN=TOKEN)


@pytest.mark.parametrize("environ", [{}, {"DISCORD_TOKEN": ""}, {"DISCORD_TOKEN": "  "}])
def test_a_missing_token_names_the_demo_as_the_way_to_try(environ: dict[str, str]):
    [mistake] = mistakes(**environ)
    assert mistake.startswith("DISCORD_TOKEN is missing")
    assert "make demo" in mistake


def test_who_needs_no_token_is_not_asked_for_one():
    assert load(needs_token=False).token == ""
    assert load(needs_token=False, DISCORD_TOKEN="Bot x").token == "Bot x"


def test_all_mistakes_are_told_at_once():
    told = mistakes(
        DISCORD_TOKEN=f"Bot {TOKEN}",
        ATTACHE_DATABASE=":memory:",
        ATTACHE_LOG_LEVEL="LOUD",
        ATTACHE_LOG_FORMAT="xml",
        DISCORD_API_URL="ftp://example.org",
        ATTACHE_DATABSE="x.db",
    )
    assert [mistake.split()[0] for mistake in told] == ["ATTACHE_DATABSE", *variables()]


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("DISCORD_TOKEN", "Bot abc", "without that word"),
        ("DISCORD_TOKEN", "bot abc", "without that word"),
        ("DISCORD_TOKEN", "ab cd", "in one piece"),
        ("DISCORD_TOKEN", "ab\ncd", "in one piece"),
        ("ATTACHE_DATABASE", "/", "file in it"),
        ("ATTACHE_DATABASE", "new-folder/", "file in it"),
        ("ATTACHE_DATABASE", ":memory:", "path of a file"),
        ("ATTACHE_DATABASE", "file:x.db?mode=ro", "path of a file"),
        ("ATTACHE_DATABASE", "a\0b", "path of a file"),
        ("ATTACHE_DATABASE", f"{__file__}/x.db", "folders are folders"),
        ("ATTACHE_DATABASE", "~nobody-of-this-name/x.db", "may open"),
        ("ATTACHE_LOG_LEVEL", "verbose", "DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("ATTACHE_LOG_LEVEL", "10", "DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("ATTACHE_LOG_FORMAT", "xml", "text or json"),
        ("DISCORD_API_URL", "discord.com/api/v10", "https://discord.example.org/api/v10"),
        ("DISCORD_API_URL", "https:///api/v10", "https://discord.example.org/api/v10"),
        ("DISCORD_API_URL", "https://[::1/api/v10", "https://discord.example.org/api/v10"),
        ("DISCORD_API_URL", "https://example.org:99999/api/v10", "https://discord.example.org/api/v10"),
        ("DISCORD_API_URL", "https://exa mple.org/api/v10", "no address has"),
        ("DISCORD_API_URL", "http://127.0.0.1\\@example.org/api/v10", "no address has"),
        ("DISCORD_API_URL", "https://ann:hunter2@example.org/api/v10", "leave them out"),
        ("DISCORD_API_URL", "https://@example.org/api/v10", "leave them out"),
        ("DISCORD_API_URL", "https://example.org/api/v10?a=b", "leave out everything"),
        ("DISCORD_API_URL", "https://example.org/api/v10?", "leave out everything"),
        ("DISCORD_API_URL", "https://example.org/api/v10#a", "leave out everything"),
        ("DISCORD_API_URL", "https://example.org", "must end in /api/v10"),
        ("DISCORD_API_URL", "https://example.org/api/v9", "must end in /api/v10"),
        ("DISCORD_API_URL", "http://example.org/api/v10", "must start with https://"),
        ("DISCORD_API_URL", "http://10.0.0.1/api/v10", "must start with https://"),
        ("DISCORD_API_URL", "http://localhost.example.org/api/v10", "must start with https://"),
        ("DISCORD_API_URL", "http://127.0.0.1.example.org/api/v10", "must start with https://"),
        ("DISCORD_API_URL", "ws://127.0.0.1/api/v10", "must start with https://"),
    ],
)
def test_a_mistake_names_its_variable_and_the_remedy_and_hides_the_value(variable: str, value: str, remedy: str):
    environ = {"DISCORD_TOKEN": TOKEN, variable: value}
    [mistake] = mistakes(**environ)
    assert mistake.startswith(f"{variable} ")
    assert remedy in mistake
    assert mistake.endswith((".", "?"))
    assert "hunter2" not in mistake


@pytest.mark.parametrize(
    "value",
    [
        "https://discord.com/api/v10",
        "https://example.org:8443/proxy/api/v10",
        "http://127.0.0.1/api/v10",
        "http://127.9.8.7:1/api/v10",
        "http://[::1]:8080/api/v10",
        "http://localhost:8080/api/v10",
        "HTTP://LocalHost:8080/api/v10",
    ],
)
def test_https_anywhere_and_http_on_this_machine_are_taken(value: str):
    assert load(DISCORD_TOKEN=TOKEN, DISCORD_API_URL=value).api_url == value


def test_a_misspelt_setting_is_told_with_the_right_name():
    assert mistakes(DISCORD_TOKEN=TOKEN, ATTACHE_LOGLEVEL="INFO") == [
        "ATTACHE_LOGLEVEL is not a setting: did you mean ATTACHE_LOG_LEVEL?"
    ]
    [mistake] = mistakes(DISCORD_TOKEN=TOKEN, ATTACHE_X="1")
    assert mistake.startswith("ATTACHE_X is not a setting: remove it")


def test_what_belongs_to_others_is_left_alone():
    assert load(DISCORD_TOKEN=TOKEN, PATH="/bin", DISCORD_WEBHOOK="x")


def test_the_token_is_in_no_repr():
    assert TOKEN not in repr(load(DISCORD_TOKEN=TOKEN))


@given(st.dictionaries(st.sampled_from(variables()), st.just(f"Bot {TOKEN}"), min_size=1))
def test_a_token_in_any_wrong_place_is_in_no_error_text(environ: dict[str, str]):
    with pytest.raises(SettingsError) as caught:
        Settings.load({"ATTACHE_LOG_FORMAT": TOKEN, **environ}, None, needs_token=True)
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(caught.value)


# The .env file


def env_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / ".env"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("ATTACHE_DATABASE=a.db", "a.db"),
        ("  ATTACHE_DATABASE = a.db  ", "a.db"),
        ("export ATTACHE_DATABASE=a.db", "a.db"),
        ("ATTACHE_DATABASE=a.db # where it is", "a.db"),
        ("ATTACHE_DATABASE=a#b.db", "a#b.db"),
        ("ATTACHE_DATABASE=a b.db", "a b.db"),
        ("ATTACHE_DATABASE=a=b.db", "a=b.db"),
        ("ATTACHE_DATABASE=it's.db", "it's.db"),
        ('ATTACHE_DATABASE="a # b.db"  # quoted', "a # b.db"),
        ("ATTACHE_DATABASE='a \"b\".db'", 'a "b".db'),
        ("ATTACHE_DATABASE=", "var/attache.db"),
        ('ATTACHE_DATABASE=""', "var/attache.db"),
        ("ATTACHE_DATABASE= # the default", "var/attache.db"),
        ("ATTACHE_DATABASE=ünï.db", "ünï.db"),
        ("ATTACHE_DATABASE=first.db\nATTACHE_DATABASE=second.db", "second.db"),
        ("\ufeffATTACHE_DATABASE=a.db\r", "a.db"),
    ],
)
def test_a_line_of_the_file_is_read(tmp_path: Path, line: str, value: str):
    path = env_file(tmp_path, f"{line}\n# a comment\n\nDISCORD_TOKEN={TOKEN}\n")
    settings = load(path)
    assert settings.database == Path(value)
    assert settings.token == TOKEN


@pytest.mark.parametrize("line", ["ATTACHE_DATABASE", "=x", '1X="y"', "A B=c", 'A="b', "A='b\" ", 'A="b" c', TOKEN])
def test_a_malformed_line_is_told_by_file_and_number(tmp_path: Path, line: str):
    path = env_file(tmp_path, f"# first\nDISCORD_TOKEN={TOKEN}\n{line}\n")
    [mistake] = mistakes(path)
    assert mistake.startswith(f"{path}, line 3 is not a setting: ")
    assert TOKEN not in mistake


def test_the_environment_wins_over_the_file(tmp_path: Path):
    path = env_file(tmp_path, "DISCORD_TOKEN=from-file\nATTACHE_LOG_LEVEL=DEBUG\n")
    settings = load(path, DISCORD_TOKEN=TOKEN)
    assert (settings.token, settings.log_level) == (TOKEN, "DEBUG")


def test_mistakes_of_the_file_and_of_the_values_are_told_together(tmp_path: Path):
    path = env_file(tmp_path, "what?\nATTACHE_LOG_LEVEL=LOUD\nATTACHE_COLOUR=red\n")
    assert len(mistakes(path)) == 4


def test_a_file_that_is_not_there_is_no_mistake(tmp_path: Path):
    assert load(tmp_path / "none", DISCORD_TOKEN=TOKEN).token == TOKEN


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path):
    assert "cannot be read" in mistakes(tmp_path, DISCORD_TOKEN=TOKEN)[0]
    (tmp_path / "latin").write_bytes(b"DISCORD_TOKEN=\xff\xfe")
    assert "UTF-8" in mistakes(tmp_path / "latin", DISCORD_TOKEN=TOKEN)[0]


def test_importing_reads_and_prints_nothing():
    done = subprocess.run(
        [sys.executable, "-c", "import bot.settings, bot.logs, logging; assert not logging.getLogger().handlers"],
        capture_output=True,
        env={"ATTACHE_LOG_LEVEL": "LOUD"},
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
