"""Kubernetes: how we talk to an API server."""

from clusters.drivers.kubernetes.driver import KubernetesDriver

__all__ = ["KubernetesDriver"]
