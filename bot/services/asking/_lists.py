"""Lists of records, and two of them side by side."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.ask.finding import Listed, Missing, Told
from bot.ledger.kinds import SESSION_STATES, SIDE_STATES, get_field
from bot.ledger.words import words_of
from bot.services import records
from bot.services.asking import _fields, _pending, _roles, _whose
from bot.services.asking._holders import is_of
from bot.services.asking._scene import LISTED, MOST, Scene, facts_of, identity, row_of, stage_of
from bot.services.index import RECORD_ID
from data.records import Kind, Opened, Row

_COMPARED: dict[str, tuple[str, ...]] = {
    "deal": ("party", "value", "quantity", "deal_type"),
    "participant": ("type", "title", "org_type", "country"),
    "session": ("held_on", "place", "attended", "agenda", "produced"),
    "document": ("doc_type", "issuer", "dated", "topic"),
    "statement": ("whose", "said"),
    "pending": ("who", "due"),
}

_STATES: dict[str, tuple[str, str, Mapping[str, str]]] = {
    "deal": ("side_states", "side_state", SIDE_STATES),
    "session": ("session_states", "state", SESSION_STATES),
}
_LOOKED_AT, _OPENED = 200, 40
"""Of the records that hold some words so many are counted; so many are opened to see in which state they are."""


def asks(scene: Scene) -> bool:
    if scene.reading.has("kinds", "statement") and not scene.reading.has("kinds", "deal"):
        return False
    if scene.lists() or any(_is_left_out(scene, one) for one in scene.subjects):
        return True
    if not scene.reading.of("groups") or scene.subjects or scene.left:
        return False
    fields = [n for n in scene.aspects if scene.lex.aspects[n].fields and not scene.lex.aspects[n].weak]
    return not set(fields) - {"parties"}


async def tell(scene: Scene) -> None:
    kinds = [kind for kind in scene.reading.of("kinds") if kind in LISTED]
    if not kinds and scene.reading.of("groups"):
        await _list_group(scene)
        return
    left_out = [one.record.kind for one in scene.subjects if _is_left_out(scene, one)]
    kind: Kind = [*kinds, *left_out, "participant"][0]
    waits = kind == "deal" and scene.reading.has("aspects", "pending") and not scene.reading.of("stages")
    if kind == "pending" or (waits and not scene.subjects):
        await _pending.tell(scene)
        if scene.found.answered or scene.found.lines:
            return
    asked = scene.reading.of("stages")
    stage = asked[0] if asked and kind == "deal" else None
    excluded = [one for one in scene.subjects if _is_excluded(scene, one)]
    linked = [one for one in scene.subjects if one.record.kind != kind and one not in excluded]
    if any(one.record.kind == kind and one not in excluded for one in scene.subjects):
        await _fields.tell(scene)
        return
    negated = stage is not None and _is_negated(scene, stage)
    held = scene.held(scene.left)
    chosen = bool(linked or excluded or negated or held)
    past = scene.found.day is not None
    if stage == "approved" and scene.reading.has("aspects", "pending", "who_acts") and not (past and chosen):
        await _list_waiting(scene, linked)
    elif past and (chosen or kind != "deal"):
        await _list_past(scene, kind, linked, excluded, stage, negated=negated)
    elif not excluded and (lacking := _lacking(scene, kind)):
        await _list_lacking(scene, kind, linked, lacking)
    elif excluded or negated:
        rows, total = await _newest(scene, kind, linked, stage, excluded, negated)
        without = _named(excluded)
        scene.found.listed = Listed(kind, rows, total, _named(linked), stage, without=without, negated=negated)
    elif stage is not None or not await _list_in_state(scene, kind, linked):
        await _list_all(scene, kind, linked, stage)


def _named(found: Sequence[Opened]) -> tuple[tuple[str, str], ...]:
    """Records by slug, with their names."""
    return tuple((one.record.slug, one.record.name) for one in found)


async def _list_all(scene: Scene, kind: Kind, linked: Sequence[Opened], stage: str | None) -> None:
    """Records of a kind: those that hold the other words, are linked and at the stage; what none fits is said first."""
    unfit = "session_states" if kind == "deal" else "stages"
    scene.found.lines += [scene.no_state(unfit, one, None) for one in scene.reading.of(unfit)[:1]]
    held = scene.held(scene.left)
    texts = await scene.texts(kinds=(kind,), linked=linked, words=held, limit=_LOOKED_AT) if held else []
    fitting = [text.slug for text in texts if text.rank(held)[0] == len(held)]
    if len(held) < len(scene.left) or (held and not fitting):
        # Whatever is listed, it was not found by this word.
        scene.found.lines.append(Missing("Part of what was asked"))
    least = False
    if fitting and stage is None:
        rows, total, least = await scene.rows(fitting[:MOST]), len(fitting), len(texts) == _LOOKED_AT
    elif scene.found.day is not None:
        rows, total = await records.list_kind_as_of(
            scene.conn, scene.guild_id, "deal", day=scene.found.day, stage=stage, limit=MOST
        )
    else:
        rows, total = await _newest(scene, kind, linked, stage) if linked else ([], 0)
        if not rows:
            slugs = [one.record.slug for one in linked]
            rows, total = await records.list_kind(
                scene.conn, scene.guild_id, kind, stage=stage, linked=slugs, limit=MOST
            )
    scene.found.listed = Listed(kind, rows, total, _named(linked), stage, least=least)


def _lacking(scene: Scene, kind: Kind) -> list[str]:
    """The fields without which records are asked for: "deals without a value"."""
    for (category, name), places in scene.reading.meanings.items():
        fields = scene.lex.aspects[name].fields.get(kind, []) if category == "aspects" else []
        before = [scene.reading.word(places[0] - back) for back in (1, 2)]
        if fields and any(word in scene.lex.without or word in scene.lex.negations for word in before):
            return fields
    return []


async def _list_lacking(scene: Scene, kind: Kind, linked: Sequence[Opened], fields: Sequence[str]) -> None:
    """Records in which these fields are empty; no reported stage is none."""
    texts = await scene.texts(kinds=(kind,), linked=linked, limit=_OPENED)
    found = [
        one
        for one in await scene.open([text.slug for text in texts])
        if all(one.record.state.value(field) in (None, "none", "unspecified") for field in fields)
    ]
    label = get_field(kind, fields[0]).label.lower()
    rows = [row_of(one) for one in found[:MOST]]
    names = _named(linked)
    least = len(texts) == _OPENED
    scene.found.listed = Listed(kind, rows, len(found), names, least=least, lacking=label)


async def _list_waiting(scene: Scene, linked: Sequence[Opened]) -> None:
    """Deals that wait for an approval."""
    if scene.found.day is not None:
        rows, total = await records.list_kind_as_of(
            scene.conn, scene.guild_id, "deal", day=scene.found.day, open=True, limit=MOST
        )
    else:
        match = f"tags : ({scene.tags(('deal',), linked)} AND g{scene.guild_id}o)"
        rows, total = await _matching(scene, match)
    scene.found.listed = Listed("deal", rows, total, _named(linked), waiting=True)


async def _list_past(
    scene: Scene,
    kind: Kind,
    linked: Sequence[Opened],
    excluded: Sequence[Opened],
    stage: str | None,
    *,
    negated: bool,
) -> None:
    """Records that were linked so, and at a stage, on the day: of those found today each is looked at as it stood."""
    held = scene.held(scene.left)
    texts = await scene.texts(kinds=(kind,), linked=linked, words=held, limit=_OPENED)
    stood = await scene.open([text.slug for text in texts if text.rank(held)[0] == len(held)])

    def names(one: Opened, other: Opened) -> bool:
        kin = {
            other.record.slug,
            *(government.record.slug for government in scene.governments.get(other.record.slug, ())),
        }
        return any(link.outward and link.slug in kin for link in one.links)

    found = [
        one
        for one in stood
        if all(names(one, other) for other in linked)
        and not any(names(one, other) for other in excluded)
        and (stage is None or (one.record.state.value("stage") == stage) != negated)
    ]
    words, without = _named(linked), _named(excluded)
    rows = [row_of(one) for one in found[:MOST]]
    least = len(texts) == _OPENED
    scene.found.listed = Listed(kind, rows, len(found), words, stage, least=least, without=without, negated=negated)


async def _list_in_state(scene: Scene, kind: Kind, linked: Sequence[Opened]) -> bool:
    """Whether those are asked for that are, beside their stage, in a state such as cancelled; they are found by it."""
    category, field, labels = _STATES.get(kind, ("", "", {}))
    asked = [one for one in scene.reading.of(category) if one in labels]
    if not asked:
        return False
    texts = await scene.texts(kinds=(kind,), linked=linked, words=words_of(labels[asked[0]]), limit=_OPENED)
    found = [
        one for one in await scene.open([text.slug for text in texts]) if one.record.state.value(field) == asked[0]
    ]
    if found:
        words = _named(linked)
        most = len(texts) == _OPENED
        scene.found.listed = Listed(kind, [row_of(one) for one in found[:MOST]], len(found), words, least=most)
    else:
        scene.found.lines.append(scene.no_state(category, asked[0], None))
    return True


def _is_left_out(scene: Scene, one: Opened) -> bool:
    """Whether all but one record is asked for: "everything except the drones"."""
    name = scene.names.get(one.record.slug)
    return name is not None and any(scene.reading.word(name.start - back) in scene.lex.without for back in (1, 2))


def _is_excluded(scene: Scene, one: Opened) -> bool:
    """Whether a record is named as what is left out: "without India", "that do not involve India", "India is not"."""
    name = scene.names.get(one.record.slug)
    if name is None:
        return False
    before = [scene.reading.word(name.start - back) for back in (1, 2, 3, 4)]
    if any(word in scene.lex.without for word in before[:3]) or any(word in scene.lex.negations for word in before):
        return True
    return scene.reading.word(name.end) in scene.lex.negations and not scene.reading.of("stages")


def _is_negated(scene: Scene, stage: str) -> bool:
    """Whether those are asked for that are not at a stage."""
    first = min(scene.reading.meanings["stages", stage])
    return any(scene.reading.word(first - back) in scene.lex.negations for back in (1, 2, 3))


async def _newest(
    scene: Scene,
    kind: Kind,
    linked: Sequence[Opened],
    stage: str | None,
    excluded: Sequence[Opened] = (),
    negated: bool = False,
) -> tuple[list[Row], int]:
    """The newest records of a kind that name all of some others, and how many there are; from the index alone."""
    tags = scene.tags((kind,), linked, None if negated else stage)
    left_out = [scene.tags((), [one]) for one in excluded]
    left_out += [scene.tags((), (), stage)] if negated else []
    if left_out:
        tags = f"({tags}) NOT ({' OR '.join(f'({one})' for one in left_out)})"
    rows, total = await _matching(scene, f"tags : ({tags})", len(excluded))
    own = {one.record.slug for one in excluded if one.record.kind == kind}
    return [row for row in rows if row.slug not in own][:MOST], total - len(own)


async def _matching(scene: Scene, match: str, more: int = 0) -> tuple[list[Row], int]:
    """The newest records that the index finds, a few more than are told, and how many there are."""
    rows = await scene.conn.execute_fetchall(
        "SELECT r.slug FROM (SELECT rowid FROM search_index WHERE search_index MATCH ? ORDER BY rowid DESC LIMIT ?) "
        "hit CROSS JOIN record r ON r.id = hit.rowid & ?",
        (match, MOST + more, RECORD_ID),
    )
    ((total,),) = await scene.conn.execute_fetchall(
        "SELECT count(*) FROM search_index WHERE search_index MATCH ?", (match,)
    )
    return await scene.rows([slug for (slug,) in rows]), total


async def _list_group(scene: Scene) -> None:
    """The countries, people or companies there are."""
    groups = [scene.lex.groups[name] for name in scene.reading.of("groups")]
    found: dict[str, Opened] = {}
    least = False
    for group in groups:
        words = group.holds or [group.type]
        texts = await scene.texts(kinds=("participant",), words=words, limit=_LOOKED_AT)
        least = least or len(texts) == _LOOKED_AT
        found |= {one.record.slug: one for one in await scene.open([t.slug for t in texts]) if is_of(one, group)}
    rows = sorted((row_of(one) for one in found.values()), key=lambda row: row.name.casefold())
    scene.found.listed = Listed("participant", rows[:MOST], len(rows), least=least)


async def tell_bystanders(scene: Scene) -> None:
    """Those who are mentioned and take part in nothing."""
    pairs, total = await records.list_participants(scene.conn, scene.guild_id, party=False, limit=MOST)
    scene.found.listed = Listed("participant", [row for row, _ in pairs], total)


async def find_other(scene: Scene) -> bool:
    """Whether there are two to compare; of "the fourth and fifth round" the first is found by its word."""
    if len(scene.subjects) == 1 and scene.held(scene.left):
        first = scene.subjects[0]
        texts = await scene.texts(kinds=(first.record.kind,), words=scene.left)
        others = [text.slug for text in texts if text.slug != first.record.slug and text.rank(scene.left)[1]]
        scene.subjects = [*await scene.open(others[:1]), first]
    return len(scene.subjects) > 1


async def compare(scene: Scene) -> None:
    kind = scene.subjects[0].record.kind
    for one in scene.subjects[:3]:
        if one.record.kind == "deal":
            scene.found.lines.append(stage_of(one))
        for field in _COMPARED.get(kind, ()):
            if facts := facts_of(one, field):
                scene.found.lines.append(Told(one, facts))
    abouts = [one for one in scene.subjects if one.record.kind in ("topic", "place", "event", "document")]
    if kind == "participant" and abouts:
        await _compare_said(scene, abouts)
        return
    if kind == "participant":
        scene.found.lines = []
        for one in scene.subjects[:3]:
            scene.found.lines.append(identity(one))
            await _roles.tell_roles_of(scene, one)
    if not scene.found.lines:
        scene.found.lines = [identity(one) for one in scene.subjects[:3]]


async def _compare_said(scene: Scene, abouts: Sequence[Opened]) -> None:
    """What each of those named said about something."""
    scene.found.lines = []
    said: dict[str, Opened] = {}
    for one in [one for one in scene.subjects if one.record.kind == "participant"]:
        own = await _whose.said(scene, abouts, scene.left, {one.record.slug})
        if not own:
            scene.found.lines.append(Missing(f"A statement by {one.record.name} on this", one))
        said |= {statement.record.slug: statement for statement in own}
    scene.show(list(said.values()) or await _whose.said(scene, abouts, [], set()))
