"""An operator's official schema pack, installed beside our schemas."""

from __future__ import annotations

from pathlib import Path

from gateway.schemas.compiled import SchemaFault, SchemaFile
from gateway.schemas.parsers import parse_json

INDEX = "index.json"


def read_pack(pack: Path) -> dict[str, SchemaFile]:
    """The schema files of an installed pack, by the registry row they belong to.

    Raises:
        SchemaFault: the directory holds no installed pack.
    """
    try:
        index = parse_json((pack / INDEX).read_bytes()).value
    except OSError as error:
        raise SchemaFault(f"{pack} holds no installed pack: {error}") from error
    if not isinstance(index, dict):
        raise SchemaFault(f"{pack / INDEX} is no index of a pack")
    return {key: SchemaFile(pack / str(file), pack) for key, file in index.items()}
