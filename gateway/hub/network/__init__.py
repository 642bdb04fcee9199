"""What the hub computes of networks from the series it holds: losses, load-duration curves, balance areas."""
