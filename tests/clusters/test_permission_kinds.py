"""Roles, bindings and webhooks in words: who may do what, and who is asked before."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from clusters.kinds.base import Level
from clusters.kinds.kubernetes.cluster_role import CLUSTER_ROLE
from clusters.kinds.kubernetes.permissions import Binding, Role, Rule, gives, subject_words, summary
from clusters.kinds.kubernetes.role import ROLE
from clusters.kinds.kubernetes.role_binding import ROLE_BINDING
from clusters.kinds.kubernetes.validating_webhook import VALIDATING_WEBHOOK
from clusters.kinds.kubernetes.webhooks import WebhookConfiguration

READ = ["get", "list", "watch"]


def rule(verbs: list[str], resources: list[str], groups: tuple[str, ...] = ("",), **more: Any) -> Rule:
    return msgspec.convert({"verbs": verbs, "resources": resources, "apiGroups": groups, **more}, Rule)


def role(name: str, *rules: Rule, namespace: str = "") -> Role:
    one = msgspec.convert({"metadata": {"name": name, "namespace": namespace, "uid": name}}, Role)
    return msgspec.structs.replace(one, rules=list(rules))


def binding(kind: str, name: str, *subjects: dict[str, str]) -> Binding:
    tree = {
        "metadata": {"name": "it", "namespace": "shop", "uid": "b"},
        "roleRef": {"kind": kind, "name": name},
        "subjects": list(subjects),
    }
    return msgspec.convert(tree, Binding)


@pytest.mark.parametrize(
    ("verbs", "words"),
    [
        (READ, "read"),
        (["get", "list"], "read"),
        (["get"], "read one by its name"),
        ([*READ, "create", "update", "patch", "delete", "deletecollection"], "read, change, delete, make"),
        (["*"], "everything"),
        (["escalate"], "give more rights than they have"),
        ([], "nothing"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_verbs_are_said_in_words(verbs: list[str], words: str) -> None:
    assert rule(verbs, ["pods"]).may == words


def test_a_rule_says_with_what_and_of_which_group() -> None:
    one = rule(READ, ["pods", "pods/log"], ("", "apps"))
    assert (one.what, one.where) == ("pods, pods/log", "core, apps")
    everything = rule(["*"], ["*"], ("*",))
    assert (everything.what, everything.where, everything.total) == ("all kinds", "all groups", True)
    health = msgspec.convert({"verbs": ["get"], "nonResourceURLs": ["/healthz"]}, Rule)
    assert (health.what, health.where) == ("/healthz", "addresses of the API server")


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([], "nothing"),
        ([rule(READ, ["pods"])], "reading"),
        ([rule(READ, ["secrets"])], "reading, secrets too"),
        ([rule(["create"], ["secrets"])], "changing"),
        ([rule(["*"], ["*"])], "changing, secrets too"),
        ([rule(["*"], ["*"], ("*",))], "everything"),
        ([rule(READ, ["*"], ("example.com",))], "reading"),
    ],
)
def test_a_whole_role_is_said_in_a_word_or_two(rules: list[Rule], words: str) -> None:
    assert summary(rules) == words


def test_a_role_without_rules_lets_nobody_do_anything() -> None:
    assert ROLE.health(role("none", namespace="shop")).level is Level.STOPPED
    assert CLUSTER_ROLE.health(role("admin", rule(["*"], ["*"], ("*",)))).word == "Ready"


def test_a_binding_says_what_it_gives_and_that_its_role_is_missing() -> None:
    ann = {"kind": "User", "name": "ann"}
    roles = {"role": [role("pods", rule(READ, ["pods"]), namespace="shop")], "cluster-role": []}
    given = gives([binding("Role", "pods", ann)], roles)[0]
    assert (ROLE_BINDING.health(given).word, given.gives) == ("Given", "reading")
    missing = gives([binding("ClusterRole", "gone", ann)], roles)[0]
    health = ROLE_BINDING.health(missing)
    assert (health.level, health.reason) == (Level.AT_RISK, "It gives nothing: there is no cluster role gone.")
    assert ROLE_BINDING.health(gives([binding("Role", "pods")], roles)[0]).word == "Names nobody"


def test_a_role_that_may_not_be_listed_is_not_called_missing() -> None:
    one = gives([binding("ClusterRole", "gone", {"kind": "User", "name": "ann"})], {"role": []})[0]
    assert ROLE_BINDING.health(one).word == "Given"


def test_those_whom_a_binding_names_are_told_apart() -> None:
    subjects = (
        {"kind": "ServiceAccount", "namespace": "ops", "name": "agent"},
        {"kind": "Group", "name": "system:serviceaccounts:shop"},
        {"kind": "Group", "name": "system:serviceaccounts"},
        {"kind": "User", "name": "ann"},
        {"kind": "User", "name": "bob"},
    )
    assert subject_words(binding("Role", "pods", *subjects)) == [
        "service account ops/agent",
        "all service accounts of shop",
        "all service accounts",
        "user ann",
        "1 more",
    ]


def test_an_account_that_a_binding_names_without_a_namespace_is_of_its_own() -> None:
    one = binding("Role", "pods", {"kind": "ServiceAccount", "name": "agent"}, {"kind": "User", "name": "ann"})
    assert subject_words(one) == ["service account shop/agent", "user ann"]
    assert ROLE_BINDING.search is not None
    assert "service account shop/agent" in ROLE_BINDING.search(one)


def test_a_webhook_says_about_what_it_is_asked_and_what_its_silence_means() -> None:
    hook = {
        "name": "guard.example.com",
        "clientConfig": {"service": {"namespace": "ops", "name": "guard"}},
        "rules": [{"operations": ["CREATE", "UPDATE"], "apiGroups": ["apps"], "resources": ["deployments"]}],
        "failurePolicy": "Fail",
    }
    one = msgspec.convert({"metadata": {"name": "guard"}, "webhooks": [hook]}, WebhookConfiguration)
    cells = {column.key: column.value(one) for column in VALIDATING_WEBHOOK.columns}
    assert cells["asked"] == ["deployments of apps, when made or changed"]
    assert cells["who"] == ["service ops/guard"]
    assert cells["silent"] == "is refused"
