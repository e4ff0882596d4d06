"""Ends well where the service answers as it should."""

import json
import urllib.request

with urllib.request.urlopen("http://127.0.0.1:8000/", timeout=10) as reply:
    answer = json.load(reply)
if answer != {"answer": 42}:
    raise SystemExit(1)
