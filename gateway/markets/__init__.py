"""Markets as dated data plus small named functions."""
