"""The base of every type: frozen, strict about its keys, and able to say what does not fit."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError

from hcreport.errors import HcreportError


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the years 1 to 9999 in UTC") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time, in UTC whatever zone it was written in; one without a zone is refused."""

_Error = TypeVar("_Error", bound=HcreportError)


class Record(BaseModel):
    """An immutable value whose fields are exactly the declared ones; an unknown key is an error."""

    # Validators are built when first used, and the docstrings under fields are read from the source
    # for the schema only (see described): both would be paid at every start.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        defer_build=True,
    )


def described(kind: type[Record]) -> dict[str, Any]:
    """Return the JSON Schema of a type, with the docstrings under its fields as descriptions."""
    schema = kind.model_json_schema(mode="validation")
    known = {each.__name__: each for each in _descendants(Record)}
    for name, part in {kind.__name__: schema, **schema.get("$defs", {})}.items():
        properties = part.get("properties", {})
        for field, text in _field_docstrings(known[name]) if properties else ():
            properties[field] = dict(sorted({**properties[field], "description": text}.items()))
    return schema


def _descendants(kind: type[Record]) -> Iterator[type[Record]]:
    for each in kind.__subclasses__():
        yield each
        yield from _descendants(each)


def _field_docstrings(kind: type[Record]) -> Iterator[tuple[str, str]]:
    """Yield name and docstring of each field that has one, as they stand in the source."""
    (definition,) = ast.parse(inspect.getsource(kind)).body
    for field, after in pairwise(getattr(definition, "body", ())):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                value=ast.Constant(value=str(text))
            ):
                yield name, inspect.cleandoc(text)


def explain_validation(error: ValidationError, name: str, kind: type[_Error]) -> _Error:
    """Turn pydantic's first complaint into one sentence with the place it is about."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = "/".join(str(part) for part in first["loc"]) or "the top level"
    if first["type"] == "extra_forbidden":
        what = "is not a key that this version knows"
    else:
        words = first["msg"].removeprefix("Value error, ")
        what = words[:1].lower() + words[1:]
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return kind(f"{name}: {place}: {what}{more}.", hint="Correct that place and run it again.")
