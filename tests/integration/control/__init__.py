"""Control: key figures, missing values, correction reports and sums of points, on both databases."""
