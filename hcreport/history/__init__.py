"""The snapshots of a folder over time: one is published, of the others a few numbers are kept.

One file is read at a time and let go again, so hundreds of snapshots need no more memory than two.
"""

from __future__ import annotations

from hcreport.history.folder import NotRead
from hcreport.history.moment import Moment, moment_of
from hcreport.history.reading import History, Release, lone_history, read_history
from hcreport.history.releases import release_name, release_order
from hcreport.history.spread import evenly_spread

__all__ = [
    "History",
    "Moment",
    "NotRead",
    "Release",
    "evenly_spread",
    "lone_history",
    "moment_of",
    "read_history",
    "release_name",
    "release_order",
]
