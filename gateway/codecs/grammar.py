"""A byte grammar of the spelling machines produce, generated from our XSD of a document kind.

Everything the grammar matches is valid by the XSD; much that is valid it does not match. It takes ASCII text without
entities, comments, CDATA or processing instructions, one prefix for all elements, attributes in one order, decimals
of at most 10 + 3 digits. All repetition is possessive, so matching is linear in the input whatever the input is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from pathlib import Path

from lxml import etree

from gateway.schemas.compiled import XS, SchemaFile
from gateway.schemas.parsers import parse_xml

SPACE = rb"[ \t\r\n]*+"
XML_INK = rb"[!-%'-;=?-~]"
"""Printable ASCII that means nothing to XML: all but & < >."""
JSON_INK = rb"[ !#-\[\]-~]"
"""Printable ASCII that means nothing within a JSON string: all but the quote and the backslash."""

_LONGEST_TEXT = 64
_DAY = (
    rb"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    rb"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_BUILT_IN = {
    "dateTime": rb"(?:19|20)[0-9]{2}-" + _DAY + rb"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9}+)?+Z",
    "decimal": rb"[0-9]{1,10}+(?:\.[0-9]{1,3}+)?+",
    "duration": rb"P(?:T15M|T1H|1D|1M|1Y)",
    "boolean": rb"true",
}
_STRINGS = frozenset({"string", "token", "NMTOKEN", "normalizedString"})
_SAFE_PATTERN = re.compile(r"[0-9A-Za-z()\[\]{}|,:*+?-]*")


class NoGrammar(Exception):  # says that there is none, which is no error
    """A schema uses something the generator does not know; its documents take the general path."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled grammar of one element, white space behind it included.

    Attributes:
        regex: matches the element in full.
        captures: what each group holds: `path` of an element's text, `path@attribute` of an attribute with its
            quotes, `path*` of a block of repeated elements.
    """

    regex: re.Pattern[bytes]
    captures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Content:
    """What may stand in an element without children.

    Attributes:
        text: a pattern of its text.
        codes: the codes, where it is one of a list.
        attributes: its attributes, the required ones first.
    """

    text: bytes
    codes: frozenset[str] = frozenset()
    attributes: tuple[etree._Element, ...] = ()


@dataclass(slots=True)
class _Schema:
    """The named declarations of a schema file and of those it includes or imports."""

    named: dict[tuple[str, str], etree._Element] = field(default_factory=dict)

    def load(self, path: Path, seen: set[Path]) -> None:
        root = parse_xml(path.read_bytes()).root
        if root is None or path in seen:
            return
        seen.add(path)
        for declaration in root:
            kind = etree.QName(declaration).localname
            if kind in ("include", "import"):
                self.load(path.parent / declaration.get("schemaLocation", ""), seen)
            else:
                space = "element" if kind == "element" else "type"
                self.named[space, declaration.get("name", "")] = declaration

    def type_of(self, element: etree._Element) -> etree._Element | str:
        """An element's or attribute's type: its declaration, or the name of a built-in one."""
        name = element.get("type", "")
        if not name:
            inline = element.find(f"{XS}simpleType")
            inline = element.find(f"{XS}complexType") if inline is None else inline
            return "string" if inline is None else inline
        return self.named_type(name)

    def named_type(self, name: str) -> etree._Element | str:
        local = name.rpartition(":")[2]
        return self.named.get(("type", local), local)

    def element(self, declaration: etree._Element) -> etree._Element:
        """The declaration itself, or the one it refers to."""
        reference = declaration.get("ref")
        return self.named["element", reference.rpartition(":")[2]] if reference else declaration


class Grammar:
    """The grammar of the documents of one schema file."""

    def __init__(self, file: SchemaFile, ink: bytes = XML_INK) -> None:
        self._ink = ink
        self._schema = _Schema()
        self._schema.load(file.path, set())

    def codes(self, root: str, path: str) -> frozenset[str]:
        """The codes that an element may hold; `path` as `Series/Reason/code`."""
        return self._content(self._at(root, path)).codes

    def text(self, root: str, path: str) -> bytes:
        """A pattern of the text of an element."""
        return self.content_of(self._at(root, path)).text

    def attribute(self, root: str, path: str, name: str) -> bytes:
        """A pattern of an attribute's value."""
        attributes = self.content_of(self._at(root, path)).attributes
        return self.content_of(next(found for found in attributes if found.get("name") == name)).text

    def element(self, root: str, path: str, prefix: bytes, captures: Iterable[str]) -> Pattern:
        """The grammar of the element at `path` below the root element.

        Args:
            root: the root element's name.
            path: names below the root, as `Series`.
            prefix: what stands before every name, with its colon; empty for the default namespace.
            captures: what to capture, as `Pattern` says, paths counted from this element.

        Raises:
            NoGrammar: the schema uses what the generator does not know.
        """
        writer = _Writer(self, prefix, frozenset(captures))
        pattern = writer.element(self._at(root, path), "")
        return Pattern(re.compile(pattern), tuple(writer.captured))

    def header(self, root: str, stop: str, prefix: bytes, captures: Iterable[str]) -> Pattern:
        """The grammar of the children of the root element before the one called `stop`, as `element`."""
        writer = _Writer(self, prefix, frozenset(captures))
        particles = self.particles(self._schema.named["element", root])
        if particles is None:
            raise NoGrammar(f"{root} has no sequence")
        pattern = SPACE + writer.until(particles, stop)
        return Pattern(re.compile(pattern), tuple(writer.captured))

    def _at(self, root: str, path: str) -> etree._Element:
        element = self._schema.named["element", root]
        for name in path.split("/"):
            element = next(child for child in self._children(element) if child.get("name") == name)
        return element

    def _children(self, element: etree._Element) -> Iterable[etree._Element]:
        declared = self._schema.type_of(element)
        found = () if isinstance(declared, str) else declared.iter(f"{XS}element")
        return (self._schema.element(child) for child in found)

    def particles(self, element: etree._Element) -> etree._Element | None:
        """The sequence of an element's children; None where it holds text."""
        declared = self._schema.type_of(element)
        return None if isinstance(declared, str) else declared.find(f"{XS}sequence")

    def referred(self, declaration: etree._Element) -> etree._Element:
        """The element a particle stands for."""
        return self._schema.element(declaration)

    def _content(self, element: etree._Element) -> Content:
        return self.content(self._schema.type_of(element))

    def content_of(self, element: etree._Element) -> Content:
        """What may stand in an element or attribute without children."""
        fixed = element.get("fixed")
        content = self._content(element)
        return Content(re.escape(fixed.encode()), content.codes, content.attributes) if fixed else content

    def content(self, declared: etree._Element | str) -> Content:
        """What a type allows."""
        if isinstance(declared, str):
            return Content(_built_in(declared, {}, self._ink))
        if declared.tag == f"{XS}complexType":
            return self._extended(declared)
        union = declared.find(f"{XS}union")
        if union is not None:
            members = [self.content(self._schema.named_type(name)) for name in union.get("memberTypes", "").split()]
            members += [self.content(member) for member in union.iterchildren(f"{XS}simpleType")]
            return self._listed(frozenset().union(*(member.codes for member in members)))
        return self._restricted(declared.find(f"{XS}restriction"))

    def _extended(self, declared: etree._Element) -> Content:
        derived = declared.find(f"{XS}simpleContent/*")
        if derived is None:
            raise NoGrammar(f"{declared.get('name')} has no simple content")
        base = self.content(self._schema.named_type(derived.get("base", "")))
        attributes = [*base.attributes, *derived.iterchildren(f"{XS}attribute")]
        attributes.sort(key=lambda attribute: attribute.get("use") != "required")
        codes = frozenset(value.get("value", "") for value in derived.iterchildren(f"{XS}enumeration"))
        content = self._listed(codes) if codes else base
        return Content(content.text, content.codes, tuple(attributes))

    def _restricted(self, restriction: etree._Element | None) -> Content:
        if restriction is None:
            raise NoGrammar("a simple type that is no restriction")
        facets = {str(etree.QName(facet).localname): facet.get("value", "") for facet in restriction}
        codes = frozenset(value.get("value", "") for value in restriction.iterchildren(f"{XS}enumeration"))
        if codes:
            return self._listed(codes)
        base = self._schema.named_type(restriction.get("base", ""))
        if not isinstance(base, str):
            if facets:
                raise NoGrammar("facets upon a named type")
            return self.content(base)
        return Content(_built_in(base, facets, self._ink))

    @staticmethod
    def _listed(codes: frozenset[str]) -> Content:
        if not codes:
            raise NoGrammar("a union or list without codes")
        return Content(_any_of(sorted(code.encode() for code in codes)), codes)


def _built_in(name: str, facets: Mapping[str, str], ink: bytes) -> bytes:
    """The pattern of a built-in type under its facets; `ink` are the characters of free text."""
    if "pattern" in facets:
        if facets.keys() != {"pattern"} or name not in _STRINGS or not _SAFE_PATTERN.fullmatch(facets["pattern"]):
            raise NoGrammar(f"{name} with the pattern {facets['pattern']}")
        return b"(?:" + facets["pattern"].replace("(", "(?:").encode() + b")"
    if name in _STRINGS and not facets.keys() - {"maxLength"}:
        longest = min(int(facets.get("maxLength", _LONGEST_TEXT)), _LONGEST_TEXT)
        return ink + rb"{1,%d}+" % longest
    if name == "integer":
        return _integer(facets)
    if name not in _BUILT_IN or facets.keys() - {"totalDigits"}:
        raise NoGrammar(f"{name} with {sorted(facets)}")
    if int(facets.get("totalDigits", 13)) < 13:
        raise NoGrammar(f"{name} of few digits")
    return _BUILT_IN[name]


def _integer(facets: Mapping[str, str]) -> bytes:
    digits = int(facets.get("totalDigits", 6))
    if facets.keys() - {"totalDigits", "minInclusive", "maxInclusive"} or int(facets.get("minInclusive", 1)) > 1:
        raise NoGrammar(f"integer with {sorted(facets)}")
    if "maxInclusive" in facets:
        digits = min(digits, len(str(int(facets["maxInclusive"]) + 1)) - 1)
    return rb"[1-9][0-9]{0,%d}+" % (min(digits, 6) - 1)


def _any_of(words: Sequence[bytes]) -> bytes:
    """A pattern of the words, sharing beginnings, so that a long list of codes costs few steps."""
    if words == [b""]:
        return b""
    by_first: dict[bytes, list[bytes]] = {}
    for word in words:
        by_first.setdefault(word[:1], []).append(word[1:])
    endings = [first for first, rest in by_first.items() if first and rest == [b""]]
    branches = [re.escape(first) + _any_of(rest) for first, rest in by_first.items() if first and rest != [b""]]
    if len(endings) == 1:
        branches.append(re.escape(endings[0]))
    elif endings:
        branches.append(b"[" + re.escape(b"".join(endings)) + b"]")
    if b"" in by_first:  # a word that is the beginning of another comes after it
        branches.append(b"")
    return branches[0] if len(branches) == 1 else b"(?:" + b"|".join(branches) + b")"


@dataclass(slots=True)
class _Writer:
    """Writes the pattern of one element and notes what its groups hold."""

    grammar: Grammar
    prefix: bytes
    captures: frozenset[str]
    captured: list[str] = field(default_factory=list)

    def element(self, element: etree._Element, path: str) -> bytes:
        name = re.escape(self.prefix + element.get("name", "").encode())
        particles = self.grammar.particles(element)
        if particles is not None:
            inside = SPACE + self._sequence(particles, path)
            return b"<" + name + b">" + inside + b"</" + name + b">" + SPACE
        content = self.grammar.content_of(element)
        attributes = b"".join(self._attribute(attribute, path) for attribute in content.attributes)
        text = self._capture(path, content.text)
        return b"<" + name + attributes + b">" + text + b"</" + name + b">" + SPACE

    def _sequence(self, particles: etree._Element, path: str) -> bytes:
        return b"".join(self._particle(particle, path) for particle in particles)

    def until(self, particles: etree._Element, stop: str) -> bytes:
        """The particles before the one called `stop`."""
        before = takewhile(lambda particle: self.grammar.referred(particle).get("name") != stop, particles)
        return b"".join(self._particle(particle, "") for particle in before)

    def _particle(self, particle: etree._Element, path: str) -> bytes:
        kind = etree.QName(particle).localname
        if kind == "choice":
            inside = b"(?:" + b"|".join(self._particle(child, path) for child in particle) + b")"
        elif kind == "sequence":
            inside = b"(?:" + self._sequence(particle, path) + b")"
        elif kind == "element":
            declared = self.grammar.referred(particle)
            return self._repeated(declared, f"{path}/{declared.get('name')}".lstrip("/"), particle)
        else:
            raise NoGrammar(f"a particle {kind}")
        if (particle.get("minOccurs", "1"), particle.get("maxOccurs", "1")) != ("1", "1"):
            raise NoGrammar(f"a {kind} that repeats")
        return inside

    def _repeated(self, element: etree._Element, path: str, particle: etree._Element) -> bytes:
        least, most = particle.get("minOccurs", "1"), particle.get("maxOccurs", "1")
        if most == "unbounded":
            before = len(self.captured)
            if f"{path}*" in self.captures:
                self.captured.append(f"{path}*")
            inside = b"(?:" + self.element(element, path) + (b")++" if least == "1" else b")*+")
            return b"(" + inside + b")" if len(self.captured) > before else inside
        if least == "0":
            return b"(?:" + self.element(element, path) + b")?+"
        return self.element(element, path)

    def _attribute(self, attribute: etree._Element, path: str) -> bytes:
        name = attribute.get("name", "")
        value = self.grammar.content_of(attribute).text
        either = self._capture(f"{path}@{name}", b'"' + value + b"\"|'" + value + b"'")
        pattern = b" " + name.encode() + b"=" + (either if either.startswith(b"(") else b"(?:" + either + b")")
        return pattern if attribute.get("use") == "required" else b"(?:" + pattern + b")?+"

    def _capture(self, what: str, pattern: bytes) -> bytes:
        if what not in self.captures:
            return pattern
        self.captured.append(what)
        return b"(" + pattern + b")"


@cache
def grammar_of(file: SchemaFile, ink: bytes = XML_INK) -> Grammar:
    """The grammar of a schema file, read once; `ink` are the characters of free text."""
    return Grammar(file, ink)
