"""Metering data out of the JSON of the Estonian datahub: the one door (EE-1.5).

As with market documents, the fast path takes the spelling machines produce and refuses nothing; what it does not take
goes to parser, schema and objects, which alone refuse.
"""

from __future__ import annotations

from gateway.codecs.estfeed import shapes
from gateway.codecs.estfeed.fast import SMALLEST, decode_fast
from gateway.codecs.estfeed.general import decode_general
from gateway.codecs.estfeed.shapes import Shape
from gateway.codecs.table import Undecodable
from gateway.messages.codes import Commodity, FeedForm
from gateway.messages.metering_data import MeteringData
from gateway.schemas.faults import TOO_LARGE, fault
from gateway.schemas.parsers import BODY_LIMIT

SUBMISSIONS = {FeedForm.ESTFEED_V1: shapes.V1_SUBMISSION, FeedForm.ESTFEED_V2: shapes.V2_SUBMISSION}
"""What is sent in each generation."""


def decode(data: bytes, form: FeedForm, commodity: Commodity, limit: int = BODY_LIMIT) -> MeteringData | Undecodable:
    """The metering data somebody sent, or what is wrong with the bytes.

    Args:
        data: the body as received.
        form: the generation it came in.
        commodity: what the second generation's headers say; the first says it in the body, and that counts.
        limit: greatest size in bytes.

    Returns:
        The data; or findings: `malformed` and `too-large` of the parser, and those of `gateway.codecs.estfeed.faults`,
        with line and the path in the original's words.
    """
    return decode_as(SUBMISSIONS[form], data, commodity, limit)


def decode_as(shape: Shape, data: bytes, commodity: Commodity, limit: int = BODY_LIMIT) -> MeteringData | Undecodable:
    """As `decode`, for a document of any shape with metering data: what is sent, answered, or fed."""
    if len(data) > limit:
        return Undecodable((fault(TOO_LARGE, f"the document is larger than {limit} bytes"),))
    if len(data) >= SMALLEST and (taken := decode_fast(data, shape, commodity)) is not None:
        return taken
    found = decode_general(data, shape, commodity)
    return Undecodable(found) if isinstance(found, tuple) else found
