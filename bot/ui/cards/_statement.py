"""The blocks of a statement's card that have a function of their own."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ledger.cited import cited, one_day
from bot.ledger.kinds import get_field
from bot.ledger.values import record_of
from bot.ui.cards._draft import CardDraft, CardLine, Worded
from bot.ui.text import clip, joined
from data.records import CitedText


def _lead(d: CardDraft) -> None:
    found = d.record
    sides = {link.slug for link in d.opened.links if link.field == "whose" and link.kind == "participant"}
    whose = [part.text for part in d.fact_parts("whose", 100)]
    together = len(whose) > 1 and all(record_of(fact.value) in sides for fact in found.state.facts("whose"))
    said = found.state.fact("said")
    words = clip(get_field("statement", "said").type.words(said.value, d.names), 600) if said else ""
    if one_day([*found.state.facts("whose"), said]) and words and whose:
        owner = f"{_some_words(whose, 4)}{', together' if together else ''}"
        d.lead.append(CardLine("", [cited(f"{owner}: {words}", *found.state.facts("whose"), said)]))
    else:
        d.lead.append(
            CardLine(
                "",
                [
                    *(d.fact_parts("whose", 100)[:4] or [CitedText("Whose it is, is not in the record")]),
                    cited(words, said),
                ],
            )
        )


def _some_words(words: Sequence[str], most: int) -> str:
    return joined(words) if len(words) <= most else f"{', '.join(words[:most])} and {len(words) - most:,} more"


WORDED: Worded = {"lead": _lead}
