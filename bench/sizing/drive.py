"""Makes load on a server from outside its memory: ``python -m bench.sizing.drive KIND …``.

It runs on the host in the container's network, so that its own memory counts nowhere. It writes the
same files as the programs in the containers do: ``ready``, ``work`` and ``errors``.
"""

from __future__ import annotations

import http.client
import os
import queue
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.sizing.programs import report

_START_SECONDS = 60
_VALUE = b"v" * 400


def connect(port: int) -> socket.socket:
    """Return a connection to the server, as soon as it listens."""
    for _ in range(_START_SECONDS * 20):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=_START_SECONDS)
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


class Redis:
    """Speaks as much of Redis's protocol as the load needs."""

    def __init__(self) -> None:
        self._socket = connect(6379)
        self._answers = self._socket.makefile("rb")

    def ask(self, *commands: Sequence[bytes]) -> list[bytes]:
        """Send commands in one go and return the first line of each answer."""
        self._socket.sendall(b"".join(_resp(command) for command in commands))
        return [self._answer() for _ in commands]

    def _answer(self) -> bytes:
        line = self._answers.readline()
        if line.startswith(b"$") and line != b"$-1\r\n":
            self._answers.read(int(line[1:]) + 2)
        if not line or (line.startswith(b"-") and b"already in progress" not in line):
            raise OSError(f"redis answered {line!r}")
        return line


def _resp(words: Sequence[bytes]) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


def redis(save: str, keys: str) -> None:
    """Fill redis, then read and write; every 2.5 seconds give the command ``save`` (or ``-``)."""
    client, count, done = Redis(), int(keys), 0
    while client.ask([b"PING"]) != [b"+PONG\r\n"]:
        time.sleep(0.1)
    for first in range(0, count, 500):
        client.ask(*([b"SET", b"k%d" % key, _VALUE] for key in range(first, first + 500)))
    report.ready()
    last = time.monotonic()
    while True:
        picked = [b"k%d" % random.randrange(count) for _ in range(200)]
        client.ask(
            *(
                [b"SET", key, _VALUE] if i % 4 == 0 else [b"GET", key]
                for i, key in enumerate(picked)
            )
        )
        if save != "-" and time.monotonic() - last > 2.5:
            client.ask([save.encode()])
            last = time.monotonic()
        done += 1
        report.work(done)
        time.sleep(0.01)


def memcached() -> None:
    """Store more than fits, of sizes from 1 to 16 kB, and read."""
    server = connect(11211)
    answers = server.makefile("rb")
    for key in range(6_000):
        _store(server, answers, key)
    report.ready()
    done = 0
    while True:
        for _ in range(50):
            _store(server, answers, random.randrange(20_000))
        done += 1
        report.work(done)
        time.sleep(0.01)


def _store(server: socket.socket, answers: object, key: int) -> None:
    value = b"m" * random.randrange(1_000, 16_000)
    server.sendall(b"set k%d 0 0 %d\r\n%s\r\n" % (key, len(value), value))
    line = answers.readline()  # type: ignore[attr-defined]
    if line != b"STORED\r\n":
        raise OSError(f"memcached answered {line!r}")


def web(paths: str) -> None:
    """Fetch pages in six threads; ``paths`` is how many there are."""
    connect(8000).close()
    _fetch(http.client.HTTPConnection("127.0.0.1", 8000, timeout=_START_SECONDS), 0)
    report.ready()
    done = [0] * 6
    problems: queue.Queue[Exception] = queue.Queue()

    def turn(thread: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=_START_SECONDS)
        try:
            while True:
                _fetch(connection, random.randrange(int(paths)))
                done[thread] += 1
                report.work(sum(done))
        except (OSError, http.client.HTTPException) as problem:
            problems.put(problem)

    for thread in range(6):
        threading.Thread(target=turn, args=(thread,), daemon=True).start()
    raise problems.get()


def _fetch(connection: http.client.HTTPConnection, page: int) -> None:
    connection.request("GET", f"/page-{page}")
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise OSError(f"status {answer.status}")


def pgbench(root: str, *options: str) -> None:
    """Run PostgreSQL's own benchmark with eight clients."""
    connect(5432).close()
    place = ("-h", "127.0.0.1", "-U", "postgres")
    _wait_for(root, "/usr/lib/postgresql/15/bin/pg_isready", *place)
    report.ready()
    done = 0
    while True:
        said = _in_root(root, "pgbench", *place, "-n", "-c", "8", "-T", "2", *options, "postgres")
        found = re.search(r"actually processed: (\d+)", said)
        done += int(found.group(1)) if found else 0
        report.work(done)


def mariadb(root: str) -> None:
    """Run MariaDB's own load program, which makes its tables itself."""
    connect(3306).close()
    place = ("-h", "127.0.0.1", "-P", "3306", "-u", "root")
    _wait_for(root, "mariadb-admin", *place, "ping")
    report.ready()
    done = 0
    while True:
        options = ("--concurrency=6", "--number-of-queries=1500", "--auto-generate-sql")
        more = ("--auto-generate-sql-write-number=1000", "--auto-generate-sql-load-type=mixed")
        _in_root(root, "mariadb-slap", *place, *options, *more)
        done += 1
        report.work(done)


def _wait_for(root: str, *words: str) -> None:
    for _ in range(_START_SECONDS * 5):
        try:
            _in_root(root, *words)
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"{words[0]} never succeeded")


def _in_root(root: str, *words: str) -> str:
    done = subprocess.run(
        ["chroot", root, *words], check=False, capture_output=True, text=True, env=_ENVIRONMENT
    )
    if done.returncode != 0:
        raise OSError(f"{words[0]} ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    return done.stdout


_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}

LOADS: Mapping[str, Callable[..., None]] = {
    load.__name__: load for load in (redis, memcached, web, pgbench, mariadb)
}


def main(kind: str, *options: str) -> int:
    """Make load until somebody ends this program; return 1 where something failed."""
    try:
        LOADS[kind](*options)
    except (OSError, http.client.HTTPException) as problem:
        report.error(f"{type(problem).__name__}: {problem}"[:300])
    return 1


if __name__ == "__main__":
    assert Path(os.environ["SIZING_STATE"]).is_dir()
    sys.exit(main(*sys.argv[1:]))
