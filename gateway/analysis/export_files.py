"""The files of a day's export and their columns (docs/guide/export.md).

values/PT15M-96.parquet   a block of values a row; a file for each resolution and number of steps
plan.parquet              which points' values go to which group, and when; the interval stands in its metadata
groups.parquet            what each group is
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gateway.messages.times import Interval
from gateway.settlement.energy import EnergyPlan, Measured
from gateway.settlement.plan import Plan, PlanRows

if TYPE_CHECKING:
    import pyarrow as pa

VALUES, PLAN, GROUPS = "values", "plan.parquet", "groups.parquet"
GROUP_COLUMNS = ("measured", "grid_area", "energy_supplier", "balance_responsible", "neighbour")

GroupKeys = Mapping[str, Sequence[str | None]]
"""What each group is: a list for each of GROUP_COLUMNS, in order of the groups."""


def keys_of(energy: EnergyPlan) -> GroupKeys:
    """What the groups of the balance settlement are; of an exchange, `grid_area` is where it comes from."""
    areas, parties = energy.master.areas, energy.master.parties
    return {
        "measured": [Measured(code).name.lower() for code in energy.measured.tolist()],
        "grid_area": [areas.name(code) for code in energy.area.tolist()],
        "energy_supplier": [parties.name(code) for code in energy.supplier.tolist()],
        "balance_responsible": [parties.name(code) for code in energy.brp.tolist()],
        "neighbour": [areas.name(code) for code in energy.neighbour.tolist()],
    }


def write_plan(directory: Path, plan: Plan, keys: GroupKeys, as_of: int) -> None:
    """Write the plan and what its groups are.

    Raises:
        ValueError: the plan joins the qualities of an hour, which the exported columns do not tell.
    """
    import pyarrow as pa  # noqa: PLC0415 - an extra
    import pyarrow.parquet as pq  # noqa: PLC0415

    if plan.joint_hours:
        raise ValueError("a plan with joint hours cannot be exported")
    facts = {"start": plan.interval.start, "end": plan.interval.end, "groups": plan.groups, "as_of": as_of}
    rows = pa.table({"point": plan.point, "group": plan.group, "first": plan.first, "last": plan.last})
    pq.write_table(rows.replace_schema_metadata({k: str(v) for k, v in facts.items()}), directory / PLAN)
    groups = {"group": pa.array(range(plan.groups), pa.int32())}
    pq.write_table(
        pa.table(groups | {name: pa.array(keys[name], pa.string()) for name in GROUP_COLUMNS}), directory / GROUPS
    )


def read_plan(directory: Path) -> Plan:
    """The plan of an export."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - an extra

    table: pa.Table = pq.read_table(directory / PLAN)
    facts = {name.decode(): int(value) for name, value in table.schema.metadata.items() if name in _FACTS}
    columns = (table[name].to_numpy() for name in ("point", "group", "first", "last"))
    return Plan.of(Interval(facts["start"], facts["end"]), PlanRows(*columns), facts["groups"])


_FACTS = (b"start", b"end", b"groups", b"as_of")


def block_table(resolution: str, start: int, values: tuple[np.ndarray, np.ndarray, np.ndarray]) -> pa.Table:
    """Blocks of one resolution, start and count as rows; `values` are points, quantities and qualities."""
    import pyarrow as pa  # noqa: PLC0415 - an extra

    points, quantity, quality = values
    bounds = np.arange(0, quantity.size + 1, quantity.shape[1], dtype=np.int32)
    return pa.table(
        {
            "point": points,
            "start": np.full(len(points), start, dtype=np.int64),
            "resolution": pa.array([resolution], pa.string()).take(pa.array(np.zeros(len(points), np.int32))),
            "quantities": pa.ListArray.from_arrays(bounds, quantity.astype(np.int64).reshape(-1)),
            "qualities": pa.ListArray.from_arrays(bounds, np.ascontiguousarray(quality).reshape(-1)),
        }
    )
