"""How much of a container's memory cannot be taken back, in MiB, for the kinds there are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hcreport.estimate.held import held, mapped_files, needed_files, warm, without_files
from hcreport.model import MemoryUse
from hcreport.units import Bytes, mebibytes

# usage, shared, inactive file, active file, mapped file -> held, warm.
CASES = {
    "nothing but what the program allocated": ((100, 0, 0, 0, 0), 100, 100),
    "page cache of files that were read once": ((150, 0, 50, 0, 0), 100, 100),
    "page cache in regular use": ((150, 0, 10, 40, 0), 100, 140),
    "a model that is mapped": ((210, 0, 0, 200, 200), 210, 210),
    "a model that is mapped and was touched once": ((210, 0, 200, 0, 200), 210, 210),
    "program text": ((40, 0, 5, 10, 11), 30.5, 36),
    "program text, and files in regular use": ((100, 0, 10, 60, 11), 35.5, 90),
    "as much mapped as text can be": ((100, 0, 10, 10, 16), 88, 96),
    "mapped, partly text and partly data": ((100, 0, 10, 14, 24), 96, 100),
    "mapped, and more than text can be": ((100, 0, 10, 22, 32), 100, 100),
    "tmpfs, which nobody maps": ((160, 150, 5, 5, 0), 150, 155),
    "shared memory that is mapped": ((160, 120, 5, 5, 120), 155, 160),
    "shared memory and much page cache": ((500, 120, 250, 130, 128), 128, 250),
    "shared memory and a mapped model": ((400, 100, 100, 150, 300), 350, 350),
    "page cache of more than there is in all": ((50, 0, 40, 40, 0), 0, 40),
    "nothing at all": ((0, 0, 0, 0, 0), 0, 0),
}


def use(*sizes: int | None) -> MemoryUse:
    known = [None if each is None else mebibytes(each) for each in sizes]
    usage = known[0]
    assert usage is not None
    return MemoryUse(
        usage=usage,
        shared=known[1],
        inactive_file=known[2],
        active_file=known[3],
        mapped_file=known[4],
    )


@pytest.mark.parametrize(("sizes", "kept", "kept_warm"), CASES.values(), ids=CASES)
def test_what_is_held_and_what_is_warm(sizes: tuple[int, ...], kept: float, kept_warm: int) -> None:
    found = held(use(*sizes))
    assert found is not None
    assert abs(found - mebibytes(kept)) <= 1
    assert warm(use(*sizes)) == mebibytes(kept_warm)


@pytest.mark.parametrize("missing", [2, 3, 4])
def test_without_the_parts_of_the_page_cache_it_is_not_known(missing: int) -> None:
    sizes: list[int | None] = [100, 0, 0, 0, 0]
    sizes[missing] = None
    assert held(use(*sizes)) is None
    assert warm(use(*sizes)) is None
    assert mapped_files(use(*sizes)) is None
    assert (without_files(use(*sizes)) is None) is (missing != 4)


def test_shared_memory_that_is_not_reported_counts_as_none() -> None:
    assert held(use(100, None, 0, 50, 50)) == mebibytes(100)


_SIZE = st.integers(min_value=0, max_value=1 << 40)


@settings(deadline=None)
@given(_SIZE, st.none() | _SIZE, _SIZE, _SIZE, _SIZE)
def test_held_lies_between_what_is_no_page_cache_and_the_usage(
    usage: int, shared: int | None, inactive: int, active: int, mapped: int
) -> None:
    whole = MemoryUse(
        usage=Bytes(usage),
        shared=None if shared is None else Bytes(shared),
        inactive_file=Bytes(inactive),
        active_file=Bytes(active),
        mapped_file=Bytes(mapped),
    )
    kept, kept_warm, own, files = (
        held(whole),
        warm(whole),
        without_files(whole),
        mapped_files(whole),
    )
    assert own is not None
    assert files is not None
    assert kept == own + needed_files(files)
    assert kept is not None
    assert kept_warm is not None
    assert max(0, usage - inactive - active) <= kept <= kept_warm <= usage
