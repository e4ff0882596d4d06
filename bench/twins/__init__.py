"""Compares what an image should weigh after the change with what it weighs when it was built so.

Each kind of project has a natural, wasteful Dockerfile. Its image is built, scanned and planned;
the Dockerfile that comes out is built too, and containers of both have to become healthy.
"""
