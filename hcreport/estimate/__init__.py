"""Pure arithmetic on snapshots: no rule, no rendering, no world."""
