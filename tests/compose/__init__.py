"""Compose files of our own, and what the tests that read them share."""
