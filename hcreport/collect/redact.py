"""The allow-list: decides which text from Compose and the engine may enter a snapshot.

Everything here answers "may stand in a published file" for one kind of text. What is not known to
be harmless is left out or replaced; nothing is searched for secrets, because no search finds all.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath

PRIVATE_REGISTRY = "private-registry"
"""Stands for the host of any registry that is not public."""

UNREADABLE_IMAGE = "unreadable-image"
"""Stands for an image whose text is no image reference, and might hold anything."""

_PUBLIC_REGISTRIES = frozenset(
    {
        "asia.gcr.io",
        "cgr.dev",
        "codeberg.org",
        "container-registry.oracle.com",
        "docker.dragonflydb.io",
        "docker.elastic.co",
        "docker.getoutline.com",
        "docker.io",
        "docker.n8n.io",
        "docker.redpanda.com",
        "eu.gcr.io",
        "gcr.io",
        "ghcr.io",
        "hf.co",
        "huggingface.co",
        "index.docker.io",
        "k8s.gcr.io",
        "lscr.io",
        "mcr.microsoft.com",
        "nvcr.io",
        "public.ecr.aws",
        "quay.io",
        "registry.access.redhat.com",
        "registry.gitlab.com",
        "registry.hub.docker.com",
        "registry.k8s.io",
        "registry.redhat.io",
        "us.gcr.io",
    }
)

_PUBLIC_REGION = re.compile(r"[a-z0-9-]+-docker\.pkg\.dev")
_LOCAL_REGISTRY = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?")

# Path, tag and digest of the reference grammar (distribution/reference), less the host.
_REFERENCE_REST = re.compile(
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@[a-z0-9+._-]+:[0-9a-f]{32,128})?",
    re.IGNORECASE,
)
_REFERENCE_HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")

# fmt: off
_PROBE_PROGRAMS = frozenset(
    {
        "[", "apachectl", "arangosh", "bash", "bundle", "caddy", "cat", "celery", "cgi-fcgi",
        "clickhouse-client", "cockroach", "consul", "coredns", "cqlsh", "curl", "dig", "dotnet",
        "echo", "etcdctl", "exit", "fcgi-client", "find", "gitlab-healthcheck", "grep",
        "grpc-health-probe", "grpc_health_probe", "haproxy", "healthcheck", "healthcheck.sh",
        "http", "https", "influx", "influxd", "java", "jq", "kafka-broker-api-versions",
        "kafka-broker-api-versions.sh", "kafka-topics", "kafka-topics.sh", "kong", "ldapsearch",
        "ls", "mariadb", "mariadb-admin", "mc", "memcached", "minio", "mongo", "mongosh",
        "mosquitto_pub", "mosquitto_sub", "mysql", "mysqladmin", "nats", "nats-server", "nc",
        "ncat", "netcat", "netstat", "nginx", "nmap", "node", "nodetool", "npm", "nslookup",
        "ollama", "openssl", "pg_isready", "pgrep", "php", "php-fpm-healthcheck", "pidof",
        "ping", "ps", "psql", "pulsar-admin", "python", "python3", "rabbitmq-diagnostics",
        "rabbitmqctl", "redis-cli", "rpcinfo", "ruby", "sh", "solr", "sqlcmd", "sqlplus", "ss",
        "stat", "su", "supervisorctl", "telnet", "test", "traefik", "true", "valkey-cli",
        "vault", "wget", "zkServer.sh",
    }
)
# fmt: on

_SHELLS = frozenset({"ash", "bash", "dash", "sh", "zsh"})
_SCRIPT = ("-c", "-ec", "-lc")
"""Options of a shell after which a script stands."""

# Words that may stand before the program: keywords and openers of the shell.
_SHELL_OPENERS = frozenset({"!", "(", "((", "{", "exec", "if", "while", "until", "time"})

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\+?=")

_COUNT = re.compile(r"[0-9]{1,9}")
_DURATION = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h)?")
_SWITCH = re.compile(r"(0|1|true|false)", re.IGNORECASE)
_SIGNED_COUNT = re.compile(r"-?[0-9]{1,9}")
_KV_CACHE_TYPE = re.compile(r"(f32|f16|bf16|q8_0|q4_0|q4_1|q5_0|q5_1|iq4_nl)")

_SETTINGS: Mapping[str, re.Pattern[str]] = {
    "CELERYD_CONCURRENCY": _COUNT,
    "CELERY_WORKER_CONCURRENCY": _COUNT,
    "GUNICORN_WORKERS": _COUNT,
    "LLAMA_ARG_CACHE_RAM": _SIGNED_COUNT,
    "LLAMA_ARG_CACHE_TYPE_K": _KV_CACHE_TYPE,
    "LLAMA_ARG_CACHE_TYPE_V": _KV_CACHE_TYPE,
    "LLAMA_ARG_CTX_CHECKPOINTS": _COUNT,
    "LLAMA_ARG_CTX_SIZE": _COUNT,
    "LLAMA_ARG_N_PARALLEL": _SIGNED_COUNT,
    "OLLAMA_CONTEXT_LENGTH": _COUNT,
    "OLLAMA_FLASH_ATTENTION": _SWITCH,
    "OLLAMA_KEEP_ALIVE": _DURATION,
    "OLLAMA_KV_CACHE_TYPE": _KV_CACHE_TYPE,
    "OLLAMA_MAX_LOADED_MODELS": _COUNT,
    "OLLAMA_MAX_QUEUE": _COUNT,
    "OLLAMA_NUM_PARALLEL": _COUNT,
    "PUMA_WORKERS": _COUNT,
    "UVICORN_WORKERS": _COUNT,
    "WEB_CONCURRENCY": _COUNT,
}

# In the order in which the JVM lets them win: the last one read.
_JAVA_OPTIONS = (
    "JAVA_TOOL_OPTIONS",
    "JAVA_OPTS",
    "CATALINA_OPTS",
    "ES_JAVA_OPTS",
    "KAFKA_HEAP_OPTS",
    "_JAVA_OPTIONS",
)
_JAVA_HEAP = re.compile(r"(?:^|\s)-(Xmx|Xms)([0-9]{1,12}[kKmMgGtT]?)(?=\s|$)")

_PLAIN_PATH = re.compile(r"/[A-Za-z0-9._/+@-]*")
_HOME_PARENTS = frozenset({"home", "users", "documents and settings"})

_VARIABLE = re.compile(r"\w[\w.-]*")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def image_reference(text: str, keep_registries: Iterable[str] = ()) -> str:
    """Return an image reference whose registry host stands only where it is public or kept.

    ``registry.example.com:5000/team/app:1`` becomes ``private-registry/team/app:1``. Which part
    is the host follows distribution/reference: the text before the first slash, if it holds a
    point, a colon or a capital, or is ``localhost``. Digests are kept. Text that is no reference
    becomes ``unreadable-image``.
    """
    host, slash, rest = text.partition("/")
    has_host = bool(slash) and (
        "." in host or ":" in host or host == "localhost" or host != host.lower()
    )
    if not has_host:
        return text if _REFERENCE_REST.fullmatch(text) else UNREADABLE_IMAGE
    if not (_REFERENCE_HOST.fullmatch(host) and _REFERENCE_REST.fullmatch(rest)):
        return UNREADABLE_IMAGE
    return text if _may_stand(host, keep_registries) else f"{PRIVATE_REGISTRY}/{rest}"


def probe_program(test: Sequence[str]) -> str | None:
    """Return the program that a health check runs, where it is a well-known probe; else None.

    ``test`` is as Compose and the engine print it: ``CMD`` with a list of words, or ``CMD-SHELL``
    with one text for the shell, whose first word after assignments counts. ``sh -c`` is looked
    into. Only names from a fixed list are returned, without their path.
    """
    if len(test) < 2:
        return None
    kind, *words = test
    if kind == "CMD-SHELL":
        words = _shell_words(words[0])
    elif kind != "CMD":
        return None
    return _known_program(words)


def begins_with_shell(words: Sequence[str]) -> bool:
    """Tell whether a command hands a script to a shell (``sh -c …``), as ``CMD-SHELL`` does."""
    return len(words) > 2 and PureWindowsPath(words[0]).name in _SHELLS and words[1] in _SCRIPT


def settings(environment: Mapping[str, str | None]) -> dict[str, str]:
    """Return the few environment values that sizing needs, each of its own fixed form.

    Keys are variable names, and ``java_xmx`` and ``java_xms`` for the heap sizes in the usual
    variables of the JVM (``512m``, as written). Values of any other form are dropped.
    """
    kept: dict[str, str] = {}
    for name, pattern in _SETTINGS.items():
        value = environment.get(name)
        if value is not None and pattern.fullmatch(value):
            kept[name] = value
    for name in _JAVA_OPTIONS:
        for option, size in _JAVA_HEAP.findall(environment.get(name) or ""):
            kept[f"java_{option.lower()}"] = size
    return dict(sorted(kept.items()))


def variable_name(text: str) -> str:
    """Return the name of a variable; of text that is more than a name, only the leading name.

    The list form ``- "PASSWORD: secret"`` (a colon for an equals sign) makes Compose take the
    whole text as a name.
    """
    if _VARIABLE.fullmatch(text):
        return text
    start = _VARIABLE.match(text)
    return start.group(0) if start else "?"


def engine_name(text: str) -> str | None:
    """Return the name of a volume, container or network; None where it is not of a name's form."""
    return text if _NAME.fullmatch(text) else None


def relative_path(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> str | None:
    """Return a path relative to a folder, with forward slashes; None where it lies outside.

    A relative path counts from the folder. The folder itself is ``.``. Links are followed only
    where the text alone says "outside".
    """
    whole = Path(os.path.normpath(Path(folder) / path))
    base = Path(os.path.normpath(folder))
    for one, other in (
        (whole, base),
        (Path(os.path.realpath(whole)), Path(os.path.realpath(base))),
    ):
        if one.is_relative_to(other):
            return one.relative_to(other).as_posix()
    return None


def inner_path(text: str) -> str | None:
    """Return a relative path as written, with forward slashes; None for one that is absolute.

    A path through somebody's home folder gives None too.
    """
    windows = PureWindowsPath(text)
    if text.startswith(("/", "~")) or windows.drive or windows.root or "://" in text:
        return None
    return None if _through_home(windows.parts) else windows.as_posix()


def mount_target(path: str) -> str | None:
    """Return a path inside a container; None where it might hold a user name or a secret.

    That is any path below a folder of homes (``/home/…``, ``/Users/…``) and any path with other
    characters than those of usual paths.
    """
    if not _PLAIN_PATH.fullmatch(path) or _through_home(PurePosixPath(path).parts):
        return None
    return path


def _may_stand(host: str, keep_registries: Iterable[str]) -> bool:
    lower = host.lower()
    bare = lower.partition(":")[0]
    kept = {each.strip().lower() for each in keep_registries}
    return bool(
        lower in _PUBLIC_REGISTRIES
        or lower in kept
        or bare in kept
        or _PUBLIC_REGION.fullmatch(lower)
        or _LOCAL_REGISTRY.fullmatch(lower)
    )


def _shell_words(script: str) -> list[str]:
    reader = shlex.shlex(script, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    reader.commenters = ""
    try:
        return list(reader)
    except ValueError:
        return []


def _known_program(words: Sequence[str]) -> str | None:
    rest = list(words)
    while rest and (rest[0] in _SHELL_OPENERS or _ASSIGNMENT.match(rest[0])):
        rest.pop(0)
    if not rest:
        return None
    program = PureWindowsPath(rest[0]).name.removesuffix(".exe")
    if begins_with_shell(rest):
        return _known_program(_shell_words(rest[2])) or _listed(program)
    return _listed(program)


def _listed(program: str) -> str | None:
    return program if program in _PROBE_PROGRAMS else None


def _through_home(parts: Sequence[str]) -> bool:
    """Tell whether a path leads through a folder of homes into one of them."""
    return any(part.lower() in _HOME_PARENTS for part in parts[:-1])
