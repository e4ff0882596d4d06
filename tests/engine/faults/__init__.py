"""Staged faults: containers that something befell, and what the report must call it."""
