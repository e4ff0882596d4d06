"""Ends well where the service answers as it should."""

import json
import urllib.request

with urllib.request.urlopen("http://127.0.0.1:8000/", timeout=5) as reply:
    answer = json.load(reply)
if answer["libpq"] < 1 or answer["greeting"] != 'hello "you", it costs $5':
    raise SystemExit(1)
