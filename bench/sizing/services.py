"""What is measured: programs with one pattern of memory use each, and real servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hcreport.units import MIB


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service: how it starts, and who makes its load."""

    name: str
    what: str
    """What it does, for the table."""
    command: tuple[str, ...]
    package: str | None = None
    """The Debian package of a real server; None for a program of our own."""
    load: tuple[str, ...] = ()
    """Words after ``python -m bench.sizing.drive KIND``, with the kind first; empty where
    the program makes its own load. ``{root}`` stands for the folder with the client programs."""
    user: str | None = None
    data: str | None = None
    """A folder of prepared data that it finds at ``/data``."""
    copied: bool = False
    """Each run gets its own copy of the data, because it writes to it."""
    tmpfs: int | None = None
    """Size of a file system in memory at ``/scratch``."""
    shared_memory: int | None = None
    """Size of ``/dev/shm``."""
    environment: Mapping[str, str] = field(default_factory=dict)


def _own(name: str, what: str, module: str, program: str = "", **more: object) -> Service:
    words = ("python3", "-m", f"bench.sizing.programs.{module}", program or name.replace("-", "_"))
    return Service(name=name, what=what, command=words, **more)  # type: ignore[arg-type]


def burst(
    name: str, mebibytes: int, width: float, period: float, *, in_step: bool = False
) -> Service:
    """Return a service that takes memory for a moment, again and again."""
    settings = {
        "SIZING_MIB": str(mebibytes),
        "SIZING_WIDTH": str(width),
        "SIZING_PERIOD": str(period),
        "SIZING_IN_STEP": str(int(in_step)),
    }
    what = f"{mebibytes} MiB for {width:g} s in every {period:g} s"
    return _own(name, what, "memory", "burst", environment=settings)


_SERVER = "/usr/lib/postgresql/15/bin/postgres"
_POSTGRES = (
    _SERVER,
    "-D",
    "/data",
    "-c",
    "shared_buffers=64MB",
    "-c",
    "listen_addresses=127.0.0.1",
)
_REDIS = ("redis-server", "--bind", "127.0.0.1", "--dir", "/var/tmp", "--save", "")

OWN = (
    _own("idle", "an agent with nothing to do", "memory"),
    _own("spike", "160 MiB while starting, 15 afterwards", "memory"),
    burst("burst-regular", 100, 0.2, 5),
    burst("burst-odd", 60, 0.3, 1.7),
    _own("tmpfs", "100 MiB of files in memory", "memory", tmpfs=150 * MIB),
    _own("shared", "80 MiB shared by three processes", "memory", shared_memory=128 * MIB),
    _own("prefork", "four workers that copy what they touch", "memory"),
    _own("threads", "eight threads with pieces of many sizes", "memory"),
    _own("jobs", "two workers, jobs of 1 to 32 MiB", "memory"),
    _own("cache", "a bounded cache that fills after the start", "memory"),
    _own("mapped-sequential", "a 120 MiB model, read in order", "files", data="model"),
    _own("mapped-random", "a 120 MiB model, read at random", "files", data="model"),
    _own("logger", "a log of 4 MB a second", "files"),
    _own("database", "SQLite that outgrows its cache", "files"),
    _own("compress", "xz", "files"),
    _own("sort", "sort over temporary files", "files"),
    _own("archive", "tar and gzip over many files", "files"),
    _own("download", "48 MiB written, flushed, read back", "files"),
    _own("children", "a child of 40 MiB every second", "files"),
    _own("web", "a threading web server in Python", "web", load=("web", "500")),
)

SERVERS = (
    Service(
        name="redis",
        what="120 000 keys, reads and writes",
        command=_REDIS,
        package="redis-server",
        load=("redis", "-", "120000"),
    ),
    Service(
        name="redis-save",
        what="the same with BGSAVE",
        command=_REDIS,
        package="redis-server",
        load=("redis", "BGSAVE", "120000"),
    ),
    Service(
        name="redis-log",
        what="an append-only file that is rewritten",
        command=(*_REDIS, "--appendonly", "yes"),
        package="redis-server",
        load=("redis", "BGREWRITEAOF", "80000"),
    ),
    Service(
        name="postgres",
        what="pgbench, eight clients that write",
        command=_POSTGRES,
        package="postgresql-15",
        load=("pgbench", "{root}"),
        user="postgres",
        data="postgres",
        copied=True,
    ),
    Service(
        name="postgres-read",
        what="pgbench, eight clients that read",
        command=_POSTGRES,
        package="postgresql-15",
        load=("pgbench", "{root}", "-S"),
        user="postgres",
        data="postgres",
        copied=True,
    ),
    Service(
        name="mariadb",
        what="mariadb-slap, six clients",
        command=(
            *("mariadbd", "--no-defaults", "--datadir=/data", "--skip-grant-tables"),
            *("--innodb-buffer-pool-size=64M", "--bind-address=127.0.0.1", "--skip-log-bin"),
            "--socket=/tmp/mariadb.sock",
        ),
        package="mariadb-server",
        load=("mariadb", "{root}"),
        user="mysql",
        data="mariadb",
        copied=True,
    ),
    Service(
        name="memcached",
        what="64 MiB, full",
        command=("memcached", "-u", "root", "-l", "127.0.0.1", "-m", "64"),
        package="memcached",
        load=("memcached",),
    ),
    Service(
        name="gunicorn",
        what="three workers, pages of 300 kB",
        command=(
            *("gunicorn", "--workers", "3", "--bind", "127.0.0.1:8000"),
            "bench.sizing.programs.web:application",
        ),
        package="gunicorn",
        load=("web", "500"),
    ),
    Service(
        name="nginx",
        what="160 MiB of static files",
        command=("nginx", "-c", "/code/bench/sizing/programs/nginx.conf"),
        package="nginx-light",
        load=("web", "160"),
        data="static",
    ),
    Service(
        name="node",
        what="a web server in Node.js",
        command=("node", "/code/bench/sizing/programs/server.js"),
        package="nodejs",
        load=("web", "500"),
    ),
)

SERVICES: Mapping[str, Service] = {service.name: service for service in (*OWN, *SERVERS)}

PACKAGES = tuple(sorted({service.package for service in SERVERS if service.package}))
