"""Which metering points are calculated together: sites that are netted, and energy communities (FI-7.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import NONE, Rows
from gateway.messages.point_details import CommunityMember, PointView
from gateway.settlement.communities import WHOLE


class Pair(NamedTuple):
    """A consumption point and the production point of its site over [valid_from, valid_to), by their keys."""

    consumption: int
    production: int
    valid_from: int
    valid_to: int


@dataclass(frozen=True)
class Sites:
    """All sites and communities as known at one moment.

    Attributes:
        pairs: sites by the key of either point.
        communities: names of the communities a point matters to, by its key.
        members: of each community.
        points: keys of every point that matters, ascending.
    """

    pairs: dict[int, list[Pair]] = field(default_factory=dict)
    communities: dict[int, set[str]] = field(default_factory=dict)
    members: dict[str, tuple[CommunityMember, ...]] = field(default_factory=dict)
    points: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def pair(self, point: int, instant: int) -> Pair | None:
        """The site of a point at an instant."""
        return next((one for one in self.pairs.get(point, ()) if one.valid_from <= instant < one.valid_to), None)

    def shared_by(self, community: str, instant: int) -> tuple[CommunityMember, ...]:
        """The members of a community at an instant, in order of their points; none where they do not share all."""
        held = sorted(
            (one for one in self.members.get(community, ()) if one.valid_from <= instant < one.valid_to),
            key=lambda one: one.metering_point,
        )
        return tuple(held) if sum(one.share for one in held) == WHOLE else ()

    def is_shared(self, point: int, instant: int) -> bool:
        """Whether a point is a member or the production of a community at an instant."""
        return any(
            point in (point_key(one.metering_point), point_key(one.production_point))
            for community in self.communities.get(point, ())
            for one in self.shared_by(community, instant)
        )


def sites_of(view: PointView) -> Sites:
    """The sites and communities of a view of points."""
    sites = Sites(members=dict(view.members))
    for pair in _pairs(view):
        for point in (pair.consumption, pair.production):
            sites.pairs.setdefault(point, []).append(pair)
    for community, members in view.members.items():
        named = {point_key(p) for one in members for p in (one.metering_point, one.production_point)}
        beside = {p for key in named for pair in sites.pairs.get(key, ()) for p in (pair.consumption, pair.production)}
        for point in named | beside:
            sites.communities.setdefault(point, set()).add(community)
    keys = np.array(sorted({*sites.pairs, *sites.communities}), dtype=np.int64)
    return Sites(sites.pairs, sites.communities, sites.members, keys)


def _pairs(view: PointView) -> Iterator[Pair]:
    details = view.details
    for row in np.flatnonzero(details.related != NONE).tolist():
        yield Pair(
            int(details.point[row]),
            int(details.related[row]),
            int(details.valid_from[row]),
            int(details.valid_to[row]),
        )
