"""Our schemas give the verdict of the official ones: on every published sample, and on thousands of mutations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from lxml import etree

from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.findings import Finding
from gateway.schemas.check_json import check_json
from gateway.schemas.check_xml import check_xml
from gateway.schemas.detection import detect
from gateway.schemas.faults import MALFORMED, SCHEMA_INVALID, UNKNOWN_NAMESPACE, fault
from gateway.schemas.packs import InstallReport, install_pack
from gateway.schemas.parsers import parse_json, parse_xml
from gateway.schemas.registry import ENTRIES, Registry, SchemaEntry
from tests.golden.full_documents import full_document

from .mutations import TEXTS, mutated_json, mutated_xml, reshaped_json, reshaped_xml, shown

MUTATIONS = 250  # a document; the nightly run takes more

FORMS = [(entry.kind, entry.dialect) for entry in ENTRIES]

"""A document of each kind and dialect with every field the schema knows."""


@pytest.fixture(scope="session")
def pack(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, InstallReport]:
    """The official pack as published, installed; and what was reported."""
    target = tmp_path_factory.mktemp("packs") / "official"
    return target, install_pack(shared / "data" / "dk", target, ENTRIES)


@pytest.fixture(scope="session")
def both(pack: tuple[Path, InstallReport]) -> Registry:
    """Our schemas with the official ones beside them."""
    return Registry(packs=[pack[0]])


def test_the_pack_as_published_serves_every_document(pack: tuple[Path, InstallReport], both: Registry) -> None:
    _, report = pack
    assert report.installed
    assert [row for row, _ in report.used] == [entry.key for entry in ENTRIES]
    assert report.missing == ()
    assert "xsd-ebix/generic/260_000028-2.xsd" in report.kept
    assert all(len(entry.files) == 2 for entry in both.entries)


def test_the_pack_is_installed_as_it_was(shared: Path, pack: tuple[Path, InstallReport]) -> None:
    target, report = pack
    for file in (*report.kept, *(file for _, file in report.used)):
        assert (target / "schemas" / file).read_bytes() == (shared / "data" / "dk" / file).read_bytes()


def _samples(shared: Path) -> Iterator[tuple[str, bytes, bool]]:
    """Name, bytes and published verdict of each sample of our documents."""
    directory = shared / "data" / "dk"
    row = re.compile(r"^\| (RSM0(?:09|12|14|15|16|17|18|19)-\S+) \|[^|]*\|[^|]*\| (yes|no) \|", re.MULTILINE)
    for name, verdict in row.findall((directory / "INDEX.md").read_text(encoding="utf-8")):
        yield name, (directory / "samples" / name).read_bytes(), verdict == "yes"


def _check(name: str, data: bytes, registry: Registry) -> list[Finding]:
    """What is wrong with a sample as what its name says it was sent as."""
    entry = detect(data, registry)
    if isinstance(entry, Finding):
        return [entry]
    if entry.is_xml != name.endswith(".xml"):
        return [fault(MALFORMED, f"{name} was sent as another form")]
    if entry.is_xml:
        root = parse_xml(data).root
        assert root is not None
        return check_xml(root, entry)
    return check_json(parse_json(data).value, entry, data)


def _official_accepts(data: bytes, registry: Registry) -> bool:
    entry = detect(data, registry)
    return not isinstance(entry, Finding) and _verdicts(entry)(_tree(data, entry))[1]


def test_every_sample_gets_its_published_verdict(shared: Path, both: Registry) -> None:
    samples = list(_samples(shared))
    assert len(samples) >= 50
    for name, data, valid in samples:
        findings = _check(name, data, Registry())
        assert (not findings) == valid, (name, findings)
        assert (not _check(name, data, both)) == valid, name
        if {finding.rule for finding in findings} != {MALFORMED}:
            assert _official_accepts(data, both) == valid, name
        expected = {UNKNOWN_NAMESPACE} if "BadVersion" in name else {SCHEMA_INVALID, MALFORMED}
        assert {finding.rule for finding in findings} <= expected, (name, findings)


def _tree(data: bytes, entry: SchemaEntry) -> Any:
    return parse_xml(data).root if entry.is_xml else parse_json(data).value


def _verdicts(entry: SchemaEntry) -> Callable[[Any], tuple[bool, bool]]:
    """Our verdict and the official one on an XML tree or a JSON value."""
    if entry.is_xml:
        our_xsd, official_xsd = entry.xml_schemas
        return lambda tree: (bool(our_xsd.validate(tree)), bool(official_xsd.validate(tree)))
    our_json, official_json = entry.json_schemas
    return lambda value: (our_json.is_valid(value), official_json.is_valid(value))


def _compare(data: bytes, entry: SchemaEntry, seeds: range) -> set[bool]:
    """The verdicts seen while the two schemas agreed on every mutation."""
    document, verdicts = _tree(data, entry), _verdicts(entry)
    seen = set()
    for seed in seeds:
        mutated = mutated_xml(document, seed) if entry.is_xml else mutated_json(document, seed)
        ours, official = verdicts(mutated)
        assert ours == official, (entry.key, seed, ours, shown(mutated))
        seen.add(ours)
    return seen


@pytest.mark.parametrize(("kind", "dialect"), FORMS)
def test_mutations_of_a_full_document_get_the_official_verdict(
    both: Registry, kind: DocumentKind, dialect: Dialect
) -> None:
    seen = _compare(full_document(kind, dialect), both.entry(kind, dialect), range(MUTATIONS))
    assert seen == {True, False}


@pytest.mark.parametrize(("kind", "dialect"), FORMS)
def test_every_change_of_shape_gets_the_official_verdict(both: Registry, kind: DocumentKind, dialect: Dialect) -> None:
    entry = both.entry(kind, dialect)
    document, verdicts = _tree(full_document(kind, dialect), entry), _verdicts(entry)
    seen = set()
    for changed in reshaped_xml(document) if entry.is_xml else reshaped_json(document):
        ours, official = verdicts(changed)
        assert ours == official, (entry.key, ours, shown(changed))
        seen.add(ours)
    assert seen == {True, False}


@pytest.mark.nightly
@pytest.mark.parametrize(("kind", "dialect"), FORMS)
def test_many_mutations_get_the_official_verdict(both: Registry, kind: DocumentKind, dialect: Dialect) -> None:
    assert _compare(full_document(kind, dialect), both.entry(kind, dialect), range(MUTATIONS, 50_000)) == {True, False}


def test_mutated_samples_get_the_official_verdict(shared: Path, both: Registry) -> None:
    for name, data, valid in _samples(shared):
        entry = detect(data, both)
        if valid and not isinstance(entry, Finding):
            assert False in _compare(data, entry, range(60)), name


@pytest.fixture(scope="session")
def codes(shared: Path) -> frozenset[str]:
    """Every code of any published list, and a few that are in none."""
    directory = shared / "data" / "dk"
    found = {"", "ZZZ", "E89", "e66"}
    for file in (*directory.glob("xsd-cim/*codelists.xsd"), *directory.glob("xsd-ebix/**/*.xsd")):
        found.update(re.findall(r'enumeration value="([^"]+)"', file.read_text(encoding="utf-8-sig")))
    return frozenset(found)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "dialect"), FORMS)
def test_every_code_and_odd_text_in_every_field_gets_the_official_verdict(
    both: Registry, codes: frozenset[str], kind: DocumentKind, dialect: Dialect
) -> None:
    entry = both.entry(kind, dialect)
    tree, verdicts = _tree(full_document(kind, dialect), entry), _verdicts(entry)
    assert verdicts(tree) == (True, True)
    for name, change in _xml_fields(tree) if entry.is_xml else _json_fields(tree):
        for text in sorted(codes | set(TEXTS)):
            change(text)
            ours, official = verdicts(tree)
            assert ours == official, (name, text, ours)


Change: TypeAlias = Callable[[Any], None]


def _xml_fields(root: etree._Element) -> Iterator[tuple[str, Change]]:
    """One leaf element and attribute of each name with what sets its text; put back when the next is asked for."""
    seen = set()
    for element in root.iter():
        parent = element.getparent()
        place = (element.tag, parent.tag if parent is not None else "")
        if len(element) or place in seen:
            continue
        seen.add(place)
        before = element.text
        yield str(element.tag), partial(setattr, element, "text")
        element.text = before
        for name, value in element.items():
            yield f"{element.tag!r} {name!r}", partial(element.set, name)
            element.set(name, value)


def _json_fields(value: Any) -> Iterator[tuple[str, Change]]:
    """Each leaf of a JSON value with what sets it; put back when the next is asked for."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in list(steps):
        if isinstance(inner, dict | list):
            yield from _json_fields(inner)
        else:
            yield str(step), partial(value.__setitem__, step)
            value[step] = inner


def test_the_pack_is_installed_below_a_relative_path(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `gridpost schemas install` does by default: one file named in two ways must not count as two."""
    monkeypatch.chdir(tmp_path)
    report = install_pack(shared / "data" / "dk", Path("gridpost-data") / "official", ENTRIES)
    assert report.faults == ()
    registry = Registry(packs=[Path("gridpost-data") / "official"])
    assert all(len(entry.xml_schemas) == 2 for entry in registry.entries if entry.is_xml)
