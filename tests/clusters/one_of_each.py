"""One object of every kind that a real cluster knows, and those of which there is one without our doing."""

from __future__ import annotations

import base64
import datetime
import secrets
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

MARK = f"pilothouse-test-{secrets.token_hex(3)}"
GROUP = f"{MARK}.example.com"
RBAC, ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
LABELS, OWN = {"app": MARK}, {"made-for": MARK}  # what is made has other labels than those that are selected
SELECTOR = {"matchLabels": LABELS}
POD = {
    "containers": [{"name": "main", "image": "busybox:latest", "imagePullPolicy": "IfNotPresent", "command": ["true"]}],
    "nodeSelector": {"example.com/nowhere": MARK},  # nothing is started for it
}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": POD}
BATCH = {"metadata": {"labels": LABELS}, "spec": {**POD, "restartPolicy": "Never"}}
DISK = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}, "storageClassName": MARK}
NOTHING = {"apiGroups": [GROUP], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothings"]}
CONSTRAINTS = {"resourceRules": [NOTHING]}
REQUEST = {"devices": {"requests": [{"name": "one", "exactly": {"deviceClassName": MARK}}]}}

# Of these each cluster has some; another one would be a machine, an address or a part of the API that is not there.
THERE = {
    "nodes",
    "servicecidrs.networking.k8s.io",
    "ipaddresses.networking.k8s.io",  # the service has one
    "apiservices.apiregistration.k8s.io",  # the custom kind has one
}
# Made by a machine for a pod of its own, with a proof that only it can give.
NOT_OURS = {"podcertificaterequests.certificates.k8s.io"}


def _name(what: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, what)])


def _signing_request() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(_name(MARK)).sign(key, hashes.SHA256())
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def certificate(*hosts: str, days: float = 90, issuer: bool = False) -> tuple[str, str]:
    """A certificate for these hosts, and its key, as PEM. ``days`` from now it expires; negative: it has."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(hosts[0] if hosts else MARK))
        .issuer_name(_name(hosts[0] if hosts else MARK))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=400))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer, path_length=None), critical=True)
    )
    if hosts:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem, private.decode()


def objects(namespace: str) -> dict[str, dict[str, Any]]:
    """By the full name of their kind. All are called ``MARK``, but where the cluster wants another name."""
    made: dict[str, dict[str, Any]] = {}

    def inside(kind: str, version: str, sort: str, **rest: Any) -> None:
        made[kind] = _object(version, sort, {"name": MARK, "namespace": namespace, "labels": OWN}, rest)

    def whole(kind: str, version: str, sort: str, name: str = MARK, **rest: Any) -> None:
        made[kind] = _object(version, sort, {"name": name, "labels": OWN}, rest)

    _core(inside, whole, namespace)
    _workloads(inside)
    _rights(inside, whole)
    _network(inside, whole)
    _rest(inside, whole)
    return made


def _object(version: str, sort: str, metadata: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": sort, "metadata": metadata, **rest}


def _core(inside: Any, whole: Any, namespace: str) -> None:
    whole("namespaces", "v1", "Namespace", f"{MARK}-room")
    inside("configmaps", "v1", "ConfigMap", data={"mode": "fast", "file": "a\nb\n"})
    inside("secrets", "v1", "Secret", stringData={"password": "hunter2"})
    inside("serviceaccounts", "v1", "ServiceAccount")
    inside(
        "limitranges",
        "v1",
        "LimitRange",
        spec={"limits": [{"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}]},
    )
    inside("resourcequotas", "v1", "ResourceQuota", spec={"hard": {"pods": "90"}})
    inside("persistentvolumeclaims", "v1", "PersistentVolumeClaim", spec=DISK)
    disk = {"capacity": {"storage": "1Mi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/tmp/none"}}
    whole("persistentvolumes", "v1", "PersistentVolume", spec={**disk, "storageClassName": f"{MARK}-other"})
    inside("pods", "v1", "Pod", spec=POD)
    inside("podtemplates", "v1", "PodTemplate", template=TEMPLATE)
    inside(
        "replicationcontrollers",
        "v1",
        "ReplicationController",
        spec={"replicas": 0, "selector": LABELS, "template": TEMPLATE},
    )
    inside("services", "v1", "Service", spec={"selector": LABELS, "ports": [{"port": 80, "name": "http"}]})
    inside("endpoints", "v1", "Endpoints", subsets=[])
    about = {"apiVersion": "v1", "kind": "Pod", "name": MARK, "namespace": namespace}
    inside(
        "events", "v1", "Event", involvedObject=about, reason="Tried", message="It was tried.", type="Normal", count=2
    )


def _workloads(inside: Any) -> None:
    kept = {"selector": SELECTOR, "template": TEMPLATE}
    inside("deployments.apps", "apps/v1", "Deployment", spec={"replicas": 0, **kept})
    inside("replicasets.apps", "apps/v1", "ReplicaSet", spec={"replicas": 0, **kept})
    inside("statefulsets.apps", "apps/v1", "StatefulSet", spec={"replicas": 0, "serviceName": MARK, **kept})
    inside("daemonsets.apps", "apps/v1", "DaemonSet", spec=kept)
    inside("controllerrevisions.apps", "apps/v1", "ControllerRevision", revision=1, data={"a": 1})
    inside("jobs.batch", "batch/v1", "Job", spec={"suspend": True, "template": BATCH})
    inside(
        "cronjobs.batch",
        "batch/v1",
        "CronJob",
        spec={"schedule": "5 4 * * *", "suspend": True, "jobTemplate": {"spec": {"template": BATCH}}},
    )
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": MARK}
    inside(
        "horizontalpodautoscalers.autoscaling",
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        spec={"scaleTargetRef": target, "maxReplicas": 3},
    )
    inside(
        "poddisruptionbudgets.policy",
        "policy/v1",
        "PodDisruptionBudget",
        spec={"minAvailable": 1, "selector": SELECTOR},
    )


def _rights(inside: Any, whole: Any) -> None:
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    ref = {"apiGroup": RBAC, "kind": "ClusterRole", "name": MARK}
    inside(f"roles.{RBAC}", f"{RBAC}/v1", "Role", rules=rules)
    inside(f"rolebindings.{RBAC}", f"{RBAC}/v1", "RoleBinding", roleRef=ref, subjects=[])
    whole(f"clusterroles.{RBAC}", f"{RBAC}/v1", "ClusterRole", rules=rules)
    whole(f"clusterrolebindings.{RBAC}", f"{RBAC}/v1", "ClusterRoleBinding", roleRef=ref, subjects=[])
    for sort in ("Mutating", "Validating"):
        low = sort.lower()
        whole(f"{low}webhookconfigurations.{ADMISSION}", f"{ADMISSION}/v1", f"{sort}WebhookConfiguration", webhooks=[])
        bound = {"policyName": MARK} | ({"validationActions": ["Warn"]} if sort == "Validating" else {})
        whole(
            f"{low}admissionpolicybindings.{ADMISSION}", f"{ADMISSION}/v1", f"{sort}AdmissionPolicyBinding", spec=bound
        )
    check = {"matchConstraints": CONSTRAINTS, "validations": [{"expression": "true"}]}
    whole(f"validatingadmissionpolicies.{ADMISSION}", f"{ADMISSION}/v1", "ValidatingAdmissionPolicy", spec=check)
    change = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": "Object{}"}}
    mutate = {"matchConstraints": CONSTRAINTS, "reinvocationPolicy": "Never", "mutations": [change]}
    whole(f"mutatingadmissionpolicies.{ADMISSION}", f"{ADMISSION}/v1", "MutatingAdmissionPolicy", spec=mutate)


def _network(inside: Any, whole: Any) -> None:
    network, gateway = "networking.k8s.io", "gateway.networking.k8s.io"
    backend = {"service": {"name": MARK, "port": {"number": 80}}}
    whole(f"ingressclasses.{network}", f"{network}/v1", "IngressClass", spec={"controller": "example.com/nobody"})
    inside(
        f"ingresses.{network}", f"{network}/v1", "Ingress", spec={"ingressClassName": MARK, "defaultBackend": backend}
    )
    inside(f"networkpolicies.{network}", f"{network}/v1", "NetworkPolicy", spec={"podSelector": SELECTOR})
    ends = [{"addresses": ["192.0.2.1"], "conditions": {"ready": False}}]
    inside(
        "endpointslices.discovery.k8s.io",
        "discovery.k8s.io/v1",
        "EndpointSlice",
        addressType="IPv4",
        endpoints=ends,
        ports=[{"name": "http", "port": 80}],
    )
    whole(f"gatewayclasses.{gateway}", f"{gateway}/v1", "GatewayClass", spec={"controllerName": "example.com/nobody"})
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    inside(f"gateways.{gateway}", f"{gateway}/v1", "Gateway", spec={"gatewayClassName": MARK, "listeners": [listener]})
    rules = [{"backendRefs": [{"name": MARK, "port": 80}]}]
    spec = {"parentRefs": [{"name": MARK}], "rules": rules}
    inside(f"httproutes.{gateway}", f"{gateway}/v1", "HTTPRoute", spec=spec)
    inside(f"grpcroutes.{gateway}", f"{gateway}/v1", "GRPCRoute", spec=spec)
    inside(f"tlsroutes.{gateway}", f"{gateway}/v1alpha2", "TLSRoute", spec={**spec, "hostnames": ["shop.example"]})
    inside(f"tcproutes.{gateway}", f"{gateway}/v1alpha2", "TCPRoute", spec=spec)
    grant = {
        "from": [{"group": gateway, "kind": "HTTPRoute", "namespace": MARK}],
        "to": [{"group": "", "kind": "Service"}],
    }
    inside(f"referencegrants.{gateway}", f"{gateway}/v1beta1", "ReferenceGrant", spec=grant)


def _rest(inside: Any, whole: Any) -> None:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names = {"plural": "crates", "singular": "crate", "kind": "Crate", "listKind": "CrateList"}
    definition = {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]}
    whole(
        "customresourcedefinitions.apiextensions.k8s.io",
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"crates.{GROUP}",
        spec=definition,
    )
    inside(f"crates.{GROUP}", f"{GROUP}/v1", "Crate", spec={"holds": ["ropes", "22:22", "on"]})
    usages = ["digital signature", "client auth"]
    whole(
        "certificatesigningrequests.certificates.k8s.io",
        "certificates.k8s.io/v1",
        "CertificateSigningRequest",
        spec={"request": _signing_request(), "signerName": "example.com/nobody", "usages": usages},
    )
    whole(
        "clustertrustbundles.certificates.k8s.io",
        "certificates.k8s.io/v1",
        "ClusterTrustBundle",
        spec={"trustBundle": certificate(issuer=True)[0]},
    )
    inside(
        "leases.coordination.k8s.io",
        "coordination.k8s.io/v1",
        "Lease",
        spec={"holderIdentity": MARK, "leaseDurationSeconds": 3600},
    )
    flow = "flowcontrol.apiserver.k8s.io"
    whole(
        f"flowschemas.{flow}",
        f"{flow}/v1",
        "FlowSchema",
        spec={"priorityLevelConfiguration": {"name": "catch-all"}, "matchingPrecedence": 9999},
    )
    whole(
        f"prioritylevelconfigurations.{flow}",
        f"{flow}/v1",
        "PriorityLevelConfiguration",
        spec={"type": "Limited", "limited": {"nominalConcurrencyShares": 0, "limitResponse": {"type": "Reject"}}},
    )
    whole("runtimeclasses.node.k8s.io", "node.k8s.io/v1", "RuntimeClass", handler="nobody")
    whole("priorityclasses.scheduling.k8s.io", "scheduling.k8s.io/v1", "PriorityClass", value=1)
    devices = "resource.k8s.io"
    whole(f"deviceclasses.{devices}", f"{devices}/v1", "DeviceClass", spec={})
    whole(
        f"devicetaintrules.{devices}",
        f"{devices}/v1",
        "DeviceTaintRule",
        spec={"deviceSelector": {"driver": GROUP}, "taint": {"key": "example.com/tried", "effect": "None"}},
    )
    inside(f"resourceclaims.{devices}", f"{devices}/v1", "ResourceClaim", spec=REQUEST)
    inside(f"resourceclaimtemplates.{devices}", f"{devices}/v1", "ResourceClaimTemplate", spec={"spec": REQUEST})
    pool = {"name": MARK, "generation": 1, "resourceSliceCount": 1}
    whole(
        f"resourceslices.{devices}",
        f"{devices}/v1",
        "ResourceSlice",
        spec={"driver": GROUP, "pool": pool, "allNodes": True, "devices": []},
    )
    storage = "storage.k8s.io"
    whole(f"csidrivers.{storage}", f"{storage}/v1", "CSIDriver", GROUP, spec={"attachRequired": False})
    whole(f"csinodes.{storage}", f"{storage}/v1", "CSINode", spec={"drivers": []})
    inside(f"csistoragecapacities.{storage}", f"{storage}/v1", "CSIStorageCapacity", storageClassName=MARK)
    whole(
        f"storageclasses.{storage}",
        f"{storage}/v1",
        "StorageClass",
        provisioner=GROUP,
        volumeBindingMode="WaitForFirstConsumer",
    )
    attached = {"attacher": GROUP, "nodeName": "nobody", "source": {"persistentVolumeName": MARK}}
    whole(f"volumeattachments.{storage}", f"{storage}/v1", "VolumeAttachment", spec=attached)
    whole(
        f"volumeattributesclasses.{storage}",
        f"{storage}/v1",
        "VolumeAttributesClass",
        driverName=GROUP,
        parameters={"speed": "1"},
    )
    migration = {"resource": {"group": GROUP, "resource": "crates"}}
    whole(
        "storageversionmigrations.storagemigration.k8s.io",
        "storagemigration.k8s.io/v1",
        "StorageVersionMigration",
        spec=migration,
    )
