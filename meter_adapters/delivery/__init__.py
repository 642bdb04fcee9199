"""The way of readings to the exchange: batches of measurements, series of metering points, files to prepare from."""
