"""Neutral names of the market's code lists. Wire codes (E17, A04, 56) live in the codecs.

Every list is open at the wire: a code that a schema allows and the neutral vocabulary has no name for stays the text
it was (`"A13"`), so nothing is lost between decode and encode. Neutral names are lower-case words and never collide
with a wire code.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum


class DocumentKind(StrEnum):
    """A kind of market document, whatever dialect carries it."""

    ACKNOWLEDGEMENT = "acknowledgement"
    """Danish RSM-009: the rejection of transactions."""
    MEASURE_DATA = "measure-data"
    """Danish RSM-012: validated measure data of metering points."""
    MEASURE_DATA_REQUEST = "measure-data-request"
    """Danish RSM-015: a request for validated measure data."""
    MEASURE_DATA_REQUEST_REJECT = "measure-data-request-reject"
    """Danish RSM-015's reject."""
    AGGREGATED_MEASURE_DATA = "aggregated-measure-data"
    """Danish RSM-014: sums of a settlement."""
    MISSING_DATA_REMINDER = "missing-data-reminder"
    """Danish RSM-018: a reminder of measure data that are missing."""
    WHOLESALE_SERVICES = "wholesale-services"
    """Danish RSM-019: energy and money of charges."""
    AGGREGATED_MEASURE_DATA_REQUEST = "aggregated-measure-data-request"
    """Danish RSM-016: a request for sums of measure data."""
    AGGREGATED_MEASURE_DATA_REQUEST_REJECT = "aggregated-measure-data-request-reject"
    """Danish RSM-016's reject."""
    WHOLESALE_SETTLEMENT_REQUEST = "wholesale-settlement-request"
    """Danish RSM-017: a request for settled charges."""
    WHOLESALE_SETTLEMENT_REQUEST_REJECT = "wholesale-settlement-request-reject"
    """Danish RSM-017's reject."""


REJECT_KINDS: Mapping[DocumentKind, DocumentKind] = {
    DocumentKind.MEASURE_DATA_REQUEST: DocumentKind.MEASURE_DATA_REQUEST_REJECT,
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST: DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT,
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST: DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT,
}
"""What rejects a request, by the kind of the request."""


class DelegatedProcess(StrEnum):
    """What a party may let another do in its place (Regulation D1 §3.4)."""

    MEASURE_DATA = "measure-data"
    """Both sending and receiving measure data."""
    SEND_MEASURE_DATA = "send-measure-data"
    RECEIVE_MEASURE_DATA = "receive-measure-data"
    MEASURE_DATA_REQUEST = "measure-data-request"
    AGGREGATED_MEASURE_DATA = "aggregated-measure-data"
    """Receiving the results of settlements."""
    AGGREGATED_MEASURE_DATA_REQUEST = "aggregated-measure-data-request"
    WHOLESALE_SETTLEMENT_REQUEST = "wholesale-settlement-request"


class Dialect(StrEnum):
    """A wire form of the documents."""

    CIM_XML = "cim-xml"
    CIM_JSON = "cim-json"
    EBIX_XML = "ebix-xml"


class FeedForm(StrEnum):
    """A wire form of metering data without an envelope of its own: headers or context say who sends (Elering 12)."""

    ESTFEED_V1 = "estfeed-v1"
    """JSON of the Estonian datahub's first generation."""
    ESTFEED_V2 = "estfeed-v2"
    """JSON of the Estonian datahub's second generation."""
    WORKBOOK = "workbook"
    """A spreadsheet."""


class NeutralForm(StrEnum):
    """A wire form of the hub itself, alike in every market that offers it."""

    HUB_JSON = "hub-json"


WireForm = Dialect | FeedForm | NeutralForm
"""Whatever the hub's journal keeps is written in one of these."""


def wire_form(name: str) -> WireForm:
    """A wire form by its name."""
    if name in set(NeutralForm):
        return NeutralForm(name)
    return FeedForm(name) if name in set(FeedForm) else Dialect(name)


class Category(StrEnum):
    """The two sections of a receiver's queue."""

    MEASURE_DATA = "timeseries"
    AGGREGATIONS = "aggregations"


class Role(StrEnum):
    """A market role a party acts in."""

    ENERGY_SUPPLIER = "energy-supplier"
    GRID_OPERATOR = "grid-operator"
    METERED_DATA_RESPONSIBLE = "metered-data-responsible"
    BALANCE_RESPONSIBLE = "balance-responsible"
    SYSTEM_OPERATOR = "system-operator"
    ENERGY_AGENCY = "energy-agency"
    CLOSED_DISTRIBUTION_NETWORK = "closed-distribution-network"
    LINE_OPERATOR = "line-operator"
    CHARGING_POINT_OPERATOR = "charging-point-operator"
    AGGREGATOR = "aggregator"
    PRODUCER_OPERATOR = "producer-operator"
    STORAGE_OPERATOR = "storage-operator"
    GAS_STATION_OPERATOR = "gas-station-operator"
    ENERGY_SERVICE_PROVIDER = "energy-service-provider"
    HUB = "hub"
    IMBALANCE_SETTLEMENT = "imbalance-settlement"
    METERING_POINT_ADMINISTRATOR = "metering-point-administrator"
    DELEGATE = "delegate"
    """Acts for others only; a role of the token, never of a document."""
    CUSTOMER = "customer"
    """Whose metering points they are (D1 §3.5); a role of the token, never of a document."""
    THIRD_PARTY = "third-party"
    """Sees what a customer grants it (D1 §3.5); a role of the token, never of a document."""


class Service(StrEnum):
    """What a market's hub offers and does; what a market does not list has neither endpoints nor duties there."""

    MARKET_DOCUMENTS = "market-documents"
    """Documents sent, peeked and dequeued one queue per party and role."""
    SOAP_CONTAINER = "soap-container"
    """The same over the SOAP container of ebIX."""
    METERING_DATA = "metering-data"
    """Metering data submitted, followed, searched and fed as the Estonian datahub does."""
    NETWORKS = "networks"
    """Who is late, losses and load-duration curves, for those who run metering points."""
    LATENESS = "lateness"
    """Who is late with the values of a day."""
    POINT_SERIES = "point-series"
    """Series of several directions for a point: the hub's neutral form of them, windows, netting, deviations."""
    CONTROL = "control"
    MEASUREMENTS = "measurements"
    """Operating values and events of meters, kept by collectors' parties."""
    READINGS = "readings"
    REMINDERS = "reminders"
    SETTLEMENT = "settlement"
    PERIODISATION = "periodisation"
    CUSTOMERS = "customers"
    QUERIES = "queries"


AREA_RUNNERS: tuple[Role, ...] = (
    Role.GRID_OPERATOR,
    Role.CLOSED_DISTRIBUTION_NETWORK,
    Role.LINE_OPERATOR,
    Role.CHARGING_POINT_OPERATOR,
    Role.PRODUCER_OPERATOR,
    Role.STORAGE_OPERATOR,
    Role.GAS_STATION_OPERATOR,
    Role.AGGREGATOR,
)
"""Roles whose holders may run a grid area, and so have metering points of their own."""


class ProcessType(StrEnum):
    """The business process a document belongs to."""

    PERIODIC_METERING = "periodic-metering"
    YEARLY_METERING = "yearly-metering"
    PERIODIC_FLEX_METERING = "periodic-flex-metering"
    PRELIMINARY_AGGREGATION = "preliminary-aggregation"
    BALANCE_FIXING = "balance-fixing"
    WHOLESALE_FIXING = "wholesale-fixing"
    CORRECTION_SETTLEMENT = "correction-settlement"
    MISSING_DATA = "missing-data"


class SettlementStage(StrEnum):
    """Which settlement of a day of operation results belong to, in the order of the law (Regulation D1 §4)."""

    PRELIMINARY = "preliminary"
    """The sums of every evening before fixation."""
    FIXATION = "fixation"
    FIRST_REFIXATION = "refixation-1"
    SECOND_REFIXATION = "refixation-2"
    FINAL_REFIXATION = "refixation-3"
    CORRECTION = "correction"
    """What changed after the final refixation, settled three years on."""


class ReminderGroup(StrEnum):
    """What a grid operator is reminded of: each group has its own limit (Regulation D1 §4.1.5, §5.1.2, §5.2)."""

    HOURLY = "hourly"
    """Days of hourly settled consumption, production and exchange."""
    FLEX = "flex"
    """Days of flex settled consumption."""
    READINGS = "readings"
    """Readings of profile-settled points."""
    PRODUCTION = "production"
    """Months of read production."""


REFIXATIONS = (
    SettlementStage.FIRST_REFIXATION,
    SettlementStage.SECOND_REFIXATION,
    SettlementStage.FINAL_REFIXATION,
)


class MeteringPointType(StrEnum):
    """What a metering point measures; everything after EXCHANGE is a child type of the Danish market."""

    CONSUMPTION = "consumption"
    PRODUCTION = "production"
    EXCHANGE = "exchange"
    VE_PRODUCTION = "ve-production"
    ANALYSIS = "analysis"
    NOT_USED = "not-used"
    SURPLUS_PRODUCTION_GROUP_6 = "surplus-production-group-6"
    NET_PRODUCTION = "net-production"
    SUPPLY_TO_GRID = "supply-to-grid"
    CONSUMPTION_FROM_GRID = "consumption-from-grid"
    WHOLESALE_SERVICES_INFORMATION = "wholesale-services-information"
    OWN_PRODUCTION = "own-production"
    NET_FROM_GRID = "net-from-grid"
    NET_TO_GRID = "net-to-grid"
    TOTAL_CONSUMPTION = "total-consumption"
    NET_LOSS_CORRECTION = "net-loss-correction"
    ELECTRICAL_HEATING = "electrical-heating"
    NET_CONSUMPTION = "net-consumption"
    OTHER_CONSUMPTION = "other-consumption"
    OTHER_PRODUCTION = "other-production"
    CAPACITY_SETTLEMENT = "capacity-settlement"
    EXCHANGE_REACTIVE_ENERGY = "exchange-reactive-energy"
    COLLECTIVE_NET_PRODUCTION = "collective-net-production"
    COLLECTIVE_NET_CONSUMPTION = "collective-net-consumption"
    INTERNAL_USE = "internal-use"
    AGGREGATION = "aggregation"
    """Demand response that an aggregator delivers behind its parent; no flow of the grid (Elering 12)."""


class Subtype(StrEnum):
    """How a metering point's values come about (Regulation D1 §6.1)."""

    PHYSICAL = "physical"
    VIRTUAL = "virtual"
    CALCULATED = "calculated"


class SettlementMethod(StrEnum):
    """How a consumption point enters the settlement."""

    FLEX = "flex"
    HOURLY = "hourly"
    PROFILED = "profiled"


class SettlementVersion(StrEnum):
    """Which correction settlement a result belongs to; further ones keep the wire's text (D04 to D10)."""

    FIRST_CORRECTION = "first-correction"
    SECOND_CORRECTION = "second-correction"
    THIRD_CORRECTION = "third-correction"


class ChargeType(StrEnum):
    """What a charge is."""

    SUBSCRIPTION = "subscription"
    FEE = "fee"
    TARIFF = "tariff"


class GridLossRole(StrEnum):
    """Which loss of a grid area a metering point takes: more went in than was metered out, or less."""

    POSITIVE = "positive"
    """A flex consumption point."""
    NEGATIVE = "negative"
    """A production point."""


class Permission(StrEnum):
    """What master data allow a single metering point."""

    ABOVE_MANDATORY_LIMIT = "above-mandatory-limit"
    """More than the grid area's limit for hourly metering is no reason for a remark (Regulation D1 §5.1.1)."""
    NO_REMINDERS = "no-reminders"
    """Missing data of the point are no reason for a reminder."""


class ConnectionState(StrEnum):
    """Whether a metering point stands in the grid."""

    NEW = "new"
    """Not connected yet; in Finland: under construction (AE03), which owes no data (FI-6.2)."""
    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    CLOSED_DOWN = "closed-down"


class PointClass(StrEnum):
    """The three kinds of metering point of the Finnish market (DH-200)."""

    ACCOUNTING_POINT = "accounting-point"
    """Where a customer's consumption or production is accounted for."""
    EXCHANGE_POINT = "exchange-point"
    """Between two grid areas."""
    PRODUCTION_UNIT = "production-unit"


class PointUse(StrEnum):
    """The sub-type of an accounting point (DH-200, EV)."""

    NORMAL = "normal"
    BUILDING = "building"
    OWN_USE = "own-use"
    """A production unit's own consumption (FI-1.4)."""
    VIRTUAL = "virtual"


class MeteringMethod(StrEnum):
    """How the energy of a metering point comes about (DH-200, EV)."""

    INTERVAL = "interval"
    """Metered step by step."""
    READING = "reading"
    """Read now and then; its series is a profile."""
    UNMETERED = "unmetered"
    """A constant load."""


class DeviationType(StrEnum):
    """Whose balance deviation it is (EV F19: AU01, AU02)."""

    ACCOUNTING_POINT = "accounting-point"
    LOSSES = "losses"


class DeviationCause(StrEnum):
    """Why there is a balance deviation."""

    METERED_DATA = "metered-data-correction"
    """Measure data were corrected (EV: BL01)."""
    SUPPLIER = "supplier-correction"
    """It was somebody else who supplied the point (DH-200 section 9)."""
    REOPENED = "window-reopened"
    """The balance of the day was reopened: what had been booked of it is taken back."""


class AllowedFlow(StrEnum):
    """Which directions of an exchange point may have a series (DH-200)."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


class Commodity(StrEnum):
    """What a metering point measures the energy of."""

    ELECTRICITY = "electricity"
    NATURAL_GAS = "natural-gas"


class Flow(StrEnum):
    """Which way the energy of a series goes, where one metering point has a series for each.

    Viewed from the grid: in is into the grid, out is out of it (Elering 12); net flows are what is left of both within
    a step. Reactive energy: in is inductive, out capacitive (DH-200).
    """

    IN = "in"
    OUT = "out"
    NET_IN = "net-in"
    NET_OUT = "net-out"


class Unit(StrEnum):
    """The unit a quantity is measured in; a quantity is held in thousandths of it.

    The store numbers series by the places in this list: new units come last.
    """

    KWH = "kwh"
    KVARH = "kvarh"
    MWH = "mwh"
    KW = "kw"
    MW = "mw"
    PIECES = "pieces"
    AMPERE = "ampere"
    WH = "wh"
    GWH = "gwh"
    VARH = "varh"
    MVARH = "mvarh"
    GVARH = "gvarh"
    CUBIC_METRE = "m3"


def commodity_of(unit: Unit | str) -> Commodity:
    """What a metering point registered in a unit measures: one of gas is registered in cubic metres."""
    return Commodity.NATURAL_GAS if unit == Unit.CUBIC_METRE else Commodity.ELECTRICITY


class AgreementKind(StrEnum):
    """What a party of the market has agreed on."""

    GRID = "grid"
    """Grid service at a metering point."""
    BORDER_GRID = "border-grid"
    """Grid service between two grid operators, at the point where their grids meet."""
    SUPPLY = "supply"
    """Open supply of a metering point."""
    BORDER_SUPPLY = "border-supply"
    """Open supply at a point where two grids meet."""
    GENERAL_SERVICE = "general-service"
    """Supply of a metering point whose customer has chosen no supplier."""
    AGGREGATION = "aggregation"
    """An aggregator uses the flexibility behind a metering point."""
    PORTFOLIO = "portfolio"
    """The counterparty is in the party's portfolio, and so in its balance."""
    NAMED_SUPPLIER = "named-supplier"
    """The party supplies those in the counterparty's grid who have chosen no supplier."""
    JOINT_INVOICE = "joint-invoice"
    """One invoice for grid service and supply."""


class CustomerType(StrEnum):
    """What the customers of an agreement are."""

    PRIVATE = "private"
    LEGAL = "legal"


class Standing(StrEnum):
    """Whether an agreement or a permission counts."""

    IN_FORCE = "in-force"
    WITHDRAWN = "withdrawn"
    """Taken back: as if it had never been."""


class Product(StrEnum):
    """The energy product of a series."""

    ACTIVE_ENERGY = "active-energy"
    REACTIVE_ENERGY = "reactive-energy"
    TARIFF = "tariff"
    CAPACITIVE_ENERGY = "capacitive-energy"
    """Reactive energy of one kind, where the market has a series for each (DH-200)."""
    INDUCTIVE_ENERGY = "inductive-energy"


class Resolution(StrEnum):
    """The step of a period, spelled as the ISO 8601 duration every dialect uses."""

    QUARTER = "PT15M"
    HOUR = "PT1H"
    DAY = "P1D"
    MONTH = "P1M"
    YEAR = "P1Y"


class Quality(IntEnum):
    """Quality of one value, as held in a column of uint8.

    The numbers follow the digits of the international list (A04 = 4), so that a decoder needs no table; other
    dialects map theirs in their codec.
    """

    ABSENT = 0
    """Not stated. With a quantity it means measured, without one it means missing."""
    CORRECTED = 1
    MISSING = 2
    ESTIMATED = 3
    MEASURED = 4
    INCOMPLETE = 5
    CALCULATED = 6
    UNCERTAIN = 7


CORRECTED_FLAG = 0x80
"""Bit on a stored quality: the value superseded an accepted one; low bits keep the sender's status (D1 §4.1.5)."""
