"""An operator's official schema pack, installed beside our schemas.

The files are copied as they are, byte for byte, below `schemas/` of the target; `index.json` says which of them
belongs to which row of the registry. Nothing is ever fetched: what a schema refers to must lie in the pack.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from gateway.schemas import compiled
from gateway.schemas.compiled import XS, SchemaFault, SchemaFile
from gateway.schemas.parsers import parse_json, parse_xml

_INDEX = "index.json"
_SCHEMAS = "schemas"


class Row(Protocol):
    """What installing needs to know of a registry row; `gateway.schemas.registry.SchemaEntry` is one."""

    @property
    def key(self) -> str:
        """The row's name in the index."""

    @property
    def namespace(self) -> str:
        """The XML namespace; empty for JSON."""

    @property
    def root(self) -> str:
        """The XML root element's name or the JSON root key."""


@dataclass(frozen=True, slots=True)
class InstallReport:
    """What became of a pack.

    Attributes:
        used: registry row and the file that now checks it, beside ours.
        kept: the other schema files of the pack: what the used ones refer to, and documents not used yet.
        missing: registry rows the pack has no schema for.
        faults: why a schema cannot be used; when there are any, nothing was installed.
    """

    used: tuple[tuple[str, str], ...]
    kept: tuple[str, ...]
    missing: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def installed(self) -> bool:
        """Whether the pack is in place."""
        return not self.faults


def install_pack(directory: Path, target: Path, rows: Sequence[Row]) -> InstallReport:
    """Install an official schema pack.

    Takes every XSD and JSON Schema below `directory`, finds the ones that define documents of the registry by their
    content (namespace and root), and compiles these. Only when all of them compile is the pack put in place; a pack
    installed at `target` before is replaced.

    Args:
        directory: the pack as the operator publishes it, unpacked.
        target: where to install it; hand this to `Registry(packs=[target])`.
        rows: the documents to look for, usually `registry.ENTRIES`.
    """
    target = target.absolute()  # the parser takes one file under two spellings of its path for two files
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as scratch:
        staged = Path(scratch) / "pack"
        files = list(_copy(directory, staged / _SCHEMAS))
        report = _examine(staged / _SCHEMAS, files, rows)
        if report.installed:
            (staged / _INDEX).write_text(json.dumps(dict(report.used), indent=2) + "\n", encoding="utf-8")
            if target.exists():
                target.rename(Path(scratch) / "replaced")
            staged.rename(target)
    return report


def read_pack(pack: Path) -> dict[str, SchemaFile]:
    """The schema files of an installed pack, by the registry row they belong to.

    Raises:
        SchemaFault: the directory holds no installed pack.
    """
    try:
        index = parse_json((pack / _INDEX).read_bytes()).value
    except OSError as error:
        raise SchemaFault(f"{pack} holds no installed pack: {error}") from error
    if not isinstance(index, dict):
        raise SchemaFault(f"{pack / _INDEX} is no index of a pack")
    schemas = pack.absolute() / _SCHEMAS
    return {key: SchemaFile(schemas / str(file), schemas) for key, file in index.items()}


def _copy(directory: Path, schemas: Path) -> Iterator[Path]:
    """Copy the schema files and give their paths, relative to the pack."""
    for file in sorted(directory.rglob("*")):
        if file.is_file() and not file.is_symlink() and _is_schema(file):
            relative = file.relative_to(directory)
            (schemas / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, schemas / relative)
            yield relative


def _is_schema(file: Path) -> bool:
    if file.suffix == ".json":
        value = parse_json(file.read_bytes()).value
        return isinstance(value, dict) and "$schema" in value and "$id" in value
    return file.suffix == ".xsd"


def _examine(schemas: Path, files: list[Path], rows: Sequence[Row]) -> InstallReport:
    defined: dict[tuple[str, str], list[Path]] = {}
    for file in files:
        for document in _documents(schemas / file):
            defined.setdefault(document, []).append(file)
    used: list[tuple[str, str]] = []
    missing: list[str] = []
    faults: list[str] = []
    for row in rows:
        candidates = defined.get((row.namespace, row.root), [])
        if not candidates:
            missing.append(row.key)
        elif len(candidates) > 1:
            faults.append(f"{row.key} is defined by {' and '.join(map(str, candidates))}")
        elif trouble := _trouble(SchemaFile(schemas / candidates[0], schemas)):
            faults.append(trouble)
        else:
            used.append((row.key, candidates[0].as_posix()))
    kept = sorted({file.as_posix() for file in files} - {file for _, file in used})
    return InstallReport(tuple(used), tuple(kept), tuple(missing), tuple(faults))


def _documents(file: Path) -> Iterator[tuple[str, str]]:
    """The documents a schema file defines: namespace and root element, or no namespace and root key."""
    data = file.read_bytes()
    if file.suffix == ".xsd":
        root = parse_xml(data).root
        if root is not None:
            namespace = root.get("targetNamespace", "")
            yield from ((namespace, element.get("name", "")) for element in root.findall(f"{XS}element"))
        return
    value = parse_json(data).value
    properties = value.get("properties") if isinstance(value, dict) else None
    if isinstance(properties, dict):
        yield from (("", key) for key in properties)


def _trouble(file: SchemaFile) -> str:
    """Why a schema cannot be used; empty when it can."""
    try:
        if file.path.suffix == ".xsd":
            compiled.compile_xsd(file)
        else:
            compiled.compile_json(file)
    except SchemaFault as error:
        return str(error)
    return ""
