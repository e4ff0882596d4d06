"""How much of files a container's processes map, from their resident memory; in MiB."""

from __future__ import annotations

import pytest

from hcreport.estimate.program_files import program_files
from hcreport.model import MemoryUse
from hcreport.units import Bytes, mebibytes

# resident, processes, anonymous, shared, most own -> files.
CASES = {
    "text of a program": ((18, 1, 8, 0, 8), 10),
    "shared memory is no file": ((118, 1, 8, 100, 108), 10),
    "a mapped model": ((140, 1, 10, 0, 10), 130),
    "each process counts what all share": ((90, 3, 60, 0, 60), 10),
    "memory that processes share is not taken for a model": ((400, 4, 60, 0, 60), 16),
    "a burst between sample and list is not taken for a model": ((190, 1, 10, 0, 180), 16),
    "less resident than allocated": ((5, 1, 8, 0, 8), 0),
}


@pytest.mark.parametrize(("sizes", "expected"), CASES.values(), ids=CASES)
def test_files_are_what_is_neither_anonymous_nor_shared(
    sizes: tuple[int, ...], expected: int
) -> None:
    resident, processes, anonymous, shared, most = sizes
    use = MemoryUse(usage=Bytes(0), anonymous=mebibytes(anonymous), shared=mebibytes(shared))
    found = program_files(mebibytes(resident), processes, use, most_own=mebibytes(most))
    assert found == mebibytes(expected)


def test_shared_memory_that_is_not_reported_counts_as_none() -> None:
    use = MemoryUse(usage=Bytes(0), anonymous=mebibytes(8))
    assert program_files(mebibytes(18), 1, use) == mebibytes(10)


@pytest.mark.parametrize(("processes", "anonymous"), [(0, 8), (1, None)])
def test_it_is_not_known_without_processes_or_without_the_parts_of_memory(
    processes: int, anonymous: int | None
) -> None:
    known = None if anonymous is None else mebibytes(anonymous)
    use = MemoryUse(usage=mebibytes(20), anonymous=known)
    assert program_files(mebibytes(18), processes, use) is None
