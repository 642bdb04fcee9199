"""The endpoints of the Estonian datahub in both generations: headers, caller context, paging, error bodies."""
