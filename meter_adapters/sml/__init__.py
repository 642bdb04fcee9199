"""SML: the push of electronic household meters (BSI TR-03109, SML 1.04) over the optical port."""
