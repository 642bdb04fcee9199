"""Every published sample of the Estonian datahub that carries metering data is read, written and read alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.codecs.estfeed.shapes import V1_CONTENT, V1_SUBMISSION, V2_ANSWER, V2_SUBMISSION, Shape
from gateway.codecs.estfeed.table import decode_as
from gateway.codecs.estfeed.writing import encode
from gateway.codecs.table import Undecodable
from gateway.messages.codes import Commodity
from gateway.messages.metering_data import MeteringData
from tests.unit.codecs.estfeed.bodies import differences

_POINT = "38ZGO-1000000C-Y"

SAMPLES: list[tuple[str, Shape, Callable[[str], str]]] = [
    ("v2-electricity-post-in-out-net.json", V2_SUBMISSION, str),
    ("v2-electricity-post-out-only.json", V2_SUBMISSION, str),
    ("v2-electricity-get-response.json", V2_ANSWER, str),
    ("constructed-v1-meter-data-post.json", V1_SUBMISSION, str),
    ("constructed-v1-meter-data-post-gas-daily.json", V1_SUBMISSION, str),
    ("dd-v1-content-metering-data.json", V1_CONTENT, str),
    ("v1-meterdata-periods-fragment.json", V1_CONTENT, lambda text: f'[{{"meterEic": "{_POINT}", {text.strip()[1:]}]'),
    (
        "dd-v2-metering-data-electricity-response.json",
        V2_SUBMISSION,
        lambda text: _dumped(text, "content", 0, "content"),
    ),
]


def _dumped(text: str, *path: str | int) -> str:
    found: Any = json.loads(text)
    for step in path:
        found = found[step]
    return json.dumps(found)


@pytest.mark.parametrize(("name", "shape", "part"), SAMPLES, ids=[name for name, _, _ in SAMPLES])
def test_samples_are_read_written_and_read_alike(
    shared: Path, name: str, shape: Shape, part: Callable[[str], str]
) -> None:
    # EE-1.5, EE-1.7
    body = part((shared / "data" / "ee" / "samples" / name).read_text()).encode()
    data = decode_as(shape, body, Commodity.ELECTRICITY)
    assert isinstance(data, MeteringData), data
    assert len(data) == body.count(b'"pS"')
    text = encode(data, shape)
    root = {V1_SUBMISSION: "meterData", V2_ANSWER: "successful"}.get(shape)
    value = json.loads(body)
    again = json.dumps(value | {root: _KEPT}).replace(json.dumps(_KEPT), text) if root else text
    back = decode_as(shape, again.encode(), Commodity.ELECTRICITY)
    assert isinstance(back, MeteringData), back
    assert [name for name in differences(back, data) if " decimals:" not in name] == []
    _same_amounts(value[root] if root else value, json.loads(text))


_KEPT = "written anew"


def _same_amounts(one: Any, other: Any) -> None:
    """Everything is alike but the spelling of times, which are the same instants to the second."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            if key not in ("pS", "rTime"):
                _same_amounts(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for mine, its in zip(one, other, strict=True):
            _same_amounts(mine, its)
    else:
        assert one == other


def test_the_sample_with_comments_is_malformed(shared: Path) -> None:
    name = "dd-v2-metering-data-electricity-response.as-published.jsonc"
    found = decode_as(V2_ANSWER, (shared / "data" / "ee" / "samples" / name).read_bytes(), Commodity.ELECTRICITY)
    assert isinstance(found, Undecodable)
    assert [finding.rule for finding in found.findings] == ["malformed"]
