"""What containers that share the memory do not need at once; sizes in MiB."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hcreport.estimate.need import need_of
from hcreport.estimate.sharing import not_needed_at_once, shared_need
from hcreport.model import ContainerNeed
from hcreport.units import Bytes, mebibytes
from tests.watched import watched


def need(minimum: int, highest: int, without_files: int, **more: int | None) -> ContainerNeed:
    """Return the need of a container that was watched; ``program`` is a number, not a size."""
    program = more.pop("program", None)
    sizes = {name: mebibytes(size or 0) for name, size in more.items()}
    return ContainerNeed(
        minimum=mebibytes(minimum),
        highest=mebibytes(highest),
        without_files=mebibytes(without_files),
        program=program,
        watched=True,
        **sizes,
    )


def spare(*needs: ContainerNeed, together: int | None = None) -> int:
    held = None if together is None else mebibytes(together)
    return not_needed_at_once(needs, held) // int(mebibytes(1))


def test_no_container_and_one_container_need_all_of_it() -> None:
    assert spare() == 0
    assert spare(need(110, 100, 90)) == 0
    # One container alone may be at its highest while it holds its files.
    assert spare(need(132, 120, 110), together=100) == 0


def test_the_largest_margin_is_kept() -> None:
    assert spare(need(110, 100, 100), need(220, 200, 200), need(55, 50, 50)) == 15


def test_at_the_moment_of_all_highs_files_can_be_read_again() -> None:
    """Three with bursts: 300 MiB without files, and room for a repeat (3 % of 100, and 2)."""
    burst = need(112, 100, 90)
    repeat = 5
    assert spare(burst, burst, burst, together=200) == 336 - 270 - repeat
    assert spare(burst, burst, burst, together=280) == 336 - 280 - 12
    assert spare(burst, burst, burst, together=900) == 336 - 300 - 12


def test_room_for_a_repeat_is_never_more_than_the_largest_margin() -> None:
    tight = need(101, 100, 100)
    assert spare(tight, tight, together=200) == 1


def test_without_having_been_watched_together_all_highs_count_with_files() -> None:
    burst = need(132, 120, 100)
    alone = burst.model_copy(update={"watched": False})
    assert spare(burst, burst, together=None) == spare(burst, alone, together=200) == 12


@pytest.mark.parametrize(
    ("programs", "on_account", "counted"),
    [
        ((1, 1, 1), (0, 0, 0), 10),
        ((1, 1, 2), (0, 0, 0), 20),
        ((None, None, None), (0, 0, 0), 30),
        # One of them has the files on its account: they are counted there.
        ((1, 1, 1), (16, 0, 0), 0),
    ],
)
def test_files_that_containers_share_are_needed_once(
    programs: tuple[int | None, ...], on_account: tuple[int, ...], counted: int
) -> None:
    needs = [
        need(
            100, 100, 90, program=program, mapped=own, program_files=16, elsewhere=0 if own else 10
        )
        for program, own in zip(programs, on_account, strict=True)
    ]
    elsewhere = sum(0 if own else 10 for own in on_account)
    assert spare(*needs) == elsewhere - counted


_SIZE = st.integers(min_value=0, max_value=1 << 14)
_SEEN = st.fixed_dictionaries(
    {
        "usage": _SIZE,
        "held": _SIZE,
        "without_files": _SIZE,
        "mapped": _SIZE,
        "program_files": _SIZE,
        "peak": _SIZE,
        "samples": st.integers(min_value=1, max_value=60),
    }
)


@settings(deadline=None)
@given(st.lists(_SEEN, min_size=1, max_size=5), st.none() | _SIZE)
def test_never_more_is_taken_off_than_there_is_and_no_less_kept_than_the_largest_needs(
    seen: list[dict[str, Any]], together: int | None
) -> None:
    lives = [watched(**each, warm=each["held"]) for each in seen]
    needs = [shared_need(need_of([life]), [life]) for life in lives]
    held = None if together is None else mebibytes(together)
    left = sum(each.minimum for each in needs) - not_needed_at_once(needs, held)
    # At its highest one container has no margin but the largest, and may lack its files.
    assert left >= max(min(each.minimum, each.without_files) for each in needs)
    assert left <= sum(each.minimum for each in needs)
    assert not_needed_at_once(needs, held) >= Bytes(0)
