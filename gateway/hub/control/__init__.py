"""Control before and after fixation: what is missing, how good it is, what was corrected, what points sum up to."""
