"""Validating webhook: who may look over what the cluster is about to take in."""

from __future__ import annotations

from clusters.kinds.base import Kind
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.webhooks import (
    GROUP,
    OVERVIEW,
    WebhookConfiguration,
    columns,
    delete_webhooks,
    health,
    searched,
)

API = f"{GROUP}/validatingwebhookconfigurations"

VALIDATING_WEBHOOK: Kind[WebhookConfiguration] = Kind(
    model=WebhookConfiguration,
    api=API,
    name="validating-webhook",
    label="Validating webhook",
    plural="Validating webhooks",
    icon="webhook",
    group="Config and secrets",
    platform="kubernetes",
    namespaced=False,
    words="A program that is asked before the cluster takes something in, and may refuse it.",
    health=health,
    columns=columns(),
    panels=(OVERVIEW, EVENTS, YAML),
    actions=(delete_webhooks(API, "validatingwebhookconfiguration"),),
    search=searched,
)
