"""The blocks of a dialogue's card that have a function of their own."""

from __future__ import annotations

from bot.ui.cards._draft import CardDraft, Worded
from data.records import CitedText


def _latest_session(d: CardDraft) -> None:
    if d.session is None:
        return
    latest = CardDraft(d.session, d.now, None)
    own = d.session.record
    held = [CitedText(f"{own.name}: {part.text[:1].lower()}{part.text[1:]}", part.facts) for part in own.status]
    d.add("Latest session", held or [CitedText(own.name)], listed=False, reported=True)
    d.add("Principals", latest.fact_parts("attended"), most=4)
    d.add("Agenda", latest.fact_parts("agenda"))
    d.add("Outcome", latest.fact_parts("produced"))


def _earlier_sessions(d: CardDraft) -> None:
    sessions = d.linked("session")
    d.named("Earlier sessions", sessions[1:] if d.session is not None else sessions)


WORDED: Worded = {"latest_session": _latest_session, "earlier_sessions": _earlier_sessions}
