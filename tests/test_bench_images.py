"""The comparison with ``docker save`` and dive: what it measures with, and what it says of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.images.building import Made, deleting_image, family, many_files, write_archive
from bench.images.read import main
from bench.images.results import Case, Cost, Machine, Memory, Program, Results
from bench.images.running import Programs
from bench.images.table import bars, table
from hcreport.collect.layers.archive import read_archive
from hcreport.contents.layer import Kind
from hcreport.units import MIB


def cost(wall: float, cpu: float = 1, *, finished: bool = True) -> Cost:
    return Cost(wall=wall, cpu=cpu, peak=50 * MIB, finished=finished)


def results(more: Mapping[Program, Cost] | None = None) -> Results:
    """Return results that meet every bar; ``more`` are other costs by program."""
    large: dict[Program, Cost] = {
        "docker save": cost(10),
        "dive": cost(11, 3),
        "engine": cost(10.5, 3),
        "folder": cost(1),
        "cache": cost(0.3),
        **(more or {}),
    }
    big = Case(
        name="big",
        size=2_000_000_000,
        entries=50_000,
        rounds=(large,) * 3,
        same_as_dive=True,
        ways_agree=True,
        requests={"cache": 0},
    )
    stopped: dict[Program, Cost] = {"engine": cost(3, 2.5), "dive": cost(120, finished=False)}
    deleting = Case(name="deleting", size=10**8, entries=37_000, rounds=(stopped,))
    stack: dict[Program, Cost] = {"dive": cost(33), "engine": cost(10)}
    return Results(
        date="2026-01-02",
        machine=Machine(
            engine="20.10.24",
            storage="overlay2",
            kernel="6.1",
            cpus=2,
            python="3.11.7",
            dive="0.13.1",
        ),
        big=big,
        deleting=deleting,
        family=big.model_copy(update={"images": 6, "rounds": (stack,), "requests": {"engine": 1}}),
        memory=(
            Memory(entries=101_000, size=10**9, peak=100 * MIB),
            Memory(entries=404_000, size=10**9, peak=240 * MIB),
        ),
    )


def missed(found: Results) -> list[str]:
    return [words for words, met in bars(found) if not met]


def test_all_bars_can_be_met() -> None:
    assert missed(results()) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"engine": cost(11.1, 3)}, "through the API at most"),
        ({"engine": cost(10, 3.1)}, "no more CPU"),
        ({"folder": cost(1.2)}, "in the engine's folder"),
    ],
)
def test_each_bar_can_be_missed(more: Mapping[Program, Cost], words: str) -> None:
    (found,) = missed(results(more))
    assert words in found


@pytest.mark.parametrize(
    ("peaks", "words"), [((129, 240), "for 100,000 entries"), ((100, 257), "for 400,000 entries")]
)
def test_memory_is_held_against_its_own_bar(peaks: tuple[int, int], words: str) -> None:
    found = results()
    rows = [
        row.model_copy(update={"peak": peak * MIB})
        for row, peak in zip(found.memory, peaks, strict=True)
    ]
    (missing,) = missed(found.model_copy(update={"memory": tuple(rows)}))
    assert words in missing


def test_the_tables_say_what_was_stopped() -> None:
    text = table(results())
    assert "| dive | more than 120 s |" in text
    assert "more than 40 times as fast" in text
    assert "| 101,000 | 1 GB | 100 MiB |" in text


def test_archives_are_images(tmp_path: Path) -> None:
    path = tmp_path / "images.tar"
    made = [
        Made(name=each.name, layers=tuple(layer[:40] for layer in each.layers))
        for each in (*family("one", 2), deleting_image("two", 40))
    ]
    write_archive(path, made)
    images = read_archive(path)
    assert [image.name for image in images] == ["one-0:1", "one-1:1", "two:1"]
    assert all(None not in image.steps() for image in images)
    kinds = images[2].layers[1].kinds
    assert kinds.count(Kind.WHITEOUT) == 40


def test_files_are_always_the_same() -> None:
    assert many_files(50) == many_files(50)
    assert many_files(50) != many_files(50, seed=2)


def test_a_file_is_read_in_a_process_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "image.tar"
    write_archive(path, [Made(name="one", layers=(many_files(30, mean=0.01),))])
    assert main(["--file", str(path), "--digest"]) == 0
    assert '"one:1"' in capsys.readouterr().out
    found, figures = Programs(host="unix:///nowhere", dive=Path("dive")).read(
        "--exact", "--file", path
    )
    assert figures["images"]["one:1"]["reclaimable"] == 0
    assert figures["archives"] == 0
    assert found.finished
    assert found.cpu > 0


def test_a_program_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    slow = tmp_path / "dive"
    slow.write_text("#!/bin/sh\nexec tail -f /dev/null\n")
    slow.chmod(0o755)
    found = Programs(host="unix:///nowhere", dive=slow).look(["a"], limit=0.2)
    assert not found.finished


def test_a_program_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="failed with"):
        Programs(host="unix:///nowhere", dive=Path("dive")).read("--file", tmp_path / "none.tar")
