"""The conformance suite: treats any hub or party as a black box over HTTP."""
