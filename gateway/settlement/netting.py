"""Netting of a site's consumption and production within an imbalance period (FI-7.1; summary of the netting decree)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.series import Qualities, Quantities
from gateway.settlement.statuses import weakest


class Energy(NamedTuple):
    """Energy of one point by imbalance period.

    Attributes:
        quantity: int64[steps], Wh; 0 where missing.
        quality: uint8[steps] of `Quality`.
    """

    quantity: Quantities
    quality: Qualities


class Netted(NamedTuple):
    """What is left of a site's consumption and production; at most one of them is not 0 in a step."""

    consumption: Energy
    production: Energy


def net(consumption: Energy, production: Energy) -> Netted:
    """Consumption less production, step by step: what is above 0 is consumed, what is below is produced.

    A missing input counts as 0; the status is the weakest of both, partially missing where one is missing.
    """
    quality = weakest(np.stack((consumption.quality, production.quality)))
    left = _counted(consumption) - _counted(production)
    return Netted(Energy(np.maximum(left, 0), quality), Energy(np.maximum(-left, 0), quality))


def _counted(energy: Energy) -> Quantities:
    counted: Quantities = np.where(energy.quality == Quality.MISSING, 0, energy.quantity)
    return counted
