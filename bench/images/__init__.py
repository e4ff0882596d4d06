"""Measures reading the layers of images beside ``docker save`` and ``dive``, on a real engine."""
