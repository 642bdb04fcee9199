"""Any order and any packing of the same deliveries files the same snapshot (DK-1.34, DK-4.1.5.h)."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.messages.codes import Quality, SettlementStage
from tests.integration.settlement.towns import DAY, METERED, USES, start_town

Delivery = tuple[str, int | None, Quality]

DELIVERIES = st.lists(
    st.tuples(
        st.sampled_from([name for name in METERED if name != "exchange"]),
        st.one_of(st.none(), st.integers(0, 30_000)),
        st.sampled_from([Quality.MEASURED, Quality.ESTIMATED]),
    ),
    unique_by=lambda one: one[0],
    min_size=2,
    max_size=4,
)


def filed(order: list[Delivery], together: bool) -> bytes:
    """The hash of the preliminary sums after some deliveries, in one message or each in its own."""
    with tempfile.TemporaryDirectory() as directory:
        town = start_town(Path(directory) / "data")
        try:
            town.at(DAY + timedelta(days=1), 6)
            town.send(DAY, {"exchange": USES["exchange"][3]})
            if together:
                for quality in (Quality.MEASURED, Quality.ESTIMATED):
                    town.send(DAY, {name: value for name, value, own in order if own is quality}, quality)
            else:
                for name, value, quality in order:
                    town.send(DAY, {name: value}, quality)
            town.evening(DAY + timedelta(days=1))
            return town.snapshots(DAY)[SettlementStage.PRELIMINARY].sha256
        finally:
            town.hub.stop()


@settings(max_examples=8)
@given(DELIVERIES.flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_any_order_of_messages_gives_the_same_snapshot(orders: tuple[list[Delivery], list[Delivery]]) -> None:
    one, other = orders
    assert filed(one, together=False) == filed(other, together=False) == filed(one, together=True)
