"""`python -m gateway` is the command `gridpost`."""

from gateway.cli import main

main()
