"""Seeded mutations of documents, for comparing the verdicts of two schemas."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"

_LISTS: dict[str, list[str]] = json.loads((Path(__file__).parent / "texts.json").read_text(encoding="utf-8"))
CODES, TYPES, ATTRIBUTES = _LISTS["codes"], _LISTS["types"], _LISTS["attributes"]
TEXTS = [
    *("", " ", "æøå" * 6),
    *("x" * count for count in (16, 17, 18, 19, 35, 36, 512, 513)),
    *("1" * count for count in (10, 11, 35, 36)),
    *(text for name in ("numbers", "instants", "durations", "flags", "codes") for text in _LISTS[name]),
]
"""Texts on both sides of what some field of some document takes."""


def mutated_xml(document: etree._Element, seed: int) -> etree._Element:
    """The document with one to three small changes."""
    chance = random.Random(seed)
    namespaces: Any = {**document.nsmap, "xs": XS}
    root = etree.Element(document.tag, {}, namespaces)
    root.text = document.text
    root.extend(copy.deepcopy(child) for child in document)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        chance.choice(_XML_CHANGES)(_any(root, chance), chance)
    return root


def _any(root: etree._Element, chance: random.Random, leaf: bool = False) -> etree._Element:
    """Any element, each name as likely as any other however often it occurs."""
    named: dict[str, list[etree._Element]] = {}
    for element in root.iter():
        if element is not root and not (leaf and len(element)):
            named.setdefault(str(element.tag), []).append(element)
    return chance.choice(named[chance.choice(list(named))]) if named else root


def _change_text(element: etree._Element, chance: random.Random) -> None:
    element.text = chance.choice(TEXTS)


def _change_leaf(element: etree._Element, chance: random.Random) -> None:
    _any(element.getroottree().getroot(), chance, leaf=True).text = chance.choice(TEXTS)


def _rename(element: etree._Element, chance: random.Random) -> None:
    others = [other.tag for other in element.getroottree().iter()]
    namespace = etree.QName(element).namespace
    element.tag = chance.choice([*others, "x", f"{{{namespace}}}x", etree.QName(element).localname])


def _drop(element: etree._Element, _: random.Random) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _duplicate(element: etree._Element, _: random.Random) -> None:
    element.addnext(copy.deepcopy(element))


def _swap(element: etree._Element, _: random.Random) -> None:
    following = element.getnext()
    if following is not None:
        following.addnext(element)


def _move(element: etree._Element, chance: random.Random) -> None:
    target = chance.choice([other for other in element.getroottree().iter() if element not in other.iterancestors()])
    if target is not element and target not in element.iterdescendants():
        target.append(element)


def _clear(element: etree._Element, _: random.Random) -> None:
    element.clear()


def _change_attribute(element: etree._Element, chance: random.Random) -> None:
    bearers = [other for other in element.getroottree().iter() if other.attrib]
    bearer = chance.choice(bearers or [element])
    name = chance.choice([*map(str, bearer.keys()), *ATTRIBUTES])
    bearer.set(name, chance.choice([*CODES, "DK", "DK", "6", "9", "260", "305", " 9 "]))


def _drop_attribute(element: etree._Element, chance: random.Random) -> None:
    bearers = [other for other in element.getroottree().iter() if other.attrib]
    if bearers:
        bearer = chance.choice(bearers)
        del bearer.attrib[chance.choice(bearer.keys())]


def _instance_attribute(element: etree._Element, chance: random.Random) -> None:
    prefix = f"{element.prefix}:" if element.prefix else ""
    kind = chance.choice([*TYPES, etree.QName(element).localname])
    typed = ("type", kind if ":" in kind else prefix + kind)
    others = (("nil", "true"), ("nil", "false"), ("schemaLocation", "a b"), ("x", "1"))
    name, value = chance.choice((typed, typed, *others))
    element.set(f"{{{XSI}}}{name}", value)


def _stray_text(element: etree._Element, chance: random.Random) -> None:
    element.tail = (element.tail or "") + chance.choice(("x", " ", "\n\t", "&"))


def _child(element: etree._Element, chance: random.Random) -> None:
    child = etree.SubElement(element, chance.choice((str(element.tag), "x")))
    child.text = "1"


_XML_CHANGES = (
    *(_change_leaf,) * 8,
    *(_change_attribute,) * 3,
    *(_change_text, _rename, _drop, _duplicate, _swap, _move, _clear, _drop_attribute, _instance_attribute),
    *(_stray_text, _child),
)


def mutated_json(document: Any, seed: int) -> Any:
    """The document with one to three small changes."""
    chance = random.Random(seed)
    changed = copy.deepcopy(document)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        named: dict[str, list[tuple[Any, Any]]] = {}
        for holder, step in _places(changed):
            named.setdefault(str(step), []).append((holder, step))
        if named:
            holder, step = chance.choice(named[chance.choice(list(named))])
            chance.choice(_JSON_CHANGES)(holder, step, chance)
    return changed


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each (object or array, key or index) of a JSON value."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in list(steps):
        yield value, step
        yield from _places(inner)


def _scalar(holder: Any, step: Any, chance: random.Random) -> None:
    numbers = (0, 1, -1, 999999, 1000000, 1.0, 1.5, 1e300, 10**30, True, False, None)
    if isinstance(holder[step], (dict, list)):
        inner = [place for place in _places(holder[step]) if not isinstance(place[0][place[1]], (dict, list))]
        if inner:
            holder, step = chance.choice(inner)
    holder[step] = chance.choice((*TEXTS, *TEXTS, *numbers, *numbers, *numbers))


def _shape(holder: Any, step: Any, chance: random.Random) -> None:
    value = holder[step]
    holder[step] = chance.choice(([], [], {}, [value], {"value": value}, {"codingScheme": "A10", "value": value}))


def _drop_step(holder: Any, step: Any, _: random.Random) -> None:
    del holder[step]


def _extra(holder: Any, step: Any, chance: random.Random) -> None:
    if isinstance(holder, dict):
        holder[chance.choice(("x", "value", "mRID", "quality", "Reason", "version", "Series"))] = holder[step]
    else:
        holder.append(copy.deepcopy(holder[step]))


def _rename_key(holder: Any, step: Any, chance: random.Random) -> None:
    if isinstance(holder, dict):
        holder[chance.choice((f"{step}x", "type", "value", "mRID"))] = holder.pop(step)


_JSON_CHANGES = (*(_scalar,) * 6, *(_shape,) * 2, _drop_step, _extra, _rename_key)


def reshaped_xml(document: etree._Element) -> Iterator[etree._Element]:
    """The document with each element, in turn, left out, doubled, moved behind the next, emptied, and filled."""
    chance = random.Random(0)
    for index in range(1, len(list(document.iter()))):
        for change in (_drop, _duplicate, _swap, _clear, _child, _stray_text):
            root = copy.deepcopy(document)
            change(list(root.iter())[index], chance)
            yield root


def reshaped_json(document: Any) -> Iterator[Any]:
    """The document with each member, in turn, left out, renamed and replaced by values of every shape."""
    shapes: list[Any] = ["", "x", 0, 1.5, True, None, [], {}, [[]], [{}], {"value": ""}, {"value": "A01", "x": 1}]
    for index in range(len(list(_places(document)))):
        for shape in shapes:
            changed = copy.deepcopy(document)
            holder, step = list(_places(changed))[index]
            holder[step] = shape
            yield changed
        for change in (_drop_step, _rename_key, _extra):
            changed = copy.deepcopy(document)
            change(*list(_places(changed))[index], random.Random(index))
            yield changed


def shown(value: Any) -> str:
    """A mutated document in a failure message."""
    return etree.tostring(value).decode() if isinstance(value, etree._Element) else json.dumps(value)
