"""One rule, one function, one code: pure checks over columns."""
