"""Asks an HTTP server one question, and bounds how long its answer may take and how long it may be.

No proxy is used, no cookie is kept, and nothing that a server says stands in a message.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

from hcreport.errors import OllamaError
from hcreport.units import Bytes, mebibytes

_REDIRECTS = (301, 302, 303, 307, 308)
_FIRST_REFUSAL = 300
_NOT_FOUND = 404

_PRINTABLE = re.compile(r"[!-~]+")

_PIECE = mebibytes(1)


class NoAnswerError(OllamaError):
    """Nobody answers at the address, or not in time: there is no use in asking more."""


class NotThereError(OllamaError):
    """The server answered that it has no such thing."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question to an HTTP server."""

    url: str
    who: str
    """Who is asked, as a sentence about it begins: ``Ollama``."""
    seconds: float
    """How long the whole answer may take."""
    limit: Bytes
    """How long the answer may be."""
    cut: bool = False
    """Take the first ``limit`` bytes of a longer answer, instead of refusing it."""
    redirects: int = 0
    """How often the server may send us on, and only to ``https``, or within this machine."""
    body: bytes | None = None
    """What to send; None asks with GET."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a server answered."""

    status: int
    body: bytes
    first: int | None = None
    """Position in the file of the first byte, where the server sends a part of it."""


def ask(question: Question) -> Reply:
    """Return the answer to a question.

    Raises NoAnswerError where nobody answers in time, NotThereError for "not found", and
    OllamaError for any other failure.
    """
    end = time.monotonic() + question.seconds
    url = question.url
    for _ in range(question.redirects + 1):
        status, body, headers = _ask_once(question, _checked(url, question.who), end)
        if status not in _REDIRECTS:
            break
        url = _next_address(question, url, headers)
    else:
        raise OllamaError(f"{question.who} sends us to another address, where we do not follow.")
    if status == _NOT_FOUND:
        raise NotThereError(f"{question.who} does not have it.")
    if status >= _FIRST_REFUSAL:
        raise OllamaError(f"{question.who} answered with error {status}.")
    match = re.match(r"bytes ([0-9]{1,15})-", headers.get("Content-Range") or "")
    return Reply(status=status, body=body, first=int(match[1]) if match else None)


def is_loopback(host: str) -> bool:
    """Tell whether a host's name or address means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked(url: str, who: str) -> SplitResult:
    """Return the parts of an address that may be asked. Raises OllamaError for any other."""
    hint = "Give an address such as http://127.0.0.1:11434."
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = None
    if not known or not _PRINTABLE.fullmatch(url):
        raise OllamaError(f"The address of {who} is none of HTTP.", hint=hint)
    if parts.username is not None or parts.password is not None:
        raise OllamaError(f"The address of {who} holds a user name or password.", hint=hint)
    return parts


def _next_address(question: Question, url: str, headers: http.client.HTTPMessage) -> str:
    """Return where a server sends us, if that is a safe place to follow to."""
    target = urljoin(url, headers.get("Location") or "")
    old, new = _checked(url, question.who), _checked(target, question.who)
    within = is_loopback(old.hostname or "") and is_loopback(new.hostname or "")
    if new.scheme != "https" and not within:
        raise OllamaError(f"{question.who} sends us to an address that is not encrypted.")
    return target


def _ask_once(
    question: Question, parts: SplitResult, end: float
) -> tuple[int, bytes, http.client.HTTPMessage]:
    """Return status, body and headers of one answer; at ``end`` the connection is cut."""
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    late = threading.Event()
    # A ValueError is a host's name that cannot be, or TLS that was cut while it was read.
    connection = kind(parts.hostname or "", parts.port, timeout=max(end - time.monotonic(), 0.01))
    timer: threading.Timer | None = None
    try:
        connection.connect()
        timer = threading.Timer(end - time.monotonic(), _cut, (connection.sock, late))
        timer.daemon = True
        timer.start()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        method = "GET" if question.body is None else "POST"
        connection.request(method, path, question.body, dict(question.headers))
        with connection.getresponse() as response:
            return response.status, _body(question, response), response.headers
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _explained(question, error, late=late.is_set()) from error
    finally:
        if timer is not None:
            timer.cancel()
        connection.close()


def _cut(sock: socket.socket, late: threading.Event) -> None:
    """End a connection under way: a time-out of the socket starts anew with each byte."""
    late.set()
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _body(question: Question, response: http.client.HTTPResponse) -> bytes:
    pieces, length = [], 0
    while length <= question.limit:
        piece = response.read(min(_PIECE, question.limit + 1 - length))
        if not piece:
            break
        pieces.append(piece)
        length += len(piece)
    if length > question.limit and not question.cut:
        raise OllamaError(f"{question.who} sent an answer that is too long.")
    # read(amount) says nothing of an answer that ends before its announced length.
    if length <= question.limit and response.length:
        raise OllamaError(f"{question.who} broke off its answer.")
    return b"".join(pieces)[: question.limit]


def _explained(question: Question, error: Exception, *, late: bool) -> OllamaError:
    """Return the error in our own words: a server's may hold anything."""
    who = question.who
    if late or isinstance(error, TimeoutError):
        return NoAnswerError(f"{who} did not answer within {question.seconds:g} seconds.")
    if isinstance(error, ConnectionRefusedError):
        return NoAnswerError(f"{who} does not run there: the connection is refused.")
    if isinstance(error, ssl.SSLError):
        return NoAnswerError(f"{who} and this machine do not agree on TLS.")
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return NoAnswerError(f"The host of {who} is not known.")
    if isinstance(error, http.client.IncompleteRead | http.client.RemoteDisconnected):
        return OllamaError(f"{who} broke off its answer.")
    if isinstance(error, http.client.HTTPException):
        return OllamaError(f"{who} gave an answer that is not HTTP.")
    return NoAnswerError(f"The connection to {who} broke.")
