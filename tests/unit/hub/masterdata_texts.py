"""Files of master data as texts: good parties and areas, and whatever points a test puts beside them."""

from __future__ import annotations

from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import MasterDataReading, read_files
from gateway.messages.identifiers import gs1_check_digit
from gateway.messages.masterdata import MasterData
from gateway.messages.times import MarketZone

ZONE = MarketZone("Europe/Copenhagen")
LENIENT = Manner(ZONE)
STRICT = Manner(ZONE, strict=True)


def gln(number: int) -> str:
    body = f"2{number:011d}"
    return body + gs1_check_digit(body)


def gsrn(number: int) -> str:
    body = f"2{number:016d}"
    return body + gs1_check_digit(body)


GRID, SUPPLIER, OTHER, BALANCE = gln(1), gln(2), gln(3), gln(4)

PARTIES = f"""party,name,role,valid_from,valid_to
{GRID},Grid,grid-operator,2020-01-01,
{SUPPLIER},Supply,energy-supplier,2020-01-01,
{OTHER},Other,DDQ,2020-01-01,2025-01-01
{BALANCE},Balance,DDK,2020-01-01,
"""

AREAS = f"grid_area,name,grid_operator,valid_from,valid_to\n990,Home,{GRID},2020-01-01,\n991,Next,{GRID},2020-01-01,\n"
HEADER = (
    "metering_point,kind,settlement_method,grid_area,resolution,from_grid_area,to_grid_area,parent,energy_supplier,"
    "balance_responsible,valid_from,valid_to\n"
)


def point(number: int = 1, /, **cells: str) -> str:
    row = {
        "metering_point": gsrn(number),
        "kind": "consumption",
        "grid_area": "990",
        "resolution": "PT15M",
        "energy_supplier": SUPPLIER,
        "valid_from": "2024-01-01",
        **cells,
    }
    return ",".join(row.get(name, "") for name in HEADER.strip().split(",")) + "\n"


def read(
    points: str = "", manner: Manner = LENIENT, known: MasterData | None = None, **tables: str | None
) -> MasterDataReading:
    """Read good parties and areas, the given points, and whatever else a test puts in their place."""
    texts = {
        "parties.csv": PARTIES,
        "grid-areas.csv": AREAS,
        "metering-points.csv": HEADER + points,
        **{f"{name.replace('_', '-')}.csv": text for name, text in tables.items()},
    }
    files = {name: text.encode() for name, text in texts.items() if text is not None}
    return read_files(files, manner) if known is None else read_files(files, manner, known)


def known() -> MasterData:
    """A view with the parties, the areas and point 1 registered."""
    reading = read(point(1))
    assert reading.is_good
    return reading.dataset.view()
