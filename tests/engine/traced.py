"""A project in whose containers something befell each: kills, ends, refusals, failing starts."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker.errors import APIError
from docker.models.containers import Container as EngineContainer

from hcreport.collect import CollectOptions, collect
from hcreport.collect.compose import ComposeRequest
from hcreport.collect.engine_times import nanoseconds, unix_time
from hcreport.model import Snapshot
from tests.engine.stack import BASE, IMAGE, wait_until
from tests.engine_fixture import CANARY, RunningEngine

PROJECT = "hcreport-traces"

CHECKED = "hcreport-test/checked:1"
OLLAMA = "ollama/ollama:hcreport-test"

CHECKED_IMAGE = f"""\
FROM {IMAGE}
HEALTHCHECK --interval=1s --timeout=20s --retries=9 CMD sleep 1; echo {CANARY}; [ -e /ready ]
"""

OLLAMA_IMAGE = f"FROM {IMAGE}\nEXPOSE 11434\n"

_SECONDS = 120
"""How long the containers may take to get where the tests want them."""

_FOREVER = "exec sleep 100000"

_OLD_REFUSAL = (
    'time=2026-11-27T20:00:00Z level=INFO source=sched.go:470 msg="Load failed" '
    f"model=/root/{CANARY} "
    'error="model requires more system memory (5.6 GiB) than is available (1.6 GiB)"'
)
_NEW_REFUSAL = (
    'time=2026-11-27T20:00:00Z level=INFO source=sched.go:641 msg="Load failed" '
    f"model=/root/{CANARY} "
    'error="llama-server process has terminated: exit status 1: ggml_aligned_malloc: '
    'insufficient memory (attempted to allocate 4685.30 MB)"'
)

Json = dict[str, Any]


@dataclass
class Traces:
    """The containers, and how to look at them."""

    engine: RunningEngine
    folder: Path
    made: dict[str, EngineContainer] = field(default_factory=dict)

    def make(self, service: str, script: str | list[str], image: str = IMAGE, **more: Any) -> None:
        """Make a container of the project, without starting it."""
        self.made[service] = self.engine.client.containers.create(
            image,
            ["sh", "-c", script] if isinstance(script, str) else script,
            name=f"{PROJECT}-{service}-1",
            labels={
                "com.docker.compose.project": PROJECT,
                "com.docker.compose.service": service,
                "com.docker.compose.oneoff": "False",
            },
            network_mode="none",
            **more,
        )

    def start(self, service: str, script: str | list[str], image: str = IMAGE, **more: Any) -> None:
        """Make a container and start it."""
        self.make(service, script, image, **more)
        self.made[service].start()

    def key(self, service: str) -> str:
        """Return the full id of a container."""
        return str(self.made[service].id)

    def state(self, service: str) -> Json:
        """Return the state of a container as the engine tells it now."""
        return dict(self.engine.client.api.inspect_container(self.key(service))["State"])

    def ends(self, service: str) -> None:
        """Wait until a container does not run any more, and is not about to."""
        wait_until(
            lambda: self.state(service)["Status"] == "exited", _SECONDS, f"the end of {service}"
        )

    def says(self, service: str, text: str) -> None:
        """Wait until a text is in a container's log."""
        words = text.encode()
        wait_until(lambda: words in self.made[service].logs(), _SECONDS, f"the log of {service}")

    def events(self, service: str) -> list[str]:
        """Return what the engine itself tells about a container."""
        api = self.engine.client.api
        words = {
            "since": "1",
            "until": unix_time(nanoseconds(api.info()["SystemTime"])),
            "filters": json.dumps({"container": [self.key(service)]}),
        }
        reply = api.get(f"{api.base_url}/v{api.api_version}/events", params=words)
        return [str(json.loads(line)["Action"]) for line in reply.content.splitlines()]

    def take(self) -> Snapshot:
        """Collect a snapshot of the project."""
        request = ComposeRequest(folder=self.folder)
        return collect(CollectOptions(compose=request, host=self.engine.host))


def _stage_ends(traces: Traces) -> None:
    """Stage a child that is killed, an orderly end, and ends with and without being asked.

    An engine may miss a kill within the first second, so that the child begins when it is told to.
    """
    waiting = "until [ -e /go ]; do sleep 0.2; done"
    greedy = "dd if=/dev/zero of=/dev/null bs=64M count=1"
    traces.start("child", f"{waiting}; {greedy}; echo survived; {_FOREVER}", mem_limit="16m")
    traces.start("again", "exit 3", restart_policy={"Name": "on-failure", "MaximumRetryCount": 2})
    for service in ("stopped", "slain"):
        traces.start(service, _FOREVER)
    for service in ("polite", "bounced"):
        traces.start(service, "trap 'exit 143' TERM; echo ready; while :; do sleep 0.1; done")
        traces.says(service, "ready")
    traces.made["child"].exec_run(["touch", "/go"])
    traces.made["stopped"].stop(timeout=1)
    traces.made["slain"].kill()
    traces.made["polite"].stop(timeout=60)
    traces.made["bounced"].restart(timeout=60)
    for service in ("again", "stopped", "slain", "polite"):
        traces.ends(service)
    traces.says("child", "survived")
    wait_until(lambda: "oom" in traces.events("child"), _SECONDS, "the event of the kill")
    wait_until(lambda: traces.events("again").count("die") == 3, _SECONDS, "three ends")


def _stage_starts_that_fail(traces: Traces) -> None:
    """Stage a program that the image does not have, and a device that the machine has not."""
    traces.make("no-program", [f"/nowhere/{CANARY}"])
    traces.make("no-name", ["nowhere-to-be-found"])
    traces.make("no-device", _FOREVER, devices=[f"/dev/{CANARY}:/dev/x:r"])
    for service in ("no-program", "no-name", "no-device"):
        with suppress(APIError):
            traces.made[service].start()
        assert traces.state(service)["Error"], service


def _stage_ollama(traces: Traces) -> None:
    """Stage two servers, one of which refused its model in an earlier life."""
    lines = f"echo '{_OLD_REFUSAL}'; echo '{_NEW_REFUSAL}' >&2; echo {CANARY}"
    traces.start("llm", f"{lines}; {_FOREVER}", OLLAMA)
    traces.start("past-llm", f"[ -e /x ] || {{ {lines}; }}; touch /x; {_FOREVER}", OLLAMA)
    traces.start("talker", f"{lines}; {_FOREVER}")
    for service in ("llm", "past-llm", "talker"):
        traces.says(service, CANARY)
    wait_until(lambda: traces.made["past-llm"].diff() != [], _SECONDS, "the mark of the first life")
    traces.made["past-llm"].restart(timeout=0)


def _stage_health(traces: Traces) -> None:
    """Stage a check of the image that fails at first, and then passes."""
    traces.start("checked", _FOREVER, CHECKED)

    def codes() -> list[int]:
        return [each["ExitCode"] for each in traces.state("checked")["Health"]["Log"]]

    wait_until(lambda: 1 in codes(), _SECONDS, "a probe that failed")
    traces.made["checked"].exec_run(["touch", "/ready"])
    wait_until(lambda: 0 in codes(), _SECONDS, "a probe that passed")


def _stage_a_late_start(traces: Traces) -> None:
    """Stage a slow start so long ago that the engine has kept no probe of it."""
    second = 10**9
    check = {"test": ["CMD", "test", "-e", "/ready"], "interval": second, "timeout": 20 * second}
    traces.start("late", _FOREVER, healthcheck={**check, "retries": 1})

    def health() -> Json:
        return dict(traces.state("late")["Health"])

    wait_until(lambda: health()["Status"] == "unhealthy", _SECONDS, "a start that takes too long")
    traces.made["late"].exec_run(["touch", "/ready"])
    wait_until(
        lambda: [each["ExitCode"] for each in health()["Log"]] == [0] * 5, _SECONDS, "five passes"
    )


def stage(engine: RunningEngine, folder: Path) -> Traces:
    """Build the images, and let everything befall the containers."""
    services = f"services: {{idle: {{image: '{IMAGE}'}}}}\n"
    (folder / "compose.yaml").write_text(f"name: {PROJECT}\n{services}", encoding="utf-8")
    for tag, dockerfile in ((IMAGE, BASE), (CHECKED, CHECKED_IMAGE), (OLLAMA, OLLAMA_IMAGE)):
        engine.build(tag, dockerfile)
    traces = Traces(engine=engine, folder=folder)
    _stage_ends(traces)
    _stage_starts_that_fail(traces)
    _stage_ollama(traces)
    _stage_a_late_start(traces)
    _stage_health(traces)
    return traces
