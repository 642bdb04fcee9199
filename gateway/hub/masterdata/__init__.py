"""Master data: files in, checked; registered for good; seen as of any moment."""
