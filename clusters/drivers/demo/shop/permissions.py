"""Who may do what in the shop's cluster, and who is asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clusters.drivers.demo.shop import objects

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

GROUP = "rbac.authorization.k8s.io"
READ = ["get", "list", "watch"]


def add(world: ShopWorld) -> None:
    """Somebody gives rights: all to the admins, a look at everything to who watches, a little to one app."""
    _add_webhooks(world)

    def save(kind: str, namespace: str, name: str, **rest: Any) -> None:
        meta = objects.metadata(world.new_uid(), namespace, name, world.now, {})
        world.save({"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": meta, **rest})

    def given(kind: str, name: str, to: str, who: str = "Group", namespace: str = "") -> dict[str, Any]:
        subject = {"kind": who, "name": to, **({"namespace": namespace} if namespace else {})}
        return {"roleRef": {"apiGroup": GROUP, "kind": kind, "name": name}, "subjects": [subject]}

    save("ClusterRole", "", "cluster-admin", rules=[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])
    save(
        "ClusterRole",
        "",
        "view",
        rules=[
            {"apiGroups": [""], "resources": ["pods", "pods/log", "services", "configmaps"], "verbs": READ},
            {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets", "daemonsets"], "verbs": READ},
        ],
    )
    save("ClusterRoleBinding", "", "admins", **given("ClusterRole", "cluster-admin", "shop-admins"))
    save("ClusterRoleBinding", "", "watchers", **given("ClusterRole", "view", "on-call"))
    save(
        "Role",
        "ops",
        "read-settings",
        rules=[{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["agents"], "verbs": ["get"]}],
    )
    save("RoleBinding", "ops", "agents", **given("Role", "read-settings", "default", "ServiceAccount", "ops"))


def _add_webhooks(world: ShopWorld) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    for kind, name, policy in (
        ("ValidatingWebhookConfiguration", "image-guard", "Fail"),
        ("MutatingWebhookConfiguration", "default-limits", "Ignore"),
    ):
        meta = objects.metadata(world.new_uid(), "", name, world.now, {})
        client = {"service": {"namespace": "ops", "name": name, "path": "/ask"}}
        hook = {"name": f"{name}.shop.example", "clientConfig": client, "rules": [rule], "failurePolicy": policy}
        world.save(
            {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": meta, "webhooks": [hook]}
        )
