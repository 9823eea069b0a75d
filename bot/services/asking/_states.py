"""Whether a stage or state was reached, or is not in the record."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from datetime import date

from bot.ask.finding import Missing, Told
from bot.ledger.kinds import stage_rank
from bot.services.asking._scene import Scene, facts_of, stage_of
from data.records import Approval, Opened


async def check(scene: Scene) -> None:
    """What a question for a stage finds: that it was reached, or that this is not in the record."""
    lines = scene.found.lines
    for subject in scene.subjects:
        kind = subject.record.kind
        if kind == "deal":
            await _check_deal(scene, subject)
        elif kind == "session" and (asked := scene.reading.of("session_states")):
            if scene.reading.has("future", ""):
                lines.append(Missing("A date to come", subject))
            elif subject.record.state.value("state") not in asked:
                lines.append(scene.no_state("session_states", asked[0], subject))
            lines.append(Told(subject, facts_of(subject, "state")))
        elif kind == "statement" and scene.reading.yes_no and (outcomes := scene.reading.of("outcomes")):
            lines.append(scene.no_state("outcomes", outcomes[0], subject))
        elif kind in ("document", "dialogue") and (stages := scene.reading.of("stages")):
            lines.append(scene.no_state("stages", stages[0], subject))


async def _check_deal(scene: Scene, deal: Opened) -> None:
    """The stages and side states that are asked for: reached when, or not in the record and what is instead."""
    lines: list[Told | Missing] = []
    stage = deal.record.state.text("stage") or "unspecified"
    asked = scene.reading.of("stages")
    if deal.record.state.facts("approval"):
        # The approvals themselves are told, each with who gives it.
        granted = any(fact.value.state == "granted" for fact in deal.record.state.facts("approval", Approval))
        if "approved" in asked and scene.reading.yes_no and not granted:
            lines.append(scene.no_state("stages", "approved", deal))
        asked = [one for one in asked if one != "approved"]
    before: list[Told | Missing] = []
    for one in asked:
        reached = await scene.reached(deal, one) if stage != one else None
        by_then = scene.found.day is None or reached is None or (reached.date.day or date.min) <= scene.found.day
        if reached is not None and by_then:
            before.append(Told(deal, [("stage", reached.fact)], "reached"))
        elif stage_rank(stage) < stage_rank(one):
            lines.append(scene.no_state("stages", one, deal))
    sides = [one for one in scene.reading.of("side_states") if deal.record.state.value("side_state") != one]
    lines += [scene.no_state("side_states", one, deal) for one in sides]
    if asked or scene.reading.of("side_states"):
        lines.append(stage_of(deal))
    scene.found.lines += [*lines, *before]
