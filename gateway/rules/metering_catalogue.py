"""Every rule there is of metering data and of the messages that bring it, by its neutral name."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.rules import metering_data, metering_messages, net_quantities
from gateway.rules.catalogue import rule_name
from gateway.rules.interval_hits import IntervalRule
from gateway.rules.metering_messages import MessageRule

METERING_DATA_RULES: Mapping[str, IntervalRule] = {
    rule_name(rule): rule
    for rule in (
        metering_data.point_code_valid,
        metering_data.point_registered,
        metering_data.point_owned,
        metering_data.point_agreed_on,
        metering_data.point_of_commodity,
        metering_data.resolution_of_market,
        metering_data.start_on_quarter,
        metering_data.start_on_hour,
        metering_data.start_on_day,
        metering_data.start_not_too_old,
        metering_data.start_not_far_ahead,
        metering_data.interval_once,
        metering_data.reading_not_ahead,
        metering_data.interval_has_flow,
        metering_data.electricity_in_kwh,
        metering_data.gas_in_both_units,
        metering_data.flow_not_negative,
        metering_data.flow_decimals,
        metering_data.flow_decimals_exact,
        metering_data.flow_digits,
        metering_data.flow_type_stated,
        net_quantities.net_in_pair,
        net_quantities.net_beside_flow,
        net_quantities.net_one_way,
        net_quantities.net_zero_beside_zero,
        net_quantities.net_by_network,
        net_quantities.net_of_electricity,
    )
}
"""Rules of the accounting intervals of a message: what they find is told in its status."""

MESSAGE_RULES: Mapping[str, MessageRule] = {
    rule_name(rule): rule
    for rule in (
        metering_messages.form_open,
        metering_messages.role_may_submit,
        metering_messages.caller_is_sender,
        metering_messages.commodity_as_addressed,
        metering_messages.intervals_not_too_many,
    )
}
"""Rules of a message as a whole: what they find is answered at once."""
