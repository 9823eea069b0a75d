"""Currencies: the ISO 4217 codes, and the signs and words by which texts name them."""

from __future__ import annotations

from collections.abc import Mapping

CODES = frozenset({
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN",
    "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF",
    "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB",
    "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG",
    "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF",
    "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA",
    "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO",
    "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD",
    "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN",
    "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX",
    "USD", "UYU", "UZS", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XDR", "XOF", "XPF", "YER", "ZAR",
    "ZMW", "ZWG",
})  # fmt: skip
"""The currencies in use, and the special drawing rights of the International Monetary Fund (XDR)."""

SIGNS: Mapping[str, str] = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "INR": "₹",
    "KRW": "₩",
    "ILS": "₪",
    "TRY": "₺",
    "UAH": "₴",
    "RUB": "₽",
    "VND": "₫",
    "PHP": "₱",
    "NGN": "₦",
    "AUD": "A$",
    "CAD": "C$",
    "NZD": "NZ$",
    "SGD": "S$",
    "HKD": "HK$",
    "TWD": "NT$",
    "BRL": "R$",
}
"""The sign that stands before an amount, by code. Amounts in any other currency are shown with their code."""

NAMED: Mapping[str, str] = {
    **{sign.casefold(): code for code, sign in SIGNS.items()},
    "us$": "USD",
    "u.s.$": "USD",
    "au$": "AUD",
    "ca$": "CAD",
    "rs": "INR",
    "rs.": "INR",
    "zł": "PLN",
    "kč": "CZK",
    "rmb": "CNY",
    "dollar": "USD",
    "us dollar": "USD",
    "u.s. dollar": "USD",
    "american dollar": "USD",
    "australian dollar": "AUD",
    "canadian dollar": "CAD",
    "singapore dollar": "SGD",
    "hong kong dollar": "HKD",
    "taiwan dollar": "TWD",
    "new zealand dollar": "NZD",
    "euro": "EUR",
    "pound": "GBP",
    "pound sterling": "GBP",
    "british pound": "GBP",
    "egyptian pound": "EGP",
    "rupee": "INR",
    "indian rupee": "INR",
    "pakistani rupee": "PKR",
    "sri lankan rupee": "LKR",
    "yen": "JPY",
    "yuan": "CNY",
    "renminbi": "CNY",
    "won": "KRW",
    "zloty": "PLN",
    "złoty": "PLN",
    "rouble": "RUB",
    "ruble": "RUB",
    "swiss franc": "CHF",
    "swedish krona": "SEK",
    "swedish kronor": "SEK",
    "norwegian krone": "NOK",
    "norwegian kroner": "NOK",
    "danish krone": "DKK",
    "danish kroner": "DKK",
    "shekel": "ILS",
    "lira": "TRY",
    "turkish lira": "TRY",
    "hryvnia": "UAH",
    "dirham": "AED",
    "riyal": "SAR",
    "rand": "ZAR",
    "ringgit": "MYR",
    "rupiah": "IDR",
    "baht": "THB",
    "dong": "VND",
    "taka": "BDT",
}
"""The code of a currency by a sign or word in lower case, in the singular."""

AMBIGUOUS: Mapping[str, tuple[str, ...]] = {
    "¥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK"),
    "krona": ("SEK", "ISK"),
    "kronor": ("SEK", "ISK"),
    "krone": ("NOK", "DKK"),
    "kroner": ("NOK", "DKK"),
    "franc": ("CHF", "XOF", "XAF"),
    "peso": ("MXN", "PHP", "ARS", "CLP", "COP"),
    "dinar": ("KWD", "IQD", "RSD", "JOD"),
}
"""Signs and words that several currencies share, in lower case and the singular, with the codes to choose from."""


def code_of(name: str) -> str | None:
    """Return the code of a currency by its code, sign or word ("usd", "US$", "dollars"); None when it is unknown."""
    if name.upper() in CODES:
        return name.upper()
    word = name.casefold()
    return NAMED.get(word) or NAMED.get(word.removesuffix("s"))


def codes_shared_by(name: str) -> tuple[str, ...]:
    """Return the codes that an ambiguous sign or word can mean, or () if it is not ambiguous."""
    word = name.casefold()
    return AMBIGUOUS.get(word) or AMBIGUOUS.get(word.removesuffix("s"), ())
