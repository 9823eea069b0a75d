"""Amounts of money: what is typed is read as a person means it, or refused with the readings named."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadInput
from bot.ledger import stored
from bot.ledger.values import MoneyType
from bot.ledger.values.currencies import AMBIGUOUS, CODES, NAMED
from data.records import Bound, Money

TYPE = MoneyType("more than 3 billion USD")


def parse(text: str) -> Money:
    """Return the amount that a typed text means."""
    return msgspec.convert(TYPE.parse(text, lambda _name, _kinds: ""), Money)


def bn(number: str) -> Decimal:
    """Return a number of billions in full."""
    return Decimal(number).scaleb(9)


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("more than 3 billion USD", Money(bn("3"), "USD", Bound.MORE_THAN), "more than $3 billion"),
        ("at least 3 billion USD", Money(bn("3"), "USD", Bound.AT_LEAST), "at least $3 billion"),
        ("$3bn or more", Money(bn("3"), "USD", Bound.AT_LEAST), "at least $3 billion"),
        ("$3bn+", Money(bn("3"), "USD", Bound.AT_LEAST), "at least $3 billion"),
        ("under $3bn", Money(bn("3"), "USD", Bound.LESS_THAN), "less than $3 billion"),
        ("no more than EUR 3.5 m", Money(Decimal(3500000), "EUR", Bound.AT_MOST), "at most €3.5 million"),
        ("nearly 4 billion USD", Money(bn("4"), "USD", Bound.NEARLY), "nearly $4 billion"),
        ("some 4 billion pounds", Money(bn("4"), "GBP", Bound.ABOUT), "about £4 billion"),
        ("US$3 billion", Money(bn("3"), "USD"), "$3 billion"),
        ("3-billion USD", Money(bn("3"), "USD"), "$3 billion"),
        ("3.99 billion U.S. dollars", Money(bn("3.99"), "USD"), "$3.99 billion"),
        ("3 billion dollars", Money(bn("3"), "USD"), "$3 billion"),
        ("A$1.2bn", Money(bn("1.2"), "AUD"), "A$1.2 billion"),
        ("2.4 billion zloty", Money(bn("2.4"), "PLN"), "2.4 billion PLN"),
        ("500 mln USD", Money(Decimal(500000000), "USD"), "$500 million"),
        ("USD 3,072 million", Money(bn("3.072"), "USD", unit="million"), "$3,072 million"),
        ("1 000 000 EUR", Money(Decimal(1000000), "EUR"), "€1 million"),
        ("1'000'000 CHF", Money(Decimal(1000000), "CHF"), "1 million CHF"),
        ("Rs 25,000 crore", Money(bn("250"), "INR", unit="crore"), "₹25,000 crore (₹250 billion)"),
        ("Rs. 80,000 cr", Money(bn("800"), "INR", unit="crore"), "₹80,000 crore (₹800 billion)"),
        ("₹1 lakh crore", Money(bn("1000"), "INR", unit="lakh crore"), "₹1 lakh crore (₹1 trillion)"),
        ("rs 5 lakh", Money(Decimal(500000), "INR", unit="lakh"), "₹5 lakh (₹500,000)"),
        ("1,23,456 INR", Money(Decimal(123456), "INR"), "₹123,456"),
        (
            "₹32,000 crore (contract)",
            Money(bn("320"), "INR", kind="contract", unit="crore"),
            "₹32,000 crore (₹320 billion, contract)",
        ),
        ("$3-4 billion", Money(bn("3"), "USD", most=bn("4")), "$3–4 billion"),
        ("between 3 and 4 billion USD", Money(bn("3"), "USD", most=bn("4")), "$3–4 billion"),
        ("USD 900 million to 1 billion", Money(bn("0.9"), "USD", most=bn("1")), "$0.9–1 billion"),
        (
            "3 bn USD (notified ceiling)",
            Money(bn("3"), "USD", kind="notified ceiling"),
            "$3 billion (notified ceiling)",
        ),
        ("3 billion (estimate) USD", Money(bn("3"), "USD", kind="estimate"), "$3 billion (estimate)"),
    ],
)
def test_reads_usual_forms(text: str, value: Money, words: str) -> None:
    assert parse(text) == value
    assert TYPE.words(value, {}) == words


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("EUR 1,2 billion", '"1,2" is 1.2 or 12'),
        ("0,5 billion EUR", '"0,5" is 0.5 or 5'),
        ("0,500 billion EUR", '"0,500" is 0.500 or 500'),
        ("12,34 USD", '"12,34" is 12.34 or 1,234'),
        ("5,000,00 USD", '"5,000,00" is 5,000.00 or 500,000'),
        ("3.072,5 USD", '"3.072,5" is 3,072.5 or 30,725'),
        ("$1,2-1,5 billion", '"1,5" is 1.5 or 15'),
        ("500 mln", "names no currency"),
        ("300 mio", "names no currency"),
        ("3 billion", "names no currency"),
        ("10 mil", 'no currency or unit: "mil"'),
        ("3 billion XYZ", 'no currency or unit: "XYZ"'),
        ("€49bn / year", 'no currency or unit: "/ year"'),
        ("¥5 billion", '"¥" is JPY or CNY'),
        ("5 million kr", '"kr" is SEK or NOK or DKK'),
        ("USD 3 billion EUR", "names two currencies"),
        ("$3 to €4 billion", "names two currencies"),
        ("$4-3 billion", "begins with the higher amount"),
        ("more than 3-4 billion USD", 'is a range and "more than" at once'),
        ("three billion dollars", "is not an amount"),
        ("$-3 billion", "is not an amount"),
        ("٣ billion USD", "is not an amount"),
        ("", "is not an amount"),
    ],
)
def test_refuses_what_can_mean_several_amounts_or_none(text: str, problem: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(text)
    assert problem in str(refused.value)
    assert "Nothing was changed." in str(refused.value)


AMOUNTS = st.decimals(min_value=0, max_value=Decimal(10) ** 15, allow_nan=False, allow_infinity=False, places=2)


@st.composite
def moneys(draw: st.DrawFn) -> Money:
    """Return any amount that can be typed."""
    amount = Decimal(f"{draw(AMOUNTS).normalize():f}")
    more = draw(st.none() | AMOUNTS.filter(lambda extra: extra > 0))
    most = None if more is None else Decimal(f"{(amount + more).normalize():f}")
    bounds = [Bound.EXACT, Bound.ABOUT] if most is not None else list(Bound)
    kind = draw(st.sampled_from(["", "estimate", "notified ceiling", "with the first contract"]))
    unit = draw(st.sampled_from(["", "million", "billion", "crore", "lakh crore"]))
    money = Money(amount, draw(st.sampled_from(sorted(CODES))), draw(st.sampled_from(bounds)), kind, most, unit)
    return parse(TYPE.typed(money, {}))


@given(moneys(), st.booleans())
def test_what_is_shown_or_offered_reads_as_the_same_amount(money: Money, gone: bool) -> None:
    value = msgspec.structs.replace(money, gone=gone)
    assert parse(TYPE.typed(value, {})) == value
    assert parse(TYPE.words(money, {})) == money
    assert stored.decode_value("deal", "value", stored.encode(value)) == value


@given(
    st.text(max_size=60)
    | st.from_regex(r"[$€₹A-Z ]{0,4}[0-9.,' ]{1,9} ?(million|bn|crore)?[ A-Z(),a-z]{0,9}", fullmatch=True)
)
def test_any_text_is_read_or_refused_kindly(text: str) -> None:
    money, refusal = None, ""
    try:
        money = parse(text)
    except BadInput as error:
        refusal = str(error)
    if money is None:
        assert "Nothing was changed." in refusal
    else:
        assert money.currency in CODES
        assert parse(TYPE.typed(money, {})) == money


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_a_comma_counts_only_between_complete_groups(whole: int, part: int) -> None:
    text = f"{whole},{part}"
    complete = whole > 0 and len(str(part)) == 3 and len(str(whole)) <= 3
    try:
        amount: Decimal | None = parse(f"{text} USD").amount
    except BadInput:
        amount = None
    assert amount == (Decimal(whole * 1000 + part) if complete else None)


def test_an_at_least_of_the_first_release_is_read_as_more_than() -> None:
    old = '{"amount":"3000000000","currency":"USD","bound":"at least"}'
    value = stored.decode_value("deal", "value", old)
    assert isinstance(value, Money)
    assert value == Money(bn("3"), "USD", Bound.MORE_THAN)
    assert TYPE.words(value, {}) == "more than $3 billion"
    assert TYPE.typed(value, {}) == "more than 3 billion USD"


def test_names_of_currencies_have_one_code_or_are_ambiguous() -> None:
    assert set(NAMED.values()) <= CODES
    assert not NAMED.keys() & AMBIGUOUS.keys()
    assert all(set(codes) <= CODES and len(codes) > 1 for codes in AMBIGUOUS.values())
