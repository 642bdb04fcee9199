"""The files of `gridpost settle`: metering points, grid-loss points and values in, one table for each result out."""
