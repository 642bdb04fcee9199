"""The loss of a network: what entered it and did not leave it again, interval by interval (EE-4.2).

Grid operators and line operators alike: the border points and the points of the network are all there is to know.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.messages.series import Quantities


class Exchanged(NamedTuple):
    """What several metering points exchanged with a network in each interval: int64 columns of one length, Wh.

    Attributes:
        into: energy into the network.
        out: energy out of it.
    """

    into: Quantities
    out: Quantities


def network_loss(border: Exchanged, own: Exchanged) -> Quantities:
    """The loss of each interval: what its borders brought in on balance, less what its own points took on balance.

    All four are viewed from the network itself. A negative loss says that more was metered out than in.
    """
    loss: Quantities = (border.into - border.out) - (own.out - own.into)
    return loss
