"""Metering data as workbooks for spreadsheets: what people fill in, upload and take home (EE-2.1, EE-2.2)."""
