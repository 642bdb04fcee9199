"""Installing an operator's pack: found by content, checked, all or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.messages.codes import Dialect, DocumentKind
from gateway.schemas.check_json import check_json
from gateway.schemas.check_xml import check_xml
from gateway.schemas.compiled import SchemaFault
from gateway.schemas.packs import install_pack
from gateway.schemas.parsers import parse_json, parse_xml
from gateway.schemas.registry import ENTRIES, Registry

from .conftest import FullDocument

XML = Registry().entry(DocumentKind.MEASURE_DATA, Dialect.CIM_XML)
JSON = Registry().entry(DocumentKind.MEASURE_DATA, Dialect.CIM_JSON)


def _xsd(body: str, namespace: str = XML.namespace) -> str:
    return (
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{namespace}" '
        f'xmlns:l="urn:lists" elementFormDefault="qualified">{body}</xs:schema>'
    )


def _root(kind: str = "xs:anyType") -> str:
    return f'<xs:element name="{XML.root}" type="{kind}"/>'


def _list(name: str) -> str:
    body = f'<xs:simpleType name="{name}"><xs:restriction base="xs:string"/></xs:simpleType>'
    return _xsd(body, "urn:lists")


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A small pack in the operator's manner: one namespace imported from two files, `$id`s of another machine."""
    pack = tmp_path / "published"
    (pack / "deep" / "lists").mkdir(parents=True)
    imports = "".join(f'<xs:import namespace="urn:lists" schemaLocation="lists/{name}.xsd"/>' for name in "abab")
    kinds = "".join(f'<xs:simpleType name="{name}"><xs:restriction base="l:{name}"/></xs:simpleType>' for name in "ab")
    (pack / "deep" / "main.xsd").write_text(_xsd(imports + kinds + _root()))
    for name in "ab":
        (pack / "deep" / "lists" / f"{name}.xsd").write_text(_list(name))
    (pack / "elsewhere.xsd").write_text(_xsd('<xs:element name="Other" type="xs:string"/>', "urn:other"))
    document = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "file:///C:/Users/Public/main.schema.json",
        "properties": {JSON.root: {"$ref": "lists.schema.json#/definitions/a"}},
    }
    lists = {**document, "$id": "file:///C:/Users/Public/lists.schema.json", "definitions": {"a": {"type": "object"}}}
    del lists["properties"]
    (pack / "main.schema.json").write_text(json.dumps(document))
    (pack / "lists.schema.json").write_text(json.dumps(lists))
    (pack / "a-sample.json").write_text("{}")
    (pack / "README.txt").write_text("read me")
    return pack


def test_a_pack_is_installed_by_content(published: Path, tmp_path: Path) -> None:
    report = install_pack(published, tmp_path / "packs" / "official", ENTRIES)
    assert report.installed
    assert report.used == ((XML.key, "deep/main.xsd"), (JSON.key, "main.schema.json"))
    assert report.kept == ("deep/lists/a.xsd", "deep/lists/b.xsd", "elsewhere.xsd", "lists.schema.json")
    assert set(report.missing) == {entry.key for entry in ENTRIES} - {XML.key, JSON.key}
    files = {file.name for file in (tmp_path / "packs").rglob("*") if file.is_file()}
    assert files == {
        "main.xsd",
        "a.xsd",
        "b.xsd",
        "elsewhere.xsd",
        "main.schema.json",
        "lists.schema.json",
        "index.json",
    }


def test_a_document_is_checked_by_ours_and_the_pack(
    published: Path, tmp_path: Path, full_document: FullDocument
) -> None:
    (published / "deep" / "main.xsd").write_text(_xsd(_root("xs:string")))
    (published / "lists.schema.json").write_text(
        (published / "lists.schema.json").read_text().replace('"object"', '"array"')
    )
    install_pack(published, tmp_path / "pack", ENTRIES)
    registry = Registry(packs=[tmp_path / "pack"])
    xml, data = full_document(XML.kind, XML.dialect), full_document(JSON.kind, JSON.dialect)
    root, value = parse_xml(xml).root, parse_json(data).value
    assert root is not None
    assert check_xml(root, XML) == []
    assert check_json(value, JSON, data) == []
    assert "not allowed" in check_xml(root, registry.entry(XML.kind, XML.dialect))[0].text
    assert "array" in check_json(value, registry.entry(JSON.kind, JSON.dialect), data)[0].text


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("deep/main.xsd", _xsd(_root("l:nothing")), "main.xsd"),
        ("deep/lists/b.xsd", "no xml", "'deep/lists/b.xsd'"),
        ("lists.schema.json", '{"$schema": "x", "$id": "urn:else"}', "main.schema.json"),
        ("main2.xsd", _xsd(_root()), "is defined by deep/main.xsd and main2.xsd"),
        ("main.schema.json", '{"$schema": "x", "$id": "y", "type": 1, "properties": {"ROOT": {}}}', "main"),
    ],
)
def test_a_pack_with_a_fault_is_not_installed(
    published: Path, tmp_path: Path, file: str, text: str, words: str
) -> None:
    before = install_pack(published, tmp_path / "pack", ENTRIES)
    (published / file).write_text(text.replace("ROOT", JSON.root))
    report = install_pack(published, tmp_path / "pack", ENTRIES)
    assert not report.installed
    assert any(words in fault for fault in report.faults), report.faults
    assert len(Registry(packs=[tmp_path / "pack"]).entry(XML.kind, XML.dialect).files) == 2
    assert before.installed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pack", "published"]


def test_a_newer_pack_replaces_the_one_before(published: Path, tmp_path: Path) -> None:
    install_pack(published, tmp_path / "pack", ENTRIES)
    (published / "main.schema.json").unlink()
    assert install_pack(published, tmp_path / "pack", ENTRIES).used == ((XML.key, "deep/main.xsd"),)
    assert not (tmp_path / "pack" / "schemas" / "main.schema.json").exists()
    assert len(Registry(packs=[tmp_path / "pack"]).entry(JSON.kind, JSON.dialect).files) == 1


def test_a_link_out_of_the_pack_is_not_followed(published: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.xsd").write_text(_xsd('<xs:element name="Secret" type="xs:string"/>', "urn:secret"))
    (published / "linked.xsd").symlink_to(tmp_path / "secret.xsd")
    assert "linked.xsd" not in install_pack(published, tmp_path / "pack", ENTRIES).kept


def test_what_is_no_installed_pack_is_said(tmp_path: Path) -> None:
    with pytest.raises(SchemaFault, match="holds no installed pack"):
        Registry(packs=[tmp_path])
    (tmp_path / "index.json").write_text("[]")
    with pytest.raises(SchemaFault, match="is no index of a pack"):
        Registry(packs=[tmp_path])
