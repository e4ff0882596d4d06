"""Runs Lighthouse over the built example before a release: three of its scores have to be 100.

``package-lock.json`` holds names, versions and hashes of what npm installs, and no address.
"""
