"""How much of files a container's processes map, when another container's account holds them.

A page of a file is on the account of whoever read it first. So a container that starts while its
image's files are in memory already (just pulled, restarted, a second replica) seems to need none of
them. After a restart of the machine it has to read them itself, and needs the room.
"""

from __future__ import annotations

from hcreport.facts import fact_bytes
from hcreport.model import MemoryUse
from hcreport.units import Bytes


def program_files(
    resident: Bytes, processes: int, use: MemoryUse, *, most_own: Bytes | None = None
) -> Bytes | None:
    """Return the bytes of files that a container's processes map, on whoever's account.

    ``resident`` is the resident memory of its ``processes`` added up, and ``use`` the sample next
    to it in time; ``most_own`` is the highest anonymous and shared memory that was ever sampled.
    Formula: resident memory that is neither anonymous nor shared, divided by the number of
    processes, because each counts what they share. Up to the fact ``sizing/mapped-text`` that is
    taken as it is. More counts for a single process only, and less ``most_own``, since memory that
    came and went between sample and list would look like a file.

    None where the engine does not report anonymous memory, or nothing runs.
    """
    if use.anonymous is None or processes < 1:
        return None
    own = Bytes(int(use.anonymous) + int(use.shared or 0))
    text = max(0, resident - own) // processes
    found = min(text, int(fact_bytes("sizing/mapped-text")))
    if processes == 1:
        found = max(found, resident - max(own, most_own or own))
    return Bytes(found)
