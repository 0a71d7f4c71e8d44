"""A project's text with another image, at the services that run one of its repository; nothing else of it differs.

Where a service names its image by a variable, that gets another value, as long as nothing that is to stay has it too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.apply.documents import locate
from clusters.compose.check import Checked, check, read_text
from clusters.compose.versions import Kept
from clusters.errors import Conflict
from clusters.registries.reference import named, read_reference

_BY_HAND = "Change it in its text, and deploy that."
_ANCHOR = re.compile(r"&\S+\s+")
_VARIABLE = re.compile(r"\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?::?[-?][^${}]*)?\})")


@dataclass(frozen=True, slots=True)
class WithImage:
    """The project as it would be, and the services that are meant.

    ``spelled``: those of them whose variable gives way to the name itself.
    """

    asked: Checked
    services: Sequence[str]
    is_same: bool = False  # that image was named already
    spelled: Sequence[str] = ()


async def with_image(kept: Kept, name: str, image: str) -> WithImage:
    """That version with the image; the same text where it names that already.

    Raises what is wrong with the text, and Conflict where the image cannot be another one by itself.
    """
    before = await check(kept.text, name, kept.values, kept.scale, stored=kept.secrets)
    home, now = read_reference(image).home, _services(before)
    meant = [one for one in before.services if (found := named(str(now[one].get("image")))) and found.home == home]
    if not meant:
        words = f"No service in the text of {name}, version {kept.number}, names that image: another text made it."
        raise Conflict(words, hint=_BY_HAND)
    other = [one for one in meant if now[one]["image"] != image]
    if not other:
        return WithImage(before, meant, is_same=True)
    services = {one: {**now[one], "image": image} if one in other else now[one] for one in now}
    sections, left_out = _all_of(before)
    expected = {**sections, "services": services}, left_out
    tree = read_text(kept.text).tree["services"]
    named_by = {one: str(tree[one].get("image") or "") for one in other}  # "" where it comes from elsewhere in the text
    by_variable = {one: text for one, text in named_by.items() if "$" in text}
    values = _values(by_variable, image, [one.name for one in before.variables if not one.secret])
    if values and not _speaks_of(left_out, values):
        plain = [one for one in other if one not in by_variable]
        text = put_image(kept.text, plain, image)
        asked = await check(text, name, {**kept.values, **values}, kept.scale, stored=kept.secrets)
        if _all_of(asked) == expected:
            return WithImage(asked, meant)
    asked = await check(put_image(kept.text, other, image), name, kept.values, kept.scale, stored=kept.secrets)
    if _all_of(asked) != expected:
        words = f"The image of {', '.join(other)} cannot be changed alone: the text shares it with what is to stay."
        raise Conflict(words, hint=_BY_HAND)
    return WithImage(asked, meant, spelled=sorted(by_variable))


def _all_of(asked: Checked) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Its sections, without what only gives to them; and services of a profile that nobody asked for, as written.

    A variable may be in the name of a volume, too: that would be another, empty one.
    """
    sections = {name: one for name, one in asked.project.items() if not name.startswith("x-")}
    tree = read_text(asked.text).tree["services"]
    return sections, {one: tree[one] for one in tree.keys() - _services(asked).keys()}


def _speaks_of(services: Mapping[str, Any], names: Iterable[str]) -> bool:
    written = json.dumps(services)
    return any(re.search(rf"\b{re.escape(one)}\b", written) for one in names)


def _values(by_variable: Mapping[str, str], image: str, known: Collection[str]) -> Mapping[str, str]:
    """What the variables have to be so that each of these texts is that image; nothing where that cannot be."""
    values: dict[str, str] = {}
    for text in by_variable.values():
        found = list(_VARIABLE.finditer(text))
        if len(found) != 1:
            return {}
        before, after = text[: found[0].start()], text[found[0].end() :]
        name, value = found[0]["bare"] or found[0]["braced"], image[len(before) : len(image) - len(after)]
        if name not in known or not value or f"{before}{value}{after}" != image or values.get(name, value) != value:
            return {}
        values[name] = value
    return values


def put_image(text: str, services: Collection[str], image: str) -> str:
    """The text with that image written where these services name theirs; all else stays as it was typed.

    Where an anchor or a merge gives it to others as well, so does the new one: whoever asks looks at what came of it.
    """
    text = text.replace("\r\n", "\n")
    node, pieces = read_text(text).node, dict[int, tuple[int, str]]()
    for one in services:
        service = locate(node, ("services", one), key=False)
        given = locate(service, ("image",), key=False)
        if given is service:  # << brings it: what stands in the service itself counts
            first = service.value[0][0].start_mark
            apart = ", " if service.flow_style else f"\n{' ' * first.column}"
            pieces[first.index] = (first.index, f"image: {image}{apart}")
            continue
        start, end = given.start_mark.index, given.end_mark.index
        anchor = _ANCHOR.match(text, start, end)
        pieces[anchor.end() if anchor else start] = (end, json.dumps(image) if given.style else image)
    for start, (end, piece) in sorted(pieces.items(), reverse=True):
        text = f"{text[:start]}{piece}{text[end:]}"
    return text


def _services(checked: Checked) -> Mapping[str, Any]:
    found: Mapping[str, Any] = checked.project.get("services") or {}
    return found
