"""A small web service that needs a compiled module; for tests of smaller images."""

# Its modules are those of its image.
# mypy: ignore-errors

import os

import psycopg2
from flask import Flask

application = Flask(__name__)


@application.get("/")
def answer() -> dict[str, object]:
    """Return what the service was compiled with, and a value of its environment."""
    return {"libpq": psycopg2.extensions.libpq_version(), "greeting": os.environ["GREETING"]}


if __name__ == "__main__":
    application.run(host="127.0.0.1", port=8000)
