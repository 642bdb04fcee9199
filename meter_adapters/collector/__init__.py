"""The collector: reads meters by schedule, keeps what they say, and is one more sender to the exchange (GW-7)."""
