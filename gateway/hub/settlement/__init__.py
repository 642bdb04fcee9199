"""Settlement in the hub: what is due on an evening, calculated, filed as snapshots, sent to those entitled."""
