"""Metering data sent by the interval: taken at once, processed in order of arrival, followed by UUID (Elering 12)."""
