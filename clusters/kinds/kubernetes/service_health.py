"""How a service is: whether anybody answers on it, and where the way to them breaks."""

from __future__ import annotations

import time

from clusters.kinds.base import Health, Level
from clusters.kinds.kubernetes.base import understood
from clusters.kinds.kubernetes.service_model import Service
from clusters.kinds.kubernetes.workload import selects

HIDDEN = Health(
    Level.UNKNOWN,
    "Cannot tell",
    "Who answers cannot be told: the account with which Pilothouse looks here may not list pods.",
    "list pods: forbidden",
)
NO_ENDPOINTS = "no endpoints"  # the code where its selector matches nothing
BALANCING = 300.0  # seconds a balancer outside may take to give it an address


@understood
def health(one: Service) -> Health:
    """The first step of the way to its copies that is broken."""
    if one.spec.type == "ExternalName":
        return Health(Level.HEALTHY, "Points outside", f"Its name stands for {one.spec.external_name}.")
    if not one.spec.selector:
        words = "It has no selector: somebody else says who answers. That is not checked."
        return Health(Level.HEALTHY, "Set by others", words)
    if one.answers.hidden:
        return HIDDEN
    return selecting(one) or answering(one) or naming(one) or _balancing(one) or Health(Level.HEALTHY, "Answers")


def selecting(one: Service) -> Health | None:
    """Does its selector match anything? Only a mistyped one is surely wrong: what it is for may run now and then."""
    answers = one.answers
    if answers.copies:
        return None
    if answers.off:
        return Health(Level.STOPPED, "Switched off", f"{answers.off} was asked for no copies, so nobody answers.")
    near = f" The nearest: {answers.nearest}." if answers.nearest else ""
    words = f"Traffic goes nowhere: its selector matches nothing ({selects(one.spec.selector)}).{near}"
    return Health(Level.FAILING if near else Level.AT_RISK, "Nobody answers", words, NO_ENDPOINTS)


def answering(one: Service) -> Health | None:
    """Is any of its copies ready?"""
    answers = one.answers
    if answers.ready or not answers.copies:
        return None
    words, why = f"Nobody answers: no copy is ready (0 of {answers.copies}).", answers.why
    if why is None:
        return Health(Level.FAILING, "Nobody answers", words, "no ready endpoints")
    if why.level is Level.CHANGING:
        return Health(Level.CHANGING, "Starting", f"{words} {why.reason}".strip(), why.code, why.since)
    return Health(Level.FAILING, "Nobody answers", f"{words} {why.reason}".strip(), why.code, why.since)


def naming(one: Service) -> Health | None:
    """Do its copies have the ports that it leads to by name?"""
    answers = one.answers
    if not answers.unnamed or not answers.copies:
        return None
    name, without = max(answers.unnamed, key=lambda item: (item[1], item[0]))
    if without < answers.copies:
        words = f"{without} of {answers.copies} copies have no port named “{name}”: they get no traffic of it."
        return Health(Level.AT_RISK, "Wrong port", words, f"targetPort: {name}")
    nowhere = all(str(port.target) in dict(answers.unnamed) for port in one.ports)
    words = f"Traffic is sent to the wrong door: nobody listens on “{name}”, no copy has a port of that name."
    return Health(Level.FAILING if nowhere else Level.AT_RISK, "Wrong port", words, f"targetPort: {name}")


def _balancing(one: Service) -> Health | None:
    if one.spec.type != "LoadBalancer" or one.status.addresses:
        return None
    if time.time() - one.created < BALANCING:
        return Health(Level.CHANGING, "Waits for an address", "No address outside was assigned yet.")
    words = "It answers inside the cluster, but no address outside was assigned. Is there a balancer that does it?"
    return Health(Level.AT_RISK, "Inside only", words, "LoadBalancer")
