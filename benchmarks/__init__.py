"""Measurements: ratios against a floor taken in the same run. The machines differ; the ratios should not."""
