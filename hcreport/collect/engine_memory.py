"""Asks the engine how much memory it has, for an answer that does not wait long."""

from __future__ import annotations

from hcreport.collect.engine import connect, read_engine
from hcreport.collect.engine_errors import engine_failures, unreachable
from hcreport.errors import EngineUnreachable
from hcreport.units import Bytes


def engine_memory_within(seconds: int) -> Bytes:
    """Return the memory of the engine in bytes; ``seconds`` is the longest wait for one answer.

    Raises EngineUnreachable where none answers in time, or it does not say.
    """
    connection = connect(None, seconds=seconds)
    try:
        memory = read_engine(connection, connection.client.info()).memory_total
    except engine_failures() as error:
        address = connection.address
        raise unreachable(error, address.url, address.shown) from error
    finally:
        connection.client.close()
    if memory is None:
        raise EngineUnreachable("The engine does not say how much memory it has.")
    return memory
