"""Faults of lives: killed, stopped, crashing, held back, and controls that ended well."""

from __future__ import annotations

from tests.engine.faults.fault import (
    FOREVER,
    GREEDY,
    SURE,
    Fault,
    both,
    ended,
    ends_orderly,
    greedy,
    kill,
    not_started,
    noted,
    restart,
    restarts,
    run,
    running,
    says,
    service,
    start,
    stop,
)
from tests.engine.faults.limits import LIMITED, OLLAMA
from tests.engine.stack import Json

MANY = 6
"""Restarts; fewer could follow from the order in which services start."""

# Engines learn of the kernel's kill and of the exit on two ways, and may miss the kill of a young
# container: so children are killed until the engine has noted one.
_KILLED_CHILDREN = f"while [ ! -e /noted ]; do {GREEDY}; sleep 1; done"
_NOTED = run("touch", "/noted")
_KILLED_LIFE = f"{GREEDY}; sleep 2; exec {GREEDY}"


def _publishes() -> Json:
    found = service(ports=["127.0.0.1:47921:80"])
    return {key: value for key, value in found.items() if key != "network_mode"}


OUT_OF_MEMORY = (
    Fault(
        name="oom-first-process",
        service=greedy(f"{_KILLED_CHILDREN}; exec {GREEDY}"),
        ready=noted("oom"),
        act=_NOTED,
        settled=ended(137),
        rules=("container-oom-killed",),
        confidence=SURE,
    ),
    Fault(
        name="oom-three-restarts",
        service=greedy(_KILLED_LIFE, restart="on-failure:3"),
        ready=both(ended(137), restarts(3), noted("oom")),
        rules=("container-oom-killed", "restart-loop"),
        confidence=SURE,
    ),
    Fault(
        name="oom-loop",
        service=greedy(_KILLED_LIFE, restart="always"),
        ready=both(restarts(MANY), noted("oom")),
        rules=("container-oom-killed", "restart-loop"),
    ),
    Fault(
        name="oom-child",
        service=greedy(f"{_KILLED_CHILDREN}; {FOREVER}"),
        ready=noted("oom"),
        act=_NOTED,
        rules=("process-oom-killed",),
        confidence=SURE,
        needs_events=True,
    ),
    Fault(
        name="oom-child-ends-it",
        service=greedy(f"{_KILLED_CHILDREN}; {GREEDY}; sleep 2; exit 3"),
        ready=noted("oom"),
        act=_NOTED,
        settled=ended(3),
        rules=("container-oom-killed",),
    ),
    Fault(
        name="oom-child-then-stopped",
        service=greedy(f"{_KILLED_CHILDREN}; {FOREVER}"),
        ready=noted("oom"),
        act=stop,
        settled=ended(137),
        rules=("process-oom-killed", "killed-not-out-of-memory"),
        needs_events=True,
    ),
    Fault(
        name="oom-then-started-by-hand",
        service=greedy(f"[ -e /noted ] && {FOREVER}; touch /noted; {_KILLED_LIFE}"),
        ready=ended(137),
        act=start,
        settled=running,
        rules=("container-oom-killed",),
        needs_events=True,
    ),
    Fault(
        name="oom-earlier",
        service=greedy(
            f"[ -e /noted ] && {FOREVER}; {_KILLED_CHILDREN}; exec {GREEDY}", restart="on-failure"
        ),
        ready=noted("oom"),
        act=_NOTED,
        settled=both(running, restarts(1)),
        rules=("container-oom-killed",),
        needs_events=True,
    ),
)

STOPPED = (
    Fault(
        name="stop-without-handler",
        service=service("exec sleep 100000"),
        ready=running,
        act=stop,
        settled=ended(137),
        rules=("killed-not-out-of-memory",),
        confidence=SURE,
    ),
    Fault(
        name="killed-by-hand",
        service=service("exec sleep 100000", mem_limit="32m"),
        ready=running,
        act=kill,
        settled=ended(137),
        rules=("killed-not-out-of-memory",),
        confidence=SURE,
    ),
    Fault(
        name="exits-with-137",
        service=service("exit 137"),
        ready=ended(137),
        rules=("killed-not-out-of-memory",),
    ),
    Fault(
        name="stopped-orderly",
        service=service(ends_orderly(0)),
        ready=says("ready"),
        act=stop,
        settled=ended(0),
    ),
    Fault(
        name="stopped-by-its-signal",
        service=service(ends_orderly(143), mem_limit="32m"),
        ready=says("ready"),
        act=stop,
        settled=ended(143),
    ),
    Fault(
        name="stopped-with-init",
        service=service("exec sleep 100000", init=True, stop_grace_period="60s"),
        ready=running,
        act=stop,
        settled=ended(143),
    ),
)

CRASHED = (
    Fault(
        name="loop-of-errors",
        service=service("exit 1", restart="always"),
        ready=restarts(MANY),
        rules=("restart-loop",),
        confidence=SURE,
    ),
    Fault(
        name="loop-program-missing",
        service=service("missing-program", restart="unless-stopped", mem_limit="32m"),
        ready=restarts(MANY),
        rules=("restart-loop",),
        confidence=SURE,
    ),
    Fault(
        name="loop-of-137",
        service=service("sleep 1; exit 137", restart="always", mem_limit="32m"),
        ready=restarts(MANY),
        rules=("restart-loop",),
    ),
    Fault(
        name="restarted-by-hand",
        service=service("exec sleep 100000", mem_limit="32m"),
        ready=running,
        act=restart,
        settled=running,
    ),
    Fault(
        name="segmentation-fault",
        service=service("kill -SEGV $$", init=True, mem_limit="32m"),
        ready=ended(139),
    ),
    Fault(
        name="heap-too-small",
        service=service("echo 'java.lang.OutOfMemoryError: Java heap space'; exit 3"),
        ready=ended(3),
    ),
)

NOT_STARTED = (
    Fault(
        name="start-program-missing",
        service=service(entrypoint=["missing-program"], mem_limit="32m"),
        ready=not_started,
        rules=("start-failed",),
        confidence=SURE,
    ),
    Fault(
        name="start-user-missing",
        service=service(user="nobody"),
        ready=not_started,
        left_open="start-failed",
    ),
    Fault(
        name="start-volume-missing",
        service=service(volumes=["missing:/data"]),
        ready=not_started,
        left_open="start-failed",
    ),
    Fault(
        name="start-not-executable",
        service=service(entrypoint=["/bin"]),
        ready=not_started,
        left_open="start-failed",
    ),
    Fault(
        name="start-folder-onto-file",
        service=service(volumes=["/tmp:/bin/busybox:ro"]),
        ready=not_started,
        left_open="start-failed",
    ),
    Fault(
        name="start-device-missing",
        service=service(devices=["/dev/missing:/dev/missing"]),
        ready=not_started,
        left_open="start-failed",
    ),
)

VOLUMES = {"missing": {"driver_opts": {"type": "none", "o": "bind", "device": "/missing"}}}

AT_ONCE = tuple(
    Fault(name=f"oom-at-once-{number}", service=greedy(f"exec {GREEDY}"), ready=ended(137))
    for number in range(1, 5)
)
"""Killed before the engine listens: Docker 20.10 kept no trace of 6 in 30."""

CONTROLS = (
    Fault(name="runs-well", service=service(mem_limit="64m", cpus=0.5), ready=running),
    Fault(name="done", service=service("true"), ready=ended(0)),
)

PORTS = (
    Fault(
        name="port-held",
        service=_publishes(),
        ready=running,
    ),
    Fault(
        name="port-taken",
        service=_publishes(),
        started_by="nobody",
        ready=not_started,
        act=start,
        left_open="start-failed",
    ),
)
"""A project of its own: it needs a network, which not every engine can make."""

ENDS = (
    *OUT_OF_MEMORY,
    *STOPPED,
    *CRASHED,
    *NOT_STARTED,
    *LIMITED,
    *OLLAMA,
    *CONTROLS,
)
