"""The pages of roles and of their bindings: what may be done, and who may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.base import Look, Panel
from clusters.kinds.kubernetes.base import collection
from clusters.kinds.kubernetes.facts import Fact, User, Users, overview, panel
from clusters.kinds.kubernetes.owners import said_kind
from clusters.kinds.kubernetes.permissions import GROUP, Binding, Role, bindings_of, rule_rows, summary

ROLES = {"Role": f"{GROUP}/roles", "ClusterRole": f"{GROUP}/clusterroles"}
PAGES = {"Role": "role", "ClusterRole": "cluster-role"}


async def _load_role(look: Look) -> Mapping[str, Any]:
    one: Role = look.resource
    kind = "Role" if one.namespace else "ClusterRole"

    def fits(binding: Binding) -> bool:
        return binding.role_ref.kind == kind and binding.role_ref.name == one.name

    rows, unknown = await bindings_of(look, fits, one.namespace)
    told = {"beyond": unknown} if rows else {"unknown": unknown}
    given = Users("Given by", "No binding gives it to anybody.", rows, "Where", **told)
    return await overview(look, [Fact("Lets", summary(one.rules))], given, **rule_rows(one.rules))


async def _load_binding(look: Look) -> Mapping[str, Any]:
    one: Binding = look.resource
    ref = one.role_ref
    namespace = one.namespace if ref.kind == "Role" else ""
    key = f"{namespace}/{ref.name}" if namespace else ref.name
    where = f"in namespace {one.namespace}" if one.namespace else "in the whole cluster"
    page = PAGES.get(ref.kind, "") if look.sees(namespace or None) else ""
    facts = [Fact("Gives", ref.name, page, key), Fact("Holds", where)]
    rules: dict[str, Any] = {}
    try:
        tree = await look.driver.call(Call("GET", (*collection(ROLES[ref.kind], namespace), ref.name), timeout=10))
        role = msgspec.convert(tree, Role)
        rules = rule_rows(role.rules)
        facts.append(Fact("Lets", summary(role.rules)))
    except (ClusterError, KeyError, msgspec.ValidationError) as error:
        facts.append(Fact("Lets", f"cannot be told: {error}" if isinstance(error, ClusterError) else "cannot be told"))
    rows = [
        User(
            "service-account" if each.kind == "ServiceAccount" and look.sees(each.namespace) else "",
            each.name,
            f"{each.namespace}/{each.name}",
            said_kind(each.kind).capitalize(),
            each.namespace,
        )
        for each in one.named
    ]
    return await overview(look, facts, Users("Who may", "It names nobody.", rows, "Namespace"), **rules)


OF_ROLE: Panel[Role] = panel(_load_role)
OF_BINDING: Panel[Binding] = panel(_load_binding)
