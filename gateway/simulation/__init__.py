"""A market that lives for some months in seconds: invented parties, realistic faults, the production hub."""
