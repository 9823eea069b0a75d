"""The settings of the program, read from the environment and .env and checked before anything starts."""

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_FORMATS = ("text", "json")

T = TypeVar("T")


class SettingsError(Exception):
    """All mistakes in the settings, one sentence each. No sentence repeats a value, because it could be the token."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of the program. Each field names its environment variable in its metadata."""

    token: str = field(metadata={"variable": "DISCORD_TOKEN"}, repr=False)
    """The bot's token; "" when it is not set and the command does not need it."""

    database: Path = field(metadata={"variable": "ATTACHE_DATABASE"})
    log_level: str = field(metadata={"variable": "ATTACHE_LOG_LEVEL"})
    log_format: str = field(metadata={"variable": "ATTACHE_LOG_FORMAT"})
    api_url: str | None = field(metadata={"variable": "DISCORD_API_URL"})
    """The base URL of Discord's REST API, without a slash at its end. None stands for the official one."""

    @classmethod
    def load(cls, environ: Mapping[str, str], env_file: Path | None, *, needs_token: bool) -> "Settings":
        """Read the settings. The environment overrides the file. Raise SettingsError with all mistakes, if any."""
        mistakes: list[str] = []
        from_file = _read_env_file(env_file, mistakes) if env_file else {}
        values = {name: value.strip() for name, value in {**from_file, **environ}.items()}
        mistakes += _unknown(values)

        def get(variable: str, parse: Callable[[str], T], default: T) -> T:
            value = values.get(variable, "")
            if not value:
                return default
            try:
                return parse(value)
            except ValueError as problem:
                mistakes.append(f"{variable} {problem}")
                return default

        settings = cls(
            token=get("DISCORD_TOKEN", _token if needs_token else str, ""),
            database=get("ATTACHE_DATABASE", _database, Path("var/attache.db")),
            log_level=get("ATTACHE_LOG_LEVEL", _log_level, "INFO"),
            log_format=get("ATTACHE_LOG_FORMAT", _log_format, "text"),
            api_url=get("DISCORD_API_URL", _api_url, None),
        )
        if needs_token and not values.get("DISCORD_TOKEN"):
            mistakes.append(
                "DISCORD_TOKEN is missing: write the bot's token into .env (.env.example says where to get it), "
                "or try the bot without one by `make demo`."
            )
        if mistakes:
            raise SettingsError(mistakes)
        return settings


def variables() -> list[str]:
    """Return the environment variables of all settings, in the order of their fields."""
    return [setting.metadata["variable"] for setting in fields(Settings)]


def _unknown(values: Mapping[str, str]) -> list[str]:
    """Return a mistake for each variable that begins with ATTACHE_ but is no setting. Its name may be misspelt."""
    mistakes: list[str] = []
    for name in sorted(name for name in values if name.startswith("ATTACHE_") and name not in variables()):
        near = difflib.get_close_matches(name, variables(), n=1, cutoff=0.8)
        remedy = f"did you mean {near[0]}?" if near else f"remove it; the settings are {', '.join(variables())}."
        mistakes.append(f"{name} is not a setting: {remedy}")
    return mistakes


def _token(value: str) -> str:
    if value.lower().startswith("bot "):
        raise ValueError('starts with "Bot": write the token alone, without that word.')
    if re.search(r"\s", value):
        raise ValueError("has a space or a line break in it: copy the token again, in one piece.")
    return value


def _database(value: str) -> Path:
    if value.startswith((":", "file:")) or "\0" in value:
        raise ValueError("is not the path of a file: write one, like var/attache.db.")
    try:
        path = Path(value).expanduser()
        is_folder = value.endswith("/") or path.is_dir()
        through_a_file = any(parent.is_file() for parent in path.parents)
    except (RuntimeError, OSError):
        raise ValueError("cannot be reached: write the path of a file that the bot may open.") from None
    if is_folder:
        raise ValueError("is a folder: write the path of a file in it, like var/attache.db.")
    if through_a_file:
        raise ValueError("leads through a file: write a path whose folders are folders.")
    return path


def _log_level(value: str) -> str:
    if value.upper() not in LOG_LEVELS:
        raise ValueError(f"is not a level: write one of {', '.join(LOG_LEVELS)}.")
    return value.upper()


def _log_format(value: str) -> str:
    if value.lower() not in LOG_FORMATS:
        raise ValueError("is not a format: write text or json.")
    return value.lower()


def _api_url(value: str) -> str:
    example = "write an address like https://discord.example.org/api/v10."
    if not re.fullmatch(r"[!-\[\]-~]+", value):
        raise ValueError(f"has a character that no address has: {example}")
    try:
        url = urlsplit(value)
        host, _ = url.hostname, url.port
    except ValueError:
        raise ValueError(f"is not an address: {example}") from None
    if not host:
        raise ValueError(f"is not an address: {example}")
    if "@" in url.netloc:
        raise ValueError("must not hold a user name or password: leave them out.")
    if "?" in value or "#" in value:
        raise ValueError('must not hold a query: leave out everything from "?" or "#".')
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(host)):
        raise ValueError(
            "must start with https://, because the token travels there: "
            "only for this machine http:// will do, like http://127.0.0.1:8080/api/v10."
        )
    if not url.path.rstrip("/").endswith("/api/v10"):
        raise ValueError("must end in /api/v10: add it, like https://discord.example.org/api/v10.")
    return value.rstrip("/")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address in ipaddress.ip_network("127.0.0.0/8") or address == ipaddress.ip_address("::1")


_LINE = re.compile(
    r"""
    (?:export\s+)?
    (?P<name>[A-Za-z_][A-Za-z0-9_]*) \s*=\s*
    (?: "(?P<double>[^"]*)" | '(?P<single>[^']*)' | (?P<plain>(?!["'\#]) .*?) )
    (?: \s+\#.* | \s* )
    """,
    re.VERBOSE,
)


def _read_env_file(path: Path, mistakes: list[str]) -> dict[str, str]:
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        mistakes.append(f"{path} is not UTF-8 text: save it as UTF-8.")
        return {}
    except OSError as error:
        mistakes.append(f"{path} cannot be read ({error.strerror}): make it a file that the bot may read.")
        return {}
    values: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            mistakes.append(
                f"{path}, line {number} is not a setting: write NAME=value, "
                'with quotes on both sides or none, or start the line with "#".'
            )
            continue
        values[match["name"]] = match["double"] or match["single"] or match["plain"] or ""
    return values
