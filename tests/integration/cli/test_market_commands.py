"""`gridpost explain`, `draw` and `schemas`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.schemas.registry import ENTRIES

from .conftest import Gridpost


def test_explain_names_rules_and_sources(gridpost: Gridpost) -> None:
    shown = gridpost("explain", "dk", "2016-05-03")
    assert shown.code == 0
    assert "Regulation D1" in shown.out
    value = gridpost("explain", "dk", "2016-05-03", "--json").value
    assert value["numbers"]["correction-years"]["value"] == 3
    codes = {wording["code"] for wording in value["rules"]["measure-data"]}
    assert {"E10", "E86", "D12"} <= codes


def test_draw_writes_and_checks(gridpost: Gridpost, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    assert gridpost("draw", pages, "--check").code == 1
    assert not pages.exists()
    assert gridpost("draw", pages).code == 0
    assert gridpost("draw", pages, "--check").code == 0
    (pages / "submission.md").write_text("stale")
    stale = gridpost("draw", pages, "--check", "--json")
    assert stale.code == 1
    assert stale.value["stale"] == ["submission.md"]
    assert (pages / "submission.md").read_text() == "stale"


def test_schemas_are_listed(gridpost: Gridpost) -> None:
    rows = gridpost("schemas", "list", "--json").value
    assert len(rows) == len(ENTRIES)
    assert all(row["schemas"] for row in rows)


def test_a_pack_is_installed_and_used(gridpost: Gridpost, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    used = next(entry.files[0].path for entry in ENTRIES if entry.key == "measure-data/cim-xml/0:1")
    for file in used.parent.glob("*.xsd"):
        shutil.copy(file, pack)
    where = ["--data-dir", tmp_path / "hub"]
    installed = gridpost("schemas", "install", pack, "--name", "official", "--json", *where)
    assert installed.code == 0, installed.out
    assert "measure-data/cim-xml/0:1" in installed.value["used"]
    rows = gridpost("schemas", "list", "--json", *where).value
    both = [row for row in rows if (row["document"], row["dialect"]) == ("measure-data", "cim-xml")]
    assert len(both[0]["schemas"]) == 2


@pytest.mark.parametrize("text", ["<xs:schema", "<a/>"])
def test_a_pack_without_a_usable_schema_is_a_finding(gridpost: Gridpost, tmp_path: Path, text: str) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "some.xsd").write_text(text)
    ended = gridpost("schemas", "install", pack, "--data-dir", tmp_path / "hub")
    assert ended.code == 1
