"""A second opinion on the sums of a day: DuckDB over the Parquet export, in SQL that shares nothing with the kernel."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from gateway.analysis.export_files import PLAN, VALUES, read_plan
from gateway.messages.series import Mask, Qualities, Quantities
from gateway.settlement.quality_sets import MISSING, SET_OF


class QuarterSums(NamedTuple):
    """What the groups of a plan come to by quarter, each [groups, quarters].

    Attributes:
        parts: int64, quarter watt-hours.
        qualities: uint8, sets of the qualities that contributed, missing where something awaited did not come.
        exists: whether the plan awaits anything.
    """

    parts: Quantities
    qualities: Qualities
    exists: Mask


_SQL = """
with block as (
    select point, start, case resolution when 'PT15M' then 1 when 'PT1H' then 4 end as quarters,
        unnest(quantities) as quantity, unnest(qualities) as quality, generate_subscripts(quantities, 1) - 1 as position
    from read_parquet($values)
), value as (
    select point, start + 900 * (position * quarters + quarter) as moment, quality,
        case when bits & $missing > 0 then 0 else quantity * 4 // quarters end as parts, bits
    from block join quality_bits using (quality), range(4) as part(quarter)
    where quarter < quarters
), delivered as (
    select "group", moment, sum(parts)::bigint as parts, count(*) as number, bit_or(bits) as bits
    from value join read_parquet($plan) as plan on plan.point = value.point and first <= moment and moment < last
    group by all
), awaited as (
    select "group", moment, count(*) as number
    from read_parquet($plan), unnest(range(first, last, 900)) as quarter(moment)
    group by all
)
select "group", (moment - $start) // 900 as quarter, coalesce(parts, 0) as parts,
    coalesce(bits, 0) | case when coalesce(delivered.number, 0) < awaited.number then $missing else 0 end as bits
from awaited left join delivered using ("group", moment)
"""


def sum_in_duckdb(directory: Path, threads: int = 2, memory: str = "2GB") -> QuarterSums:
    """The sums of an exported day by group and quarter."""
    import duckdb  # noqa: PLC0415 - an extra
    import pyarrow as pa  # noqa: PLC0415

    plan = read_plan(directory)
    with duckdb.connect(config={"threads": threads, "memory_limit": memory}) as connection:
        bits = pa.table({"quality": np.arange(256, dtype=np.uint8), "bits": SET_OF})
        connection.register("quality_bits", bits)
        bound = {
            "values": str(directory / VALUES / "*.parquet"),
            "plan": str(directory / PLAN),
            "start": plan.interval.start,
            "missing": MISSING,
        }
        found = connection.execute(_SQL, bound).fetchnumpy()
    shape = plan.groups, plan.quarters
    cells = found["group"].astype(np.int64), found["quarter"].astype(np.int64)
    sums = QuarterSums(np.zeros(shape, np.int64), np.zeros(shape, np.uint8), np.zeros(shape, np.bool_))
    sums.parts[cells], sums.qualities[cells], sums.exists[cells] = found["parts"], found["bits"], True
    return sums
