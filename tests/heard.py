"""Messages written out as a screen reader reads them aloud, and the faults that a listener would notice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_LINK = re.compile(r"\[([^\[\]]+)\]\(<?(https?://[^)>\s]+)>?\)")
_MARKS = re.compile(r"(?<!\\)(\*\*|__|~~|\*|`)")
_ESCAPE = re.compile(r"\\(.)")
_HEADING = re.compile(r"(#{1,3}) (.+)")


def heard(content: str | None, components: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """Return what a screen reader says of a message, one entry for each line of text and each control.

    Examples: "heading 2: 31 armed drones", "Value: more than $3 billion", "button: Follow", "link: Read dsca.mil" and
    "menu: Open a linked record (India: country; China: country)".
    """
    said = list(_lines(content or ""))
    for part in components:
        said += _component(part)
    return said


def _component(part: Mapping[str, Any]) -> Iterator[str]:
    kind = part.get("type")
    if kind == 10:
        yield from _lines(part["content"])
    elif kind == 2:
        yield f"{'link' if part.get('style') == 5 else 'button'}: {part.get('label', '')}"
    elif kind == 3:
        options = "; ".join(
            f"{option['label']}: {option['description']}" if option.get("description") else option["label"]
            for option in part["options"]
        )
        yield f"menu: {part.get('placeholder', '')} ({options})"
    for child in [*part.get("components", []), *([part["accessory"]] if part.get("accessory") else [])]:
        yield from _component(child)


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.strip():
            continue
        if heading := _HEADING.fullmatch(line):
            yield f"heading {len(heading[1])}: {_spoken(heading[2])}"
        else:
            yield _spoken(re.sub(r"^(-# |[-*] |> )", "", line.strip()))


def _spoken(line: str) -> str:
    """Return a line as it is spoken: without Markdown marks, backslashes of escapes and the addresses of links."""
    line = _LINK.sub(r"\1 (link)", line)
    return _ESCAPE.sub(r"\1", _MARKS.sub("", line)).strip()


def mistakes(said: Sequence[str]) -> list[str]:
    """Return the faults that a listener would notice in a message that was written out by `heard`.

    Faults are a heading that skips a level or has no text below it, two controls with the same label, and a line that
    separates its parts by a middle dot.
    """
    faults: list[str] = []
    level = 1
    for index, entry in enumerate(said):
        if heading := re.match(r"heading (\d): ", entry):
            if int(heading[1]) > level + 1:
                faults.append(f"skips a level: {entry}")
            level = int(heading[1])
            following = said[index + 1] if index + 1 < len(said) else "button: "
            if re.match(r"(button|link|menu): ", following):
                faults.append(f"nothing under it: {entry}")
        elif " · " in entry and not entry.startswith("menu: "):
            faults.append(f"leans on a middle dot: {entry}")
    controls = [entry.partition(" (")[0] for entry in said if re.match(r"(button|link|menu): ", entry)]
    labels = [entry.partition(": ")[2] for entry in controls]
    faults += [f"two controls of one label: {label}" for label in sorted(set(labels)) if labels.count(label) > 1]
    return faults
