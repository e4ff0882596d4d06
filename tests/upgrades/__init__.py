"""Snapshots as earlier versions wrote them, and what the newest release finds in fixed ones."""
