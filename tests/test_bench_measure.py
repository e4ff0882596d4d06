"""What a measured command took is its own, whatever the program that measures it holds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.measure import Command, run_once
from hcreport.units import mebibytes


def python(text: str, folder: Path) -> Command:
    return Command(name="python", words=(sys.executable, "-c", text), folder=folder)


def test_memory_is_that_of_the_command_alone(tmp_path: Path) -> None:
    large = bytearray(mebibytes(200))
    del large
    nothing = run_once(python("pass", tmp_path))
    much = run_once(python(f"bytearray({int(mebibytes(100))})", tmp_path))
    assert nothing.peak_bytes < mebibytes(50)
    assert mebibytes(100) < much.peak_bytes < mebibytes(150)


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)python failed with 1: .*ZeroDivisionError"):
        run_once(python("print('said'); 1 / 0", tmp_path))
