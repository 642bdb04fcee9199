"""What the hub calculates from the series of single points: netting, communities, deviations, flags."""
