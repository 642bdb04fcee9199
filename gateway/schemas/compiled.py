"""Compiled schemas: each compiled once, when first needed, from files below one directory and from nothing else.

lxml keeps the errors of the last validation on the schema object, so each thread compiles its own copy of an XSD
(milliseconds); the JSON validators are immutable and shared. Schemas are trusted files, ours or the operator's; a
fault in one is raised as `SchemaFault`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema_rs
from lxml import etree

from gateway.schemas import parsers

XS = "{http://www.w3.org/2001/XMLSchema}"
_BACKTRACKS = 100_000
_GATHERED = "gathered:"  # marks the address of a schema that exists in memory only

_THREAD = threading.local()


class SchemaFault(Exception):
    """A schema file that cannot be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """A schema's main file and the directory that everything it refers to must lie in."""

    path: Path
    within: Path


def xsd(file: SchemaFile) -> etree.XMLSchema:
    """The XML Schema, compiled for this thread."""
    schemas: dict[SchemaFile, etree.XMLSchema] = _THREAD.__dict__.setdefault("schemas", {})
    if file not in schemas:
        schemas[file] = compile_xsd(file)
    return schemas[file]


def compile_xsd(file: SchemaFile) -> etree.XMLSchema:
    """Compile an XML Schema.

    Raises:
        SchemaFault: it is no schema, or needs something that is not below its directory.
    """
    files = _FilesWithin(file.within)
    try:
        return etree.XMLSchema(parsers.trusted_xml(files.read(file.path), file.path, files))
    except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
        refused = f" (refused: {', '.join(files.refused)})" if files.refused else ""
        words = f"{error}{refused}".replace(f"{file.within.resolve()}/", "")
        raise SchemaFault(f"{file.path.name}: {words}") from error


@cache
def repeated_elements(file: SchemaFile) -> frozenset[str]:
    """The names of the elements that may stand more than once beside each other."""
    root = parsers.trusted_xml(file.path.read_bytes(), file.path, _FilesWithin(file.within))
    found = (element for element in root.iter(f"{XS}element") if element.get("maxOccurs", "1") != "1")
    return frozenset(element.get("name") or element.get("ref", "").rpartition(":")[2] for element in found)


class _FilesWithin(etree.Resolver):
    """Hands libxml2 the files below one directory and refuses every other address.

    libxml2 follows only the first import of a namespace. Where a file imports one namespace from several files, as
    the ebIX schemas do, the first import is pointed at a schema made up in memory that includes them all; the files
    themselves stay as they are.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self.refused: list[str] = []
        self._directory = directory.resolve()
        self._gathered: dict[str, bytes] = {}

    def resolve(self, system_url: str, public_id: str, context: Any = None) -> Any:
        """Called by libxml2 for each include and import."""
        if system_url in self._gathered:
            return self.resolve_string(self._gathered[system_url], context, base_url=system_url)
        path = Path(unquote(urlsplit(system_url).path)).resolve()
        if urlsplit(system_url).scheme not in ("", "file") or not path.is_relative_to(self._directory):
            self.refused.append(system_url)
            return self.resolve_string(b"", context, base_url=system_url)
        if not path.is_file():
            return self.resolve_string(b"", context, base_url=system_url)
        return self.resolve_string(self.read(path), context, base_url=str(path))

    def read(self, path: Path) -> bytes:
        """The file's bytes, its repeated imports gathered."""
        data = path.read_bytes()
        root = parsers.parse_xml(data).root
        if root is None:
            raise SchemaFault(f"{path.name} is no well-formed XML")
        imports: dict[str, list[etree._Element]] = {}
        for element in root.findall(f"{XS}import"):
            imports.setdefault(element.get("namespace", ""), []).append(element)
        repeated = {namespace: elements for namespace, elements in imports.items() if len(elements) > 1}
        for namespace, (first, *others) in repeated.items():
            first.set("schemaLocation", self._gather(path, namespace, [first, *others]))
            for element in others:
                root.remove(element)
        return etree.tostring(root) if repeated else data

    def _gather(self, path: Path, namespace: str, imports: list[etree._Element]) -> str:
        root = etree.Element(f"{XS}schema", targetNamespace=namespace)
        for location in dict.fromkeys(element.get("schemaLocation", "") for element in imports):
            etree.SubElement(root, f"{XS}include", schemaLocation=str((path.parent / location).resolve()))
        address = str(path.parent / f"{_GATHERED}{path.name}:{len(self._gathered)}")
        self._gathered[address] = etree.tostring(root)
        return address


@cache
def json_schema(file: SchemaFile) -> jsonschema_rs.Validator:
    """The JSON Schema, compiled."""
    return compile_json(file)


def compile_json(file: SchemaFile) -> jsonschema_rs.Validator:
    """Compile a JSON Schema; what it refers to is looked up by `$id` among the files beside it and never fetched.

    Raises:
        SchemaFault: it is no schema, or refers to something else.
    """
    documents = {path: _schema_document(path) for path in sorted(file.path.parent.glob("*.json"))}
    resources = [(str(document["$id"]), document) for document in documents.values()]
    try:
        return _validator(documents[file.path], jsonschema_rs.Registry(resources, retriever=_refuse))
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise SchemaFault(f"{file.path.name}: {error}") from error


def _refuse(address: str) -> Any:
    raise SchemaFault(f"{address} is not among the files and is not fetched")


def _validator(document: dict[str, parsers.JsonValue], beside: jsonschema_rs.Registry) -> jsonschema_rs.Validator:
    """Patterns run in linear time where they can; one that looks ahead may give up, which refuses the value."""
    linear, limited = jsonschema_rs.RegexOptions(), jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACKS)
    try:
        return jsonschema_rs.validator_for(document, registry=beside, offline=True, pattern_options=linear)
    except jsonschema_rs.ValidationError:
        return jsonschema_rs.validator_for(document, registry=beside, offline=True, pattern_options=limited)


def _schema_document(path: Path) -> dict[str, parsers.JsonValue]:
    outcome = parsers.parse_json(path.read_bytes())
    if not isinstance(outcome.value, dict) or "$id" not in outcome.value:
        raise SchemaFault(f"{path.name} is no JSON Schema with an $id")
    return outcome.value
