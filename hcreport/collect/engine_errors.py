"""Says in our own words why the engine did not answer: the engine's texts may hold secrets."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hcreport.errors import EngineUnreachable

if TYPE_CHECKING:
    import requests

WITHOUT_ENGINE = "`--no-engine` makes a snapshot of the Compose files alone."
"""What ends a hint, which only helps whoever collects a snapshot."""

_INSTALL = (
    "Start Docker Desktop or the docker service; if there is none, see "
    "https://docs.docker.com/get-started/get-docker/. "
)

_PERMISSION = (
    "On Linux add the user to the group docker (`sudo usermod -aG docker $USER`) and log in "
    "again, or use rootless Docker. "
)

_ADDRESSES = (
    "Give --host an address such as unix:///var/run/docker.sock, tcp://HOST:2376 or "
    "ssh://USER@HOST. "
)


def engine_failures() -> tuple[type[Exception], ...]:
    """Return the exceptions that a call of the Docker SDK may end with."""
    from docker.errors import DockerException
    from urllib3.exceptions import HTTPError

    return (DockerException, HTTPError, OSError, ValueError, LookupError, TypeError, AttributeError)


def gap_reason(error: BaseException) -> str:
    """Return one sentence on why one question was not answered, without the engine's own text."""
    from docker.errors import APIError, NotFound
    from requests.exceptions import Timeout

    if isinstance(error, NotFound):
        return "It was removed while it was read."
    if isinstance(error, APIError):
        return f"The engine answered with error {error.status_code}."
    if isinstance(error, (Timeout, TimeoutError)):
        return "The engine did not answer in time."
    if isinstance(error, ValueError):
        # An engine that loses a container between two samples closes the reply without a word.
        return "The engine's answer was empty or not of the expected form."
    if isinstance(error, (LookupError, TypeError, AttributeError)):
        return "The engine's answer was not of the expected form."
    return "The connection to the engine broke."


def checked(reply: requests.Response) -> requests.Response:
    """Return a reply; one that reports an error is raised as the Docker SDK does."""
    import requests
    from docker.errors import create_api_error_from_http_exception

    try:
        reply.raise_for_status()
    except requests.HTTPError as error:
        create_api_error_from_http_exception(error)
    return reply


def unreachable(error: BaseException, url: str, shown: str) -> EngineUnreachable:
    """Return the error that explains why no engine answers at an address."""
    reasons = list(_causes(error))
    message, hint = _explain(error, reasons, url, shown)
    return EngineUnreachable(message, hint=f"{hint}{WITHOUT_ENGINE}")


def _explain(
    error: BaseException, reasons: list[BaseException], url: str, shown: str
) -> tuple[str, str]:
    from docker.errors import APIError, InvalidVersion, TLSParameterError

    if url.startswith("ssh://"):
        return _explain_ssh(reasons, shown)
    if isinstance(error, TLSParameterError) or _any(reasons, ssl.SSLError):
        return (
            f"The engine at {shown} and this machine do not agree on TLS.",
            "Check DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, or the Docker context's certificates. ",
        )
    if isinstance(error, InvalidVersion):
        return f"The engine at {shown} is too old.", "Update Docker. "
    if isinstance(error, APIError):
        return (
            f"What answers at {shown} refuses us with error {error.status_code}.",
            "Check that the address is an engine's and whether it asks for TLS. ",
        )
    return _explain_socket(reasons, shown)


def _explain_socket(reasons: list[BaseException], shown: str) -> tuple[str, str]:
    if _any(reasons, PermissionError):
        return (
            f"This user may not talk to the Docker engine at {shown}.",
            _PERMISSION,
        )
    if _any(reasons, FileNotFoundError):
        return f"No Docker engine is running here: there is nothing at {shown}.", _INSTALL
    if _any(reasons, ConnectionRefusedError):
        return f"No Docker engine is running at {shown}: the connection is refused.", _INSTALL
    if _any(reasons, socket.gaierror):
        return f"The host of {shown} is not known.", "Check --host or DOCKER_HOST. "
    if _any(reasons, TimeoutError) or _timed_out(reasons):
        return (
            f"The engine at {shown} does not answer in time.",
            "Check --host or DOCKER_HOST, and whether a firewall is in between. ",
        )
    return (
        f"What answers at {shown} is not a Docker engine.",
        _ADDRESSES,
    )


def _explain_ssh(reasons: list[BaseException], shown: str) -> tuple[str, str]:
    if _any(reasons, FileNotFoundError):
        return "The program ssh is not on this machine.", "Install OpenSSH. "
    return (
        f"No Docker engine answers through {shown}.",
        "Check that `ssh HOST docker version` works without asking for a password. ",
    )


def _any(reasons: list[BaseException], kind: type[BaseException]) -> bool:
    return any(isinstance(reason, kind) for reason in reasons)


def _timed_out(reasons: list[BaseException]) -> bool:
    from requests.exceptions import Timeout

    return _any(reasons, Timeout) or any(
        isinstance(reason, OSError) and reason.errno == errno.ETIMEDOUT for reason in reasons
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that led to it: requests and urllib3 keep causes as arguments."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        linked = [current.__cause__, current.__context__, getattr(current, "reason", None)]
        waiting += [each for each in (*linked, *current.args) if isinstance(each, BaseException)]
