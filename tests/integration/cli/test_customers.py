"""`gridpost customers import`: whose metering points they are (DK-3.5)."""

from __future__ import annotations

from pathlib import Path

from gateway.demo.market import sample_gln, sample_gsrn

from .conftest import Gridpost

POINT = sample_gsrn(1)


def test_customers_are_taken_from_a_file(gridpost: Gridpost, samples: Path, tmp_path: Path) -> None:
    where = ["--data-dir", tmp_path / "hub"]
    file = tmp_path / "customers.csv"
    file.write_text(f"metering_point;customer;valid_from\n{POINT};{sample_gln(501)};2025-01-01\n")
    assert gridpost("customers", "import", file, *where).code == 2, "there is no hub yet"
    assert gridpost("masterdata", "import", samples / "masterdata", *where).code == 0
    taken = gridpost("customers", "import", file, *where)
    assert (taken.code, taken.out) == (0, "Taken: 1 customers\n")
    added = gridpost("client", "add", "home", "--party", sample_gln(501), "--role", "customer", *where)
    assert added.code == 0


def test_what_is_wrong_with_the_file_is_named(gridpost: Gridpost, samples: Path, tmp_path: Path) -> None:
    where = ["--data-dir", tmp_path / "hub"]
    gridpost("masterdata", "import", samples / "masterdata", *where)
    file = tmp_path / "customers.json"
    file.write_text('[{"metering_point": "571313180000000005", "customer": "12", "valid_from": "2025-01-01"}]')
    refused = gridpost("customers", "import", file, "--json", *where)
    assert (refused.code, [found["code"] for found in refused.value["findings"]]) == (1, ["bad-value"])
    said = gridpost("customers", "import", file, *where)
    assert said.code == 1
    assert said.out.endswith("Nothing was taken.\n")
    other = tmp_path / "customers.txt"
    other.write_text("")
    assert gridpost("customers", "import", other, *where).code == 2
    assert gridpost("customers", "import", tmp_path / "absent.csv", *where).code == 2
