"""Programs that use memory in one pattern each: ``python -m bench.sizing.programs.memory NAME``."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import queue
import random
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from multiprocessing import shared_memory
from pathlib import Path

from bench.sizing.programs.report import MIB, ready, work


def _block(mebibytes: float) -> bytearray:
    """Return memory that is really touched."""
    return bytearray(b"x") * int(mebibytes * MIB)


def idle() -> None:
    """Wait like an agent that imported its libraries and has nothing to do."""
    import asyncio
    import email.message
    import http.client
    import json
    import logging
    import sqlite3

    used = (asyncio, email.message, http.client, logging, sqlite3)
    ready()
    for round_number in range(1, sys.maxsize):
        json.loads(json.dumps({"round": round_number, "modules": len(used)}))
        work(round_number)
        time.sleep(0.5)


def spike() -> None:
    """Use much memory while starting and little afterwards."""
    block = _block(160)
    time.sleep(0.3)
    del block
    small = _block(15)
    ready()
    for round_number in range(1, sys.maxsize):
        small[round_number % len(small)] = 1
        work(round_number)
        time.sleep(0.5)


def burst() -> None:
    """Take ``SIZING_MIB`` for ``SIZING_WIDTH`` seconds in every ``SIZING_PERIOD``.

    With ``SIZING_IN_STEP=1`` by the clock on the wall, so that all such programs do it at once.
    """
    mebibytes = float(os.environ["SIZING_MIB"])
    width = float(os.environ["SIZING_WIDTH"])
    period = float(os.environ["SIZING_PERIOD"])
    in_step = os.environ.get("SIZING_IN_STEP") == "1"
    ready()
    if not in_step:
        time.sleep(random.random() * min(period, 3))
    for round_number in range(1, sys.maxsize):
        if in_step:
            time.sleep(period - time.time() % period)
        block = _block(mebibytes)
        time.sleep(width)
        del block
        work(round_number)
        if not in_step:
            time.sleep(period - width)


def tmpfs() -> None:
    """Keep files in a file system that is memory, and write them anew."""
    chunk = os.urandom(20 * MIB)
    files = [Path(f"/scratch/part-{number}") for number in range(5)]
    for file in files:
        file.write_bytes(chunk)
    ready()
    for round_number in range(1, sys.maxsize):
        with files[round_number % 5].open("r+b") as stream:
            stream.write(chunk[: 4 * MIB])
        work(round_number)
        time.sleep(0.3)


def shared() -> None:
    """Share a piece of memory between processes that read all of it."""
    piece = shared_memory.SharedMemory(create=True, size=80 * MIB)
    assert piece.buf is not None
    for offset in range(0, 80 * MIB, MIB):
        piece.buf[offset : offset + MIB] = b"s" * MIB
    for _ in range(2):
        multiprocessing.Process(target=_read_shared, args=(piece.name,), daemon=True).start()
    ready()
    for round_number in range(1, sys.maxsize):
        offset = round_number % 80 * MIB
        piece.buf[offset : offset + MIB] = b"t" * MIB
        work(round_number)
        time.sleep(0.05)


def _read_shared(name: str) -> None:
    piece = shared_memory.SharedMemory(name=name)
    assert piece.buf is not None
    while True:
        for offset in range(0, 80 * MIB, MIB):
            sum(piece.buf[offset : offset + MIB : 4096])
        time.sleep(0.2)


def prefork() -> None:
    """Load data, then fork workers that touch a part of it, which copies that part."""
    table = {number: f"value {number} {number * 7}" for number in range(350_000)}
    pipes = []
    for worker in range(4):
        reading, writing = os.pipe()
        if os.fork() == 0:
            _work_on(table, worker, writing)
        pipes.append(reading)
    for pipe in pipes:
        os.read(pipe, 1)
    ready()
    done = 0
    while True:
        for pipe in pipes:
            done += len(os.read(pipe, 1))
        work(done)


def _work_on(table: Mapping[int, str], worker: int, pipe: int) -> None:
    own = _block(6)
    while True:
        total = sum(len(table[number]) for number in range(worker * 40_000, (worker + 1) * 40_000))
        own[total % len(own)] = 1
        os.write(pipe, b".")
        time.sleep(0.2)


def threads() -> None:
    """Let threads take and free pieces of many sizes, each from its own arena."""
    done = [0] * 8

    def turn(thread: int) -> None:
        while True:
            pieces = [_block(random.uniform(0.02, 0.4)) for _ in range(20)]
            random.shuffle(pieces)
            while pieces:
                pieces.pop()
            done[thread] += 1
            time.sleep(0.02)

    for thread in range(8):
        threading.Thread(target=turn, args=(thread,), daemon=True).start()
    ready()
    while True:
        time.sleep(0.3)
        work(sum(done))


def jobs() -> None:
    """Work through jobs of very different sizes, at most two at once."""
    waiting: queue.Queue[float] = queue.Queue(maxsize=3)
    done = [0, 0]

    def turn(worker: int) -> None:
        while True:
            block = _block(waiting.get())
            hashlib.sha256(block).digest()
            time.sleep(0.02)
            del block
            done[worker] += 1

    for worker in range(2):
        threading.Thread(target=turn, args=(worker,), daemon=True).start()
    ready()
    while True:
        waiting.put(random.uniform(1, 8) if random.random() < 0.85 else random.uniform(20, 32))
        work(sum(done))
        time.sleep(0.03)


def cache() -> None:
    """Fill a bounded cache after the start, then replace its oldest entries."""
    kept: OrderedDict[int, bytearray] = OrderedDict()
    ready()
    for number in range(1, sys.maxsize):
        kept[number] = _block(0.125)
        if len(kept) > 400:
            kept.popitem(last=False)
        work(number)
        time.sleep(0.004)


PROGRAMS: Mapping[str, Callable[[], None]] = {
    program.__name__: program
    for program in (idle, spike, burst, tmpfs, shared, prefork, threads, jobs, cache)
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]]()
