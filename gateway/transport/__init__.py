"""HTTP endpoints in each market's dialect, tokens, and the client."""
