"""An hour with a sample of the Estonian market."""
