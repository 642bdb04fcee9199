"""The fields that the documents of the ebIX dialect are made of."""

from __future__ import annotations

from collections.abc import Callable

from gateway.codecs import codes_cim, codes_ebix
from gateway.codecs.codes_ebix import list_attributes
from gateway.codecs.fields import (
    FILLED,
    MOMENT,
    SECOND,
    TOKEN,
    Codes,
    Convert,
    Field,
    Group,
    Node,
    Scheme,
    coded,
)

Table = tuple[Node, ...]


def code(
    name: str,
    key: str,
    list_of: Codes | None = None,
    absent: str = "",
    listed: Callable[[str], str] = list_attributes,
) -> Field:
    """A code of a list, or one without neutral names, with the attributes that name its list."""
    return Field(name, key, coded(list_of) if list_of else TOKEN, absent=absent, listed=listed)


def optional(field: Field) -> Field:
    """The code where the document knows one."""
    return Field(field.name, field.key, field.convert, required=False, listed=field.listed)


def identifier(key: str, sayable: frozenset[str]) -> Field:
    """An id with the agency that issued it, one of the sayable."""
    scheme = Scheme("schemeAgencyIdentifier", f"{key}_scheme", codes_ebix.AGENCIES, "9", sayable)
    return Field("Identification", key, FILLED, scheme=scheme)


GS1_OR_EIC = frozenset({"9", "305"})
GS1 = frozenset({"9"})

# ebIX ids are at most 35 characters long; see `gateway.codecs.completion.short_id`.
ID = Field("Identification", "message_id")
TRANSACTION = Field("Identification", "transaction")


def header(type_code: str) -> Group:
    """What every document says of itself."""
    return Group(
        "HeaderEnergyDocument",
        (
            ID,
            code("DocumentType", "type_code", absent=type_code),
            Field("Creation", "created_at", MOMENT),
            Group("SenderEnergyParty", (identifier("sender", GS1_OR_EIC),)),
            Group("RecipientEnergyParty", (identifier("receiver", GS1_OR_EIC),)),
        ),
    )


def context(*more: Node, process: str = "process_type", absent: str = "E23", role: str = "MDR") -> Group:
    """Which business process the document belongs to, in which role; `absent` and `role` are written for none known."""
    return Group(
        "ProcessEnergyContext",
        (
            code("EnergyBusinessProcess", process, codes_cim.PROCESSES, absent=absent),
            code("EnergyBusinessProcessRole", "context_role", codes_cim.ROLES, absent=role),
            code("EnergyIndustryClassification", "business_sector", absent="23"),
            *more,
        ),
    )


def times(*before: Node) -> tuple[Node, ...]:
    """The bounds of a period, which need not be stated."""
    return (
        *before,
        Field("Start", "start", SECOND, required=False),
        Field("End", "end", SECOND, required=False),
    )


def point(sayable: frozenset[str]) -> Group:
    """A metering point."""
    return Group("MeteringPointDomainLocation", (identifier("point", sayable),))


def original(key: str, convert: Convert = FILLED, required: bool = True) -> Field:
    """The transaction that a series answers."""
    return Field("OriginalBusinessDocument", key, convert, required)


STATUS = code("StatusType", "status", absent="41")
