"""One rule, one function, one code: pure checks over columns.

A rule takes everything a check may know (`Batch`, `RequestBatch`, `Envelope`) and answers with `Hits`: where it was
broken. It knows no wire code and no wording; a market's profile enables it under its code, clause and text, and
`RuleSet` runs all of them and words what they hit.
"""
