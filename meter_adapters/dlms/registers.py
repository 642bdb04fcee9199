"""Registers, powers and parameters of a DLMS meter, read one by one with their scalers and units."""

from __future__ import annotations

from dataclasses import replace

from meter_adapters.dlms.apdu import Attribute
from meter_adapters.dlms.axdr import Data, text_of, whole_number
from meter_adapters.dlms.connection import DlmsConnection, is_object_missing
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.profiles import DEMAND_REGISTER, EXTENDED_REGISTER, REGISTER
from meter_adapters.obis import Obis
from meter_adapters.readings import Flag, MeterId, ProfileColumn, Protection, Reading
from meter_adapters.time_offset import OffsetSource
from meter_adapters.units import unit_of_code

_SCALER_UNIT = {REGISTER: 3, EXTENDED_REGISTER: 3, DEMAND_REGISTER: 4}
_OBJECT_LIST = Attribute(15, Obis(0, 0, 40, 0, 0), 2)
"""The list of every object the association may see."""


class Registers:
    """The single values of one meter. What class an object is of, the association's list tells once."""

    def __init__(self, connection: DlmsConnection) -> None:
        self._connection = connection
        self._classes: dict[Obis, int] = {}

    async def read(self, code: Obis, meter: MeterId, now: int) -> Reading | Fault:
        """A value as it is now: it holds for the collector's time, since a register states none."""
        class_id = await self._class_of(code)
        if isinstance(class_id, Fault):
            return class_id
        column = await self.scaled(class_id, code) if class_id in _SCALER_UNIT else ProfileColumn(code)
        if isinstance(column, Fault):
            return column
        answer = await self._connection.get(Attribute(class_id, code, 2))
        return answer if isinstance(answer, Fault) else self._reading(column, answer.data, meter, now)

    async def scaled(self, class_id: int, code: Obis) -> ProfileColumn | Fault:
        """Scaler and unit of a register."""
        answer = await self._connection.get(Attribute(class_id, code, _SCALER_UNIT[class_id]))
        if isinstance(answer, Fault):
            return answer
        parts = [part.value for part in answer.data.elements]
        if len(parts) != 2 or not isinstance(parts[0], int) or not isinstance(parts[1], int):
            return Fault("apdu-form", f"scaler and unit of {code} are not understood")
        return ProfileColumn(code, parts[0], unit_of_code(parts[1]))

    async def _class_of(self, code: Obis) -> int | Fault:
        """The class of an object; a register where the meter keeps its list back."""
        if not self._classes:
            answer = await self._connection.get(_OBJECT_LIST)
            if isinstance(answer, Fault) and not is_object_missing(answer):
                return answer
            self._classes = {} if isinstance(answer, Fault) else _classes(answer.data)
        if self._classes and code not in self._classes:
            return Fault("access-4", f"the meter has no object {code}")
        return self._classes.get(code, REGISTER)

    def _reading(self, column: ProfileColumn, data: Data, meter: MeterId, now: int) -> Reading | Fault:
        protection = self._connection.protection
        reading = Reading(
            meter,
            column.obis,
            0,
            column.scaler,
            column.unit,
            now,
            offset_source=OffsetSource.HOST,
            flags=frozenset({Flag.UNPROTECTED}) if protection is Protection.NONE else frozenset(),
            protection=protection,
        )
        if data.number is not None:
            raw, own = whole_number(data.number)
            return replace(reading, raw=raw, scaler=column.scaler + own)
        if data.elements:
            return Fault("apdu-form", f"{column.obis} is no single value")
        return replace(reading, text=text_of(data))


def _classes(listed: Data) -> dict[Obis, int]:
    """Class by name of the listed objects; an entry in another form is passed over."""
    found: dict[Obis, int] = {}
    for row in listed.elements:
        values = [part.value for part in row.elements[:3]]
        if len(values) == 3 and isinstance(values[0], int) and isinstance(values[2], bytes):
            code = Obis.from_octets(values[2])
            if code is not None:
                found[code] = values[0]
    return found
