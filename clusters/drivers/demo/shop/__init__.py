"""The demonstration's shop in a small Kubernetes: deployments, replica sets, pods and nodes that act as real ones."""
