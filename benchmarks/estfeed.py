"""The codecs of the Estonian datahub, against bare `json.loads` of the same bytes.

Usage: python -m benchmarks.estfeed [--quick]. A year of one point and a day of 365, both flows, without and with net
quantities, V2 and V1, compact and pretty-printed. From bytes to durable is in `benchmarks.metering_data`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial

from benchmarks.floor import interleave, machine_note, report
from benchmarks.metering_data import PERIODS, POINTS, v1_body, v2_body
from gateway.codecs.estfeed.fast import decode_fast
from gateway.codecs.estfeed.general import decode_general
from gateway.codecs.estfeed.shapes import V1_SUBMISSION, V2_SUBMISSION, Shape
from gateway.codecs.estfeed.table import decode_as
from gateway.codecs.estfeed.writing import encode
from gateway.messages.codes import Commodity
from gateway.messages.metering_data import MeteringData

FLOOR = "json.loads"


def with_nets(body: bytes) -> bytes:
    """The body with net quantities in every period."""
    return body.replace(b"}},{", b'},"netQtyIn":0.000,"netQtyOut":3.400},{')


def pretty(body: bytes) -> bytes:
    """The body as people like to read it, its numbers untouched."""
    lines = json.dumps(json.loads(body, parse_float=lambda text: f"#{text}#"), indent=2)
    return lines.replace('"#', "").replace('#"', "").encode()


def cases(body: bytes, shape: Shape) -> dict[str, Callable[[], object]]:
    """Every way of one body, the floor first."""
    taken = decode_as(shape, body, Commodity.ELECTRICITY)
    assert isinstance(taken, MeteringData), taken
    assert decode_fast(body, shape, Commodity.ELECTRICITY) is not None
    return {
        FLOOR: partial(json.loads, body),
        "decode (fast path)": partial(decode_as, shape, body, Commodity.ELECTRICITY),
        "decode (general path)": partial(decode_general, body, shape, Commodity.ELECTRICITY),
        "encode": partial(encode, taken, shape),
    }


def main() -> None:
    """Print every ratio with its floor."""
    rounds = 3 if "--quick" in sys.argv else 15
    print(machine_note())
    year, day = v2_body(POINTS[:1], PERIODS, 1), v2_body(POINTS[:365], 96, 1)
    bodies = {
        "V2, a point's year": (year, V2_SUBMISSION),
        "V2, a point's year, pretty-printed": (pretty(year), V2_SUBMISSION),
        "V2, a point's year with nets": (with_nets(year), V2_SUBMISSION),
        "V2, 365 points' day": (day, V2_SUBMISSION),
        "V1, a point's year": (v1_body(POINTS[:1], PERIODS, 1), V1_SUBMISSION),
        "V1, 365 points' day": (v1_body(POINTS[:365], 96, 1), V1_SUBMISSION),
    }
    for name, (body, shape) in bodies.items():
        print(report(f"{name}, {len(body) / 1e6:.1f} MB", interleave(cases(body, shape), rounds), FLOOR, PERIODS))


if __name__ == "__main__":
    main()
