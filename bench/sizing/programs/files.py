"""Programs whose memory is mostly that of files: ``python -m bench.sizing.programs.files NAME``."""

from __future__ import annotations

import hashlib
import mmap
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.sizing.programs.report import MIB, error, ready, work

_PLACE = Path("/var/tmp")


def _mapped() -> mmap.mmap:
    with Path("/data/model").open("rb") as stream:
        return mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ)


def mapped_sequential() -> None:
    """Read a mapped file from its beginning to its end, again and again, as a model is read."""
    model = _mapped()
    sum(model[::4096])
    ready()
    for round_number in range(1, sys.maxsize):
        for start in range(0, len(model), 4 * MIB):
            sum(model[start : start + 4 * MIB : 4096])
            time.sleep(0.005)
        work(round_number)


def mapped_random() -> None:
    """Read pages of a mapped file at random."""
    model = _mapped()
    sum(model[::4096])
    ready()
    for round_number in range(1, sys.maxsize):
        for _ in range(5_000):
            assert model[random.randrange(len(model))] >= 0
        work(round_number)
        time.sleep(0.02)


def logger() -> None:
    """Write a log of 4 MB a second that nobody reads."""
    line = b"a line of a log, as long as such lines are, with a time and a level\n" * 600
    with (_PLACE / "application.log").open("wb", buffering=0) as stream:
        ready()
        for round_number in range(1, sys.maxsize):
            stream.write(line)
            work(round_number)
            time.sleep(0.01)


def database() -> None:
    """Insert into and read from an SQLite database that outgrows its cache."""
    with sqlite3.connect(_PLACE / "application.db") as connection:
        connection.execute("pragma cache_size = -16000")
        connection.execute("create table item (key integer primary key, word text, body blob)")
        connection.execute("create index item_word on item (word)")
        ready()
        for round_number in range(1, sys.maxsize):
            rows = [(f"w{random.random()}", os.urandom(500)) for _ in range(500)]
            connection.executemany("insert into item (word, body) values (?, ?)", rows)
            connection.commit()
            connection.execute("select count(*) from item where word > 'w0.5'").fetchone()
            if connection.execute("select max(key) from item").fetchone()[0] > 60_000:
                connection.execute("delete from item where key % 2")
            work(round_number)
            time.sleep(0.03)


def _shell(command: str) -> None:
    done = subprocess.run(["sh", "-c", command], check=False, capture_output=True)
    if done.returncode != 0:
        error(f"exit code {done.returncode}")


def _repeat(command: str) -> None:
    ready()
    for round_number in range(1, sys.maxsize):
        _shell(command)
        work(round_number)


def compress() -> None:
    """Compress text with xz."""
    _repeat("seq 1 400000 | xz -4 -T1 > /var/tmp/compressed.xz")


def sort() -> None:
    """Sort more lines than fit into the memory that sort may use, over files."""
    _repeat("seq 1 250000 | sort -R -S 8M -T /var/tmp > /var/tmp/sorted")


def archive() -> None:
    """Pack a folder of many files, which passes through the page cache."""
    _repeat("tar -C /usr/lib -cf - python3.11 | gzip -1 > /var/tmp/archive.gz")


def download() -> None:
    """Write a large file, flush it to disk, read it back and check it."""
    chunk = os.urandom(MIB)
    expected = hashlib.sha256(chunk * 48).digest()
    file = _PLACE / "download"
    ready()
    for round_number in range(1, sys.maxsize):
        with file.open("wb") as stream:
            for _ in range(48):
                stream.write(chunk)
            os.fsync(stream.fileno())
        with file.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").digest() != expected:
                error("what was read is not what was written")
        work(round_number)
        time.sleep(0.2)


def children() -> None:
    """Start a short-lived child every second, as cron and many schedulers do."""
    child = "b = bytearray(b'x') * (40 << 20); import time; time.sleep(0.3)"
    ready()
    for round_number in range(1, sys.maxsize):
        done = subprocess.run([sys.executable, "-c", child], check=False)
        if done.returncode != 0:
            error(f"exit code {done.returncode}")
        work(round_number)
        time.sleep(0.7)


PROGRAMS: Mapping[str, Callable[[], None]] = {
    program.__name__: program
    for program in (
        *(mapped_sequential, mapped_random, logger, database, compress, sort, archive, download),
        children,
    )
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]]()
