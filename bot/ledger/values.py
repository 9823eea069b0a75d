"""The types of fields: how a value is typed in a form or a dossier, kept as JSON, and shown in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol, cast

import msgspec

from bot import when
from bot.errors import BadInput
from bot.ledger.words import as_written, normal, one_line
from data.records import Approval, Due, FactDate, Kind, Money, Party, Sureness

Find = Callable[[str, tuple[Kind, ...]], str]
"""Finds the slug of a record by its name or alias among some kinds; raises BadInput when there is none."""

Names = Mapping[str, str]
"""The name of each record by its slug."""


class Words(msgspec.Struct, frozen=True, omit_defaults=True):
    """One short text among several. `gone` ends it."""

    text: str
    gone: bool = False


class FieldType(Protocol):
    """What a field can hold. Values are plain JSON; `parse` and `check` raise BadInput."""

    @property
    def example(self) -> str: ...
    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of the records that a value may point to."""
        ...

    @property
    def quotes(self) -> bool:
        """Whether words in quotation marks may stand for a record."""
        ...

    def mentions(self, text: str) -> list[str]:
        """The names of records in a typed text, to be looked up before `parse`."""
        ...

    def parse(self, text: str, find: Find) -> Any: ...
    def check(self, value: Any) -> None:
        """Whether a stored or imported value is of this type; BadInput when it is not."""
        ...

    def typed(self, value: Any, names: Names) -> str:
        """The value as it would be typed, so that `parse` gives it back."""
        ...

    def words(self, value: Any, names: Names) -> str:
        """The value as people read it, unescaped."""
        ...

    def key(self, value: Any) -> str:
        """What makes two values of a list the same item."""
        ...

    def records(self, value: Any) -> list[tuple[str, str]]:
        """The records that a value points to, each with its role."""
        ...


def quoted(text: str) -> str:
    """A typed text for an error: one line, at most 60 characters."""
    line = one_line(text)
    return f'"{line[:59]}…"' if len(line) > 60 else f'"{line}"'


def named(slug: str, names: Names) -> str:
    return names.get(slug, slug)


@dataclass(frozen=True)
class _Plain:
    """What most types share: no records, and one value per key."""

    example: str
    kinds: tuple[Kind, ...] = field(default=(), kw_only=True)
    quotes: bool = field(default=False, kw_only=True)

    def mentions(self, text: str) -> list[str]:
        return []

    def key(self, value: Any) -> str:
        return ""

    def records(self, value: Any) -> list[tuple[str, str]]:
        return []

    def _convert(self, value: Any, shape: Any) -> Any:
        try:
            return msgspec.convert(value, shape)
        except msgspec.ValidationError as error:
            raise BadInput(f"The value does not fit: {error}. Write it like {self.example}.") from None


@dataclass(frozen=True)
class Text(_Plain):
    """Words, at most `limit` characters."""

    limit: int = 200

    def parse(self, text: str, find: Find) -> str:
        value = one_line(text)
        Text.check(self, value)
        return value

    def check(self, value: Any) -> None:
        if not isinstance(value, str) or not value.strip():
            raise BadInput(f"Nothing is written there. Nothing was changed. Write it like {self.example}.")
        if len(value) > self.limit:
            raise BadInput(
                f"{quoted(value)} has {len(value):,} characters; {self.limit:,} fit. Nothing was changed. Shorten it."
            )
        if not normal(value) and self.limit <= 100:
            raise BadInput(
                f"{quoted(value)} has no letter or digit. Nothing was changed. Write it like {self.example}."
            )

    def typed(self, value: Any, names: Names) -> str:
        return value

    def words(self, value: Any, names: Names) -> str:
        return value


@dataclass(frozen=True)
class TextItem(Text):
    """One of several short texts, such as an alias. "no longer X" ends one."""

    def parse(self, text: str, find: Find) -> Any:
        gone, rest = _no_longer(text)
        return msgspec.to_builtins(Words(super().parse(rest, find), gone))

    def check(self, value: Any) -> None:
        super().check(self._convert(value, Words).text)

    def typed(self, value: Any, names: Names) -> str:
        return ("no longer " if value.get("gone") else "") + value["text"]

    def words(self, value: Any, names: Names) -> str:
        return value["text"]

    def key(self, value: Any) -> str:
        return as_written(value["text"]) or value["text"]


@dataclass(frozen=True)
class Choice(_Plain):
    """One of a few states. The words are what people read and may type; the keys are what is kept."""

    options: Mapping[str, str] = field(default_factory=dict)

    def parse(self, text: str, find: Find) -> str:
        asked = normal(text)
        for value, words in self.options.items():
            if asked in (normal(value), normal(words)):
                return value
        choices = ", ".join(self.options.values())
        raise BadInput(f"{quoted(text)} is not one of the choices. Nothing was changed. Write one of: {choices}.")

    def check(self, value: Any) -> None:
        if value not in self.options:
            raise BadInput(f"{quoted(str(value))} is not one of: {', '.join(self.options)}.")

    def typed(self, value: Any, names: Names) -> str:
        return self.options[value]

    def words(self, value: Any, names: Names) -> str:
        return self.options[value]


_BOUNDS = {
    "more than": "at least",
    "over": "at least",
    "at least": "at least",
    "up to": "at most",
    "at most": "at most",
    "about": "about",
    "around": "about",
}
_BOUND_WORDS = {"at least": "more than", "at most": "at most", "about": "about", "exact": ""}
_SCALES = {
    "thousand": 3,
    "million": 6,
    "m": 6,
    "mn": 6,
    "billion": 9,
    "bn": 9,
    "b": 9,
    "trillion": 12,
    "crore": 7,
    "lakh": 5,
}
_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "₹": "INR", "¥": "JPY"}
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "INR": "₹"}
_MONEY = re.compile(
    rf"(?:(?P<bound>{'|'.join(_BOUNDS)})\s+)?(?:(?P<before>[A-Z]{{3}}|[$€£₹¥])\s*)?(?P<number>\d[\d,]*(?:\.\d+)?)"
    rf"\s*(?P<scale>{'|'.join(_SCALES)})?(?:\s*(?P<after>[A-Z]{{3}}))?(?:\s*\((?P<kind>[^()]{{1,40}})\))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class MoneyType(_Plain):
    """An amount with its bound and currency: `more than 3 billion USD (notified ceiling)`."""

    def parse(self, text: str, find: Find) -> Any:
        found = _MONEY.fullmatch(" ".join(text.split()))
        currency = found and (found["after"] or found["before"] or "")
        if not found or not currency or (found["after"] and found["before"]) or len(found["number"]) > 24:
            raise BadInput(f"{quoted(text)} is not an amount. Nothing was changed. Write it like {self.example}.")
        amount = Decimal(found["number"].replace(",", "")).scaleb(_SCALES.get((found["scale"] or "").lower(), 0))
        value = Money(
            amount=format(amount.normalize(), "f"),
            currency=_SYMBOLS.get(currency, currency.upper()),
            bound=_BOUNDS.get((found["bound"] or "").lower(), "exact"),  # pyright: ignore[reportArgumentType]  # the table's values are the bounds
            kind=(found["kind"] or "").strip(),
        )
        return msgspec.to_builtins(value)

    def check(self, value: Any) -> None:
        money = self._convert(value, Money)
        try:
            fine = Decimal(money.amount).is_finite() and Decimal(money.amount) >= 0
        except InvalidOperation:
            fine = False
        if not fine or not re.fullmatch("[A-Z]{3}", money.currency):
            raise BadInput(f"{quoted(money.amount)} {quoted(money.currency)} is not an amount of money.")

    def _amount(self, money: Money) -> str:
        amount = Decimal(money.amount)
        for scale, power in (("trillion", 12), ("billion", 9), ("million", 6)):
            if amount >= Decimal(10) ** power:
                return f"{amount.scaleb(-power).normalize():f} {scale}"
        return f"{amount:,}"

    def typed(self, value: Any, names: Names) -> str:
        money = msgspec.convert(value, Money)
        parts = (
            _BOUND_WORDS[money.bound],
            self._amount(money),
            money.currency,
            f"({money.kind})" if money.kind else "",
        )
        return " ".join(part for part in parts if part)

    def words(self, value: Any, names: Names) -> str:
        money = msgspec.convert(value, Money)
        sign = _SIGNS.get(money.currency)
        amount = f"{sign}{self._amount(money)}" if sign else f"{self._amount(money)} {money.currency}"
        parts = (_BOUND_WORDS[money.bound], amount, f"({money.kind})" if money.kind else "")
        return " ".join(part for part in parts if part)

    def key(self, value: Any) -> str:
        return value.get("kind", "").casefold()


def words_inside(type_: FieldType, value: Any, names: Names) -> str:
    """Return a value in words that more words follow: a longer text is a sentence and loses its full stop."""
    words = type_.words(value, names)
    # A short text may end in an abbreviation, whose full stop stays.
    return words.removesuffix(".") if isinstance(type_, Text) and type_.limit > 200 else words


def _no_longer(text: str) -> tuple[bool, str]:
    stripped = text.strip()
    if stripped[:10].casefold() == "no longer ":
        return True, stripped[10:].strip()
    return False, stripped


@dataclass(frozen=True)
class RecordRef(_Plain):
    """A record, with a role when `role` allows one: `General Atomics as maker`.

    Where `quotes` allows it, words in quotation marks stand for somebody who has no record of their own.
    """

    kinds: tuple[Kind, ...] = ()
    role: bool = False

    def _split(self, text: str) -> tuple[bool, str, str]:
        gone, rest = _no_longer(text)
        if self.quotes and len(rest) > 2 and rest[0] in '"“' and rest[-1] in '"”':
            return gone, "", rest[1:-1].strip()
        name, _, role = rest.rpartition(" as ") if self.role and " as " in rest else (rest, "", "")
        return gone, name.strip(), role.strip()

    def mentions(self, text: str) -> list[str]:
        _, name, _ = self._split(text)
        return [name] if name else []

    def parse(self, text: str, find: Find) -> Any:
        gone, name, role = self._split(text)
        if not name and not role:
            raise BadInput(f"Nothing is written there. Nothing was changed. Write it like {self.example}.")
        if len(role) > 80:
            raise BadInput(f"{quoted(role)} is too long; 80 characters fit. Nothing was changed.")
        return msgspec.to_builtins(Party(find(name, self.kinds) if name else "", role, gone))

    def check(self, value: Any) -> None:
        party = self._convert(value, Party)
        if not party.record and not (self.quotes and party.role):
            raise BadInput(f"No record is named. Write it like {self.example}.")

    def typed(self, value: Any, names: Names) -> str:
        party = msgspec.convert(value, Party)
        if not party.record:
            body = f'"{party.role}"'
        else:
            body = named(party.record, names) + (f" as {party.role}" if party.role else "")
        return f"no longer {body}" if party.gone else body

    def words(self, value: Any, names: Names) -> str:
        party = msgspec.convert(value, Party)
        if not party.record:
            return party.role
        return named(party.record, names) + (f" ({party.role})" if party.role else "")

    def key(self, value: Any) -> str:
        return f"{value.get('record', '')}|{value.get('role', '').casefold()}"

    def records(self, value: Any) -> list[tuple[str, str]]:
        return [(value["record"], value.get("role", ""))] if value.get("record") else []


def approver_words(approval: Approval, names: Names) -> str:
    """Return who gives an approval, with the country where an authority is named: "Congress (Brazil)"."""
    side = named(approval.side, names)
    if not approval.authority:
        return side
    whose_is_said = as_written(side) in as_written(approval.authority)
    return approval.authority if whose_is_said else f"{approval.authority} ({side})"


_APPROVAL_STATES = ("not started", "requested", "open", "granted", "refused", "waived", "expired")
_APPROVAL = re.compile(
    r"(?P<side>[^:()]+?)\s*(?:\((?P<authority>[^:()]+)\))?\s*:\s*(?P<what>.+?)\s*,\s*(?P<state>[a-z ]+)", re.IGNORECASE
)


@dataclass(frozen=True)
class ApprovalType(_Plain):
    """One consent: `United States (State Department): export licence, open`; the authority may be left out."""

    kinds: tuple[Kind, ...] = field(default=("participant",), kw_only=True)

    def _match(self, text: str) -> re.Match[str]:
        found = _APPROVAL.fullmatch(" ".join(text.split()))
        if not found or found["state"].casefold() not in _APPROVAL_STATES or len(text) > 300:
            raise BadInput(
                f"{quoted(text)} is not an approval. Nothing was changed. Write it like {self.example}, "
                f"with one of: {', '.join(_APPROVAL_STATES)}."
            )
        return found

    def mentions(self, text: str) -> list[str]:
        found = _APPROVAL.fullmatch(" ".join(text.split()))
        return [found["side"].strip()] if found else []

    def parse(self, text: str, find: Find) -> Any:
        found = self._match(text)
        value = Approval(
            side=find(found["side"].strip(), self.kinds),
            what=found["what"],
            state=found["state"].casefold(),  # pyright: ignore[reportArgumentType]  # _match checked it
            authority=(found["authority"] or "").strip(),
        )
        return msgspec.to_builtins(value)

    def check(self, value: Any) -> None:
        self._convert(value, Approval)

    def typed(self, value: Any, names: Names) -> str:
        approval = msgspec.convert(value, Approval)
        authority = f" ({approval.authority})" if approval.authority else ""
        return f"{named(approval.side, names)}{authority}: {approval.what}, {approval.state}"

    def words(self, value: Any, names: Names) -> str:
        approval = msgspec.convert(value, Approval)
        return f"{approval.what} by {approver_words(approval, names)}: {approval.state}"

    def key(self, value: Any) -> str:
        return f"{value['side']}|{as_written(value.get('authority', ''))}|{as_written(value['what'])}"

    def records(self, value: Any) -> list[tuple[str, str]]:
        return [(value["side"], "gives " + value["what"])]


@dataclass(frozen=True)
class DateType(_Plain):
    """A calendar date, as precise as it is known."""

    def parse(self, text: str, find: Find) -> Any:
        return msgspec.to_builtins(when.parse_fact_date(text))

    def check(self, value: Any) -> None:
        self._convert(value, FactDate)

    def typed(self, value: Any, names: Names) -> str:
        return when.typed_fact_date(msgspec.convert(value, FactDate))

    def words(self, value: Any, names: Names) -> str:
        return when.format_fact_date(msgspec.convert(value, FactDate))


@dataclass(frozen=True)
class ZoneType(_Plain):
    """The IANA name of a time zone."""

    def parse(self, text: str, find: Find) -> str:
        return when.parse_zone(text)

    def check(self, value: Any) -> None:
        if not isinstance(value, str) or when.parse_zone(value) != value:
            raise BadInput(f"{quoted(str(value))} is not a time zone. Write it like {self.example}.")

    def typed(self, value: Any, names: Names) -> str:
        return value

    def words(self, value: Any, names: Names) -> str:
        return value


SURENESS: Mapping[Sureness, str] = {
    "fixed": "fixed by law or in the document",
    "announced": "announced by an official",
    "reported": "reported by the press",
    "usual": "the usual time, not a due date",
}


@dataclass(frozen=True)
class DueType(_Plain):
    """By when something is due and how sure that is: `31 October 2024, announced`; `none` takes a date away."""

    def parse(self, text: str, find: Find) -> Any:
        if normal(text) in ("none", "no due date", "no due date given"):
            return None
        day, _, sureness = text.rpartition(",")
        word = normal(sureness)
        if word not in SURENESS or not day:
            raise BadInput(
                f"{quoted(text)} does not say how sure the date is. Nothing was changed. "
                f"Write it like {self.example}, with one of: {', '.join(SURENESS)}; or write none."
            )
        value = when.parse_fact_date(day)
        if value.last is None:
            raise BadInput(
                f"{quoted(day)} has no last day to wait for. Nothing was changed. Write it like {self.example}."
            )
        return msgspec.to_builtins(Due(value, cast("Sureness", word)))

    def check(self, value: Any) -> None:
        if value is not None and self._convert(value, Due).date.last is None:
            raise BadInput(f"A due date needs a last day. Write it like {self.example}.")

    def typed(self, value: Any, names: Names) -> str:
        if value is None:
            return "none"
        due = msgspec.convert(value, Due)
        return f"{when.typed_fact_date(due.date)}, {due.sureness}"

    def words(self, value: Any, names: Names) -> str:
        if value is None:
            return "no due date given"
        due = msgspec.convert(value, Due)
        return due_clause(value) if due.sureness == "usual" else f"{when.format_fact_date(due.date)} ({due.sureness})"

    def in_full(self, value: Any) -> str:
        """The words where there is room to say who is how sure of the date."""
        if value is None:
            return self.words(value, {})
        due = msgspec.convert(value, Due)
        if due.sureness == "usual":
            return due_clause(value)
        return f"{when.format_fact_date(due.date)} ({SURENESS[due.sureness]})"


def due_clause(value: Any) -> str:
    """Return by when something is due and how sure that is, as a clause; a usual time is no due date."""
    if value is None:
        return "no due date given"
    due = msgspec.convert(value, Due)
    by = _by(due.date)
    match due.sureness:
        case "usual":
            return f"usually {by}; not a due date"
        case "reported":
            return f"target date reported by the press: {by}"
        case sure:
            return f"due {by}, {SURENESS[sure]}"


def _by(day: FactDate) -> str:
    words = when.format_fact_date(day)
    if day.precision in ("month", "year"):
        return f"by the end of {words}"
    if words.startswith("between "):
        return words
    return f"by the {words}" if " of " in words else f"by {words}"


def due_day(value: Any) -> date | None:
    """The day that counts of a stored due value: its last."""
    return None if value is None else msgspec.convert(value, Due).date.last
