"""A small agent with a web address; for measuring smaller images."""

# Its modules are those of its image.
# mypy: ignore-errors

from typing import Any

import numpy
import yaml
from fastapi import FastAPI

app: Any = FastAPI()


def answer() -> dict[str, int]:
    """Return a number that took a little arithmetic."""
    return {"answer": int(numpy.arange(4).sum()) + yaml.safe_load("36")}


app.get("/")(answer)
