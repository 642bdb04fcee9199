"""Every rule there is, by its neutral name: what a market's profile can enable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from gateway.rules import (
    aggregation_requests,
    deadlines,
    decimals,
    envelope,
    flows,
    masterdata,
    parties,
    periods,
    quantities,
    readings,
    requests,
    results_requests,
    settlement_requests,
    statuses,
)
from gateway.rules.aggregation_requests import AggregationBatch
from gateway.rules.batch import Batch
from gateway.rules.envelope import Breach, EnvelopeRule
from gateway.rules.readings import PeriodCase, ReadingCase
from gateway.rules.requests import RequestBatch
from gateway.rules.results_requests import ResultsBatch
from gateway.rules.runner import Rule
from gateway.rules.settlement_requests import SettlementBatch

R = TypeVar("R", bound=Callable[..., object])


def rule_name(rule: Callable[..., object]) -> str:
    """The neutral name of a rule: its function's, with dashes."""
    return rule.__name__.replace("_", "-")


def _by_name(rules: Iterable[R]) -> dict[str, R]:
    return {rule_name(rule): rule for rule in rules}


MEASURE_DATA_RULES: Mapping[str, Rule[Batch]] = _by_name(
    (
        parties.delegation_exists,
        parties.sender_is_responsible,
        masterdata.point_known,
        masterdata.point_known_throughout,
        masterdata.point_check_digit,
        masterdata.point_in_grid,
        masterdata.point_type_known,
        masterdata.point_type_as_registered,
        masterdata.point_not_calculated,
        masterdata.point_not_virtual,
        masterdata.subtype_constant,
        masterdata.unit_allowed,
        masterdata.unit_as_registered,
        masterdata.resolution_allowed,
        masterdata.resolution_as_registered,
        masterdata.month_fits_type,
        periods.period_readable,
        periods.period_forward,
        periods.period_long_enough,
        periods.period_not_too_old,
        periods.period_not_far_ahead,
        periods.period_over,
        periods.period_on_step,
        periods.count_fits_period,
        periods.positions_unique,
        periods.positions_consecutive,
        quantities.quantity_is_number,
        quantities.quantity_not_negative,
        quantities.quantity_digits,
        quantities.quantity_decimals,
        quantities.quantity_within_limits,
        quantities.quality_allowed,
        quantities.missing_without_value,
        quantities.value_with_status,
        deadlines.missing_in_time,
        decimals.decimals_fit_fuse,
        flows.energies_only,
        flows.flow_stated,
        flows.flow_allowed,
    )
)
"""Rules of measure data that need only the message and the master data."""

HISTORY_RULES: Mapping[str, Rule[Batch]] = _by_name(
    (deadlines.resend_in_window, statuses.status_may_follow, statuses.something_new)
)
"""Rules of measure data asked once the store has said what is unchanged."""

REQUEST_RULES: Mapping[str, Rule[RequestBatch]] = _by_name(
    (
        requests.yearly_by_supplier,
        requests.yearly_type_allowed,
        requests.requested_point_known,
        requests.requested_period_readable,
        requests.requested_period_forward,
        requests.requested_bounds_on_quarter,
        requests.supplier_entitled,
        requests.operator_entitled,
        requests.other_role_entitled,
        requests.requested_data_available,
    )
)
"""Rules of requests for measure data."""

RESULTS_REQUEST_RULES: Mapping[str, Rule[ResultsBatch[Any]]] = _by_name(
    (
        results_requests.requesting_supplier_named,
        results_requests.requesting_supplier_is_own,
        results_requests.operator_names_grid_area,
        results_requests.operator_owns_grid_area,
        results_requests.settlement_version_of_correction,
        results_requests.settlement_version_known,
        results_requests.bounds_in_plain_utc,
        results_requests.bounds_at_midnight,
        results_requests.request_not_too_old,
        results_requests.results_available,
        results_requests.results_in_grid_area,
    )
)
"""Rules of every request for results of settlement."""

AGGREGATION_REQUEST_RULES: Mapping[str, Rule[AggregationBatch]] = _by_name(
    (
        aggregation_requests.sums_asked_as_metered_data_responsible,
        aggregation_requests.balance_responsible_named,
        aggregation_requests.balance_responsible_is_own,
        aggregation_requests.balance_responsible_before_wholesale,
        aggregation_requests.exchange_for_operator,
        aggregation_requests.total_consumption_for_operator,
        aggregation_requests.summed_type_allowed,
        aggregation_requests.summed_method_allowed,
        aggregation_requests.summed_period_stated,
        aggregation_requests.summed_period_forward,
        aggregation_requests.summed_period_short_enough,
    )
)
"""Rules of requests for sums of measure data alone."""

SETTLEMENT_REQUEST_RULES: Mapping[str, Rule[SettlementBatch]] = _by_name(
    (
        settlement_requests.settled_month_whole,
        settlement_requests.settled_resolution_allowed,
        settlement_requests.charge_id_short_enough,
    )
)
"""Rules of requests for settled charges alone."""

ENVELOPE_RULES: Mapping[str, EnvelopeRule] = _by_name(
    (
        envelope.token_has_sender_role,
        envelope.sender_is_caller,
        envelope.sender_check_digit,
        envelope.sender_role_allowed,
        envelope.message_id_present,
        envelope.message_id_short,
        envelope.transaction_id_present,
        envelope.transaction_id_short,
        envelope.transaction_id_unique,
        envelope.receiver_is_hub,
        envelope.receiver_role_is_hub,
        envelope.document_type_right,
        envelope.process_type_accepted,
        envelope.business_sector_right,
    )
)
"""Checks of every document's envelope."""

_OF_PERIODS = (
    readings.reading_transaction_usable,
    readings.reading_transaction_unused,
    readings.reading_point_known,
    readings.reading_sender_responsible,
    readings.reading_period_forward,
    readings.reading_not_too_old,
)
"""Rules of meter readings and of their cancellations alike."""

READING_RULES: Mapping[str, Callable[[ReadingCase], Iterator[Breach]]] = _by_name(
    (
        *_OF_PERIODS,
        readings.reading_point_physical,
        readings.reading_point_profile_settled,
        readings.reading_point_in_grid,
        readings.reading_bounds_at_midnight,
        readings.reading_already_made,
        readings.reading_nominal_fits,
        readings.reading_of_one_supplier,
        readings.reading_overlaps_nothing,
        readings.reading_starts_at_previous_end,
        readings.reading_quality_allowed,
        readings.reading_not_negative,
        readings.reading_digits,
        readings.reading_plausible,
        readings.reading_within_mandatory_limit,
    )
)
"""Rules of meter readings of profile-settled points."""

CANCELLATION_RULES: Mapping[str, Callable[[PeriodCase], Iterator[Breach]]] = _by_name(
    (
        *_OF_PERIODS,
        readings.cancelled_period_stands,
        readings.cancelled_period_newest,
    )
)
"""Rules of the cancellation of meter readings."""

NAMED_ELSEWHERE = (
    "message-id-used",
    "transaction-id-used",
    "unknown-namespace",
    "schema-invalid",
    "malformed",
    "too-large",
)
"""Findings that parsers and the hub's registries make; a profile only words them."""

NAMED_BY_DESKS = ("query-too-long",)
"""Findings that the hub's desks make where a market has them; its profile words them."""
