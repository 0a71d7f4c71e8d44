"""The collections of the shop: what the API calls each kind, and where its objects are."""

from __future__ import annotations

COLLECTION = {
    "Pod": "v1/pods",
    "Node": "v1/nodes",
    "Service": "v1/services",
    "Namespace": "v1/namespaces",
    "Event": "v1/events",
    "Deployment": "apps/v1/deployments",
    "ReplicaSet": "apps/v1/replicasets",
    "StatefulSet": "apps/v1/statefulsets",
    "DaemonSet": "apps/v1/daemonsets",
    "Ingress": "networking.k8s.io/v1/ingresses",
    "IngressClass": "networking.k8s.io/v1/ingressclasses",
    "NetworkPolicy": "networking.k8s.io/v1/networkpolicies",
    "Job": "batch/v1/jobs",
    "CronJob": "batch/v1/cronjobs",
    "HorizontalPodAutoscaler": "autoscaling/v2/horizontalpodautoscalers",
    "PodDisruptionBudget": "policy/v1/poddisruptionbudgets",
    "ConfigMap": "v1/configmaps",
    "Secret": "v1/secrets",
    "ServiceAccount": "v1/serviceaccounts",
    "PersistentVolumeClaim": "v1/persistentvolumeclaims",
    "PersistentVolume": "v1/persistentvolumes",
    "StorageClass": "storage.k8s.io/v1/storageclasses",
    "ResourceQuota": "v1/resourcequotas",
    "LimitRange": "v1/limitranges",
    "Role": "rbac.authorization.k8s.io/v1/roles",
    "RoleBinding": "rbac.authorization.k8s.io/v1/rolebindings",
    "ClusterRole": "rbac.authorization.k8s.io/v1/clusterroles",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1/clusterrolebindings",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "MutatingWebhookConfiguration": "admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "PriorityClass": "scheduling.k8s.io/v1/priorityclasses",
}
KINDS = {collection: kind for kind, collection in COLLECTION.items()}
WHOLE_CLUSTER = {"Node", "Namespace", "IngressClass", "PersistentVolume", "StorageClass", "PriorityClass"}
