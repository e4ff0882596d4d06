"""Reads our own texts as a reader does, and says where their words could be plainer."""
