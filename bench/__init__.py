"""How long hcreport takes, as ratios to something known in the same run."""
