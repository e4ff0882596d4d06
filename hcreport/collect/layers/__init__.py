"""Reads the layers of images: from an archive, through an engine's API, or in its folder."""
