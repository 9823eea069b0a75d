"""Adds the lines of a dialogue's card that are about its sessions."""

from __future__ import annotations

from bot.ui.cards._draft import CardDraft, Worded
from data.records import CitedText


def _latest_session(draft: CardDraft) -> None:
    if draft.session is None:
        return
    latest = CardDraft(draft.session, draft.now, None)
    session = draft.session.record
    status = [
        CitedText(f"{session.name}: {part.text[:1].lower()}{part.text[1:]}", part.facts) for part in session.status
    ]
    draft.add_line("Latest session", status or [CitedText(session.name)], listed=False, reported=True)
    draft.add_line("Principals", latest.value_texts("attended"), most=4)
    draft.add_line("Agenda", latest.value_texts("agenda"))
    draft.add_line("Outcome", latest.value_texts("produced"))


def _earlier_sessions(draft: CardDraft) -> None:
    sessions = draft.linked("session")
    draft.add_records("Earlier sessions", sessions[1:] if draft.session is not None else sessions)


WORDED: Worded = {"latest_session": _latest_session, "earlier_sessions": _earlier_sessions}
