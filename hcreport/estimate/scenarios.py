"""The ways to run a stack: those the project declares, else those that follow of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hcreport.estimate.memory import is_one_of_ours
from hcreport.estimate.missing import gaps_about
from hcreport.estimate.models import model_size
from hcreport.model import LocalModel, Scenario, Service, Snapshot

EVERYTHING = "everything that starts"
"""Name of the scenario of a plain ``docker compose up``."""

WITHOUT_MODEL = "without the local model"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The services and models of one scenario."""

    scenario: str
    description: str
    services: tuple[Service, ...]
    models: tuple[LocalModel, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    """What belongs to a declared scenario and is not in the snapshot, and why it is not."""
    chosen: bool = False
    """Its models were named for it, so all of them are loaded together."""
    group: frozenset[str] = frozenset()
    """Services of which only :attr:`awake` run at a time."""
    awake: int | None = None

    @property
    def loaded(self) -> tuple[LocalModel, ...]:
        """The models to add up: all that a scenario names, else the largest of each service.

        One server may load several models one after another, so only one of them is certain.
        """
        if self.chosen:
            return self.models
        largest: dict[str | None, LocalModel] = {}
        for model in self.models:
            known = largest.get(model.service)
            if known is None or (model_size(model) or 0) > (model_size(known) or 0):
                largest[model.service] = model
        return tuple(largest.values())


def plans(snapshot: Snapshot) -> tuple[Plan, ...]:
    """Return one plan per scenario, in the order to show them.

    Without a declared scenario there are: everything that starts, everything without the service
    of the local model, and for each Compose profile what starts without any profile plus it.
    """
    declared = tuple(_declared(each, snapshot) for each in snapshot.scenarios)
    return declared or tuple(_derived(snapshot))


def everything(snapshot: Snapshot) -> Plan:
    """Return the plan of a plain ``docker compose up``, whatever scenarios are declared."""
    services = tuple(each for each in snapshot.services if is_one_of_ours(each))
    known = {each.name for each in snapshot.services}
    names = {each.name for each in services}
    # A model of which nobody said who serves it is counted: leaving it out would be a guess.
    models = tuple(
        each for each in snapshot.models if each.service in names or each.service not in known
    )
    description = "What docker compose up starts, with every local model that is named."
    return Plan(scenario=EVERYTHING, description=description, services=services, models=models)


def replicas(service: Service) -> int:
    """Return the containers of a service; a scenario that names one with none means one."""
    return 0 if service.provider else max(1, service.replicas)


def _declared(scenario: Scenario, snapshot: Snapshot) -> Plan:
    """Return a declared scenario with its services and models looked up."""
    group = frozenset(scenario.group)
    names = group | set(scenario.services)
    description = scenario.description
    if scenario.awake is not None:
        awake = f"Of {', '.join(sorted(group))} at most {scenario.awake} run at a time."
        description = f"{description} {awake}".strip()
    return Plan(
        scenario=scenario.name,
        description=description,
        services=tuple(_scaled(each, scenario) for each in snapshot.services if each.name in names),
        models=tuple(each for each in snapshot.models if each.name in scenario.models),
        unknown=tuple(_unknown(scenario, snapshot)),
        chosen=True,
        group=group,
        awake=scenario.awake,
    )


def _scaled(service: Service, scenario: Scenario) -> Service:
    """Return a service with as many containers as it has in a scenario."""
    count = scenario.replicas.get(service.name, service.replicas)
    return service.model_copy(update={"replicas": count})


def _unknown(scenario: Scenario, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield what of a declared scenario the snapshot does not hold, each with the reason."""
    unread = [
        each.reason for each in gaps_about("scenario", snapshot, scenario.name) if scenario.files
    ]
    if unread or (scenario.files and not scenario.services):
        reason = unread[0] if unread else "nobody has read which services they start"
        yield f"what {', '.join(scenario.files)} starts", reason
    known = {each.name for each in snapshot.services} | {each.name for each in snapshot.models}
    wanted = {*scenario.services, *scenario.models, *scenario.group}
    for name in sorted(wanted - known):
        yield name, "the snapshot holds nothing of that name"


def _derived(snapshot: Snapshot) -> Iterator[Plan]:
    whole = everything(snapshot)
    yield whole
    if whole.models:
        serving = {each.service for each in whole.models}
        rest = tuple(each for each in whole.services if each.name not in serving)
        left_out = [each.name for each in whole.services if each.name in serving]
        description = f"The same without {', '.join(left_out) or 'any local model'}."
        yield Plan(scenario=WITHOUT_MODEL, description=description, services=rest)
    for profile in sorted(set(snapshot.project.profiles)):
        services = tuple(
            each
            for each in snapshot.services
            if not each.provider
            and each.replicas > 0
            and (not each.profiles or profile in each.profiles)
        )
        names = {each.name for each in services}
        models = tuple(each for each in snapshot.models if each.service in names)
        description = f"What docker compose --profile {profile} up starts."
        yield Plan(
            scenario=f"profile {profile}",
            description=description,
            services=services,
            models=models,
        )
