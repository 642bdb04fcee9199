"""The services GET, SET and ACTION by gurux-dlms (extra `meters`); no other module imports it.

The library builds requests, takes answers apart and puts their blocks together, all as bare APDUs. It sees neither keys
nor links: ciphering, framing and the values themselves are ours, since its own are not strict enough (an array cut
between two elements is a shorter array to it). What it prints is silenced. An answer is taken only whole, under the
invoke id of its question and with its blocks in order.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from gurux_dlms import GXDLMSClient, GXReplyData
from gurux_dlms.enums import Authentication, Conformance, DataType, InterfaceType
from gurux_dlms.GXByteBuffer import GXByteBuffer
from gurux_dlms.GXDLMS import GXDLMS

from meter_adapters.dlms.axdr import Data, Tag, decode, encode
from meter_adapters.dlms.fault import Fault
from meter_adapters.obis import Obis

GET_REQUEST, GET_RESPONSE, SET_RESPONSE, ACTION_RESPONSE = 0xC0, 0xC4, 0xC5, 0xC7
EXCEPTION_RESPONSE, SERVICE_ERROR = 0xD8, 0x0E
_WITH_BLOCK = 2
_NOT_POSSIBLE, _COUNTER_WRONG = 1, 6

_ACCESS_RESULTS = {
    1: "hardware fault",
    2: "temporary failure",
    3: "read or write denied",
    4: "object undefined",
    9: "object class inconsistent",
    11: "object unavailable",
    12: "type unmatched",
    13: "scope of access violated",
    14: "data block unavailable",
    15: "long get aborted",
    16: "no long get in progress",
    250: "other reason",
}


def silence_prints() -> None:
    """Give each of the library's modules a print that prints nothing: some of them print keys."""
    for name, module in list(sys.modules.items()):
        if name == "gurux_dlms" or name.startswith("gurux_dlms."):
            vars(module)["print"] = _print_nothing


def _print_nothing(*_values: object, **_options: object) -> None:
    """What the library's modules call instead of print."""


silence_prints()


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute, or method, of a COSEM object: class, logical name, number."""

    class_id: int
    name: Obis
    index: int

    def __str__(self) -> str:
        return f"{self.name} attribute {self.index}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered; NULL where it had nothing to say."""

    data: Data


@dataclass(frozen=True, slots=True)
class _Object:
    """What the library wants to know of an object."""

    name: str
    objectType: int


class Services:
    """The services of one association. One question at a time: a request, then `take` until it tells the answer."""

    def __init__(self) -> None:
        self._library = GXDLMSClient(True, 16, 1, Authentication.NONE, None, InterfaceType.PDU)
        self._library.negotiatedConformance = (
            Conformance.GET
            | Conformance.SET
            | Conformance.ACTION
            | Conformance.SELECTIVE_ACCESS
            | Conformance.BLOCK_TRANSFER_WITH_GET_OR_READ
        )
        self._reply = GXReplyData()
        self._invoke_id = 0
        self._block = 0

    def get(self, attribute: Attribute, selection: bytes = b"") -> bytes:
        """GET of an attribute; `selection` is the selector octet and its parameters in A-XDR."""
        self._begin()
        library, name = self._library, _dotted(attribute.name)
        chosen = GXByteBuffer(selection) if selection else None
        return _one(library._read(name, attribute.class_id, attribute.index, chosen))

    def action(self, method: Attribute, parameter: bytes) -> bytes:
        """ACTION of a method with an octet string as its parameter."""
        self._begin()
        target = _Object(_dotted(method.name), method.class_id)
        return _one(self._library.method(target, method.index, parameter, DataType.OCTET_STRING))

    def set(self, attribute: Attribute, data: Data) -> bytes:
        """SET of an attribute. The library asks for Python types here; the few octets are written without it."""
        self._begin()
        head = bytes([0xC1, 1, 0xC0 | self._invoke_id]) + attribute.class_id.to_bytes(2, "big")
        return head + attribute.name.octets + bytes([attribute.index, 0]) + encode(data)

    def next_block(self) -> bytes:
        """GET of the next block of a long answer."""
        return bytes(self._library.receiverReady(self._reply))

    def take(self, apdu: bytes) -> Answer | Fault | None:
        """The answer of an APDU, what is wrong with it, or None where more blocks follow."""
        wrong = error_of(apdu) or self._out_of_step(apdu)
        if wrong is not None:
            return wrong
        reply = self._reply
        try:
            self._parse(apdu, reply)
        except Exception as error:  # the library raises whatever its parser meets
            return Fault("apdu-form", f"the answer is not understood ({type(error).__name__})")
        if reply.error:
            return access_fault(int(reply.error))
        if reply.isMoreData():
            self._block += 1
            return None
        content = bytes(reply.data.array()) if apdu[0] != SET_RESPONSE else b""
        data = decode(content) if content else Data(Tag.NULL)
        return data if isinstance(data, Fault) else Answer(data)

    def _parse(self, apdu: bytes, reply: Any) -> None:
        """Let the library take the service apart and put blocks together; values it would decode less strictly."""
        start = reply.data.size
        reply.data.set(apdu)
        reply.data.position = start + 1
        settings = self._library.settings
        if apdu[0] == GET_RESPONSE:
            GXDLMS.handleGetResponse(settings, reply, start)
        elif apdu[0] == ACTION_RESPONSE:
            GXDLMS.handleMethodResponse(settings, reply, start)
        else:
            GXDLMS.handleSetResponse(reply)

    def _begin(self) -> None:
        self._invoke_id = self._invoke_id % 15 + 1
        self._library.settings.invokeId = self._invoke_id
        self._reply = GXReplyData()
        self._block = 1

    def _out_of_step(self, apdu: bytes) -> Fault | None:
        """An answer to another question, or another block than the one that is due."""
        if len(apdu) < 4 or apdu[0] not in (GET_RESPONSE, SET_RESPONSE, ACTION_RESPONSE):
            return Fault("apdu-form", "no answer of a known service")
        if apdu[2] & 0x0F != self._invoke_id:
            return Fault("invoke-id", f"an answer to question {apdu[2] & 0x0F} where {self._invoke_id} was asked")
        if apdu[0] == GET_RESPONSE and apdu[1] == _WITH_BLOCK:
            number = int.from_bytes(apdu[4:8], "big")
            if number != self._block:
                return Fault("block-order", f"block {number} came where {self._block} was due")
        elif self._block > 1:
            return Fault("block-order", "a whole answer came between blocks")
        return None


def access_fault(code: int) -> Fault:
    """The meter's own "no" to one attribute."""
    return Fault(f"access-{code}", f"the meter answers: {_ACCESS_RESULTS.get(code, f'data access result {code}')}")


def error_of(apdu: bytes) -> Fault | None:
    """The meter's own "no" to a whole APDU."""
    if apdu[:1] == bytes([EXCEPTION_RESPONSE]) and len(apdu) >= 3:
        if apdu[2] == _COUNTER_WRONG:
            return Fault("meter-counter", "the meter refuses our invocation counter")
        if apdu[2] == _NOT_POSSIBLE:
            return Fault("meter-busy", "the meter answers: operation not possible now")
        return Fault("meter-exception", f"the meter answers with an exception: state {apdu[1]}, service {apdu[2]}")
    if apdu[:1] == bytes([SERVICE_ERROR]):
        return Fault("meter-exception", f"the meter answers with service error {apdu[1:4].hex()}")
    return None


def _dotted(name: Obis) -> str:
    return ".".join(str(group) for group in name)


def _one(messages: list[bytearray]) -> bytes:
    assert len(messages) == 1, "a request fits one APDU"
    return bytes(messages[0])
