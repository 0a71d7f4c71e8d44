"""What there is to choose from in the form for a workload, in the words of the screen."""

from __future__ import annotations

SORTS = (
    ("deployment", "Deployment: copies that are all alike"),
    ("stateful-set", "Stateful set: copies with names and disks of their own"),
    ("daemon-set", "Daemon set: one copy on every node"),
)
SERVICES = (
    ("ClusterIP", "Inside the cluster (ClusterIP)"),
    ("NodePort", "On a port of every node (NodePort)"),
    ("LoadBalancer", "From outside (LoadBalancer)"),
    ("Headless", "For each copy by its own name (headless)"),
    ("", "No service"),
)
PROTOCOLS = (("TCP", "TCP"), ("UDP", "UDP"), ("SCTP", "SCTP"))
PROBES = (("", "No probe"), ("http", "A page answers"), ("tcp", "A port is open"), ("exec", "A command succeeds"))
VOLUMES = (
    ("empty", "Empty folder"),
    ("claim", "Existing claim"),
    ("new", "New claim of size"),
    ("config", "Config map"),
    ("secret", "Secret"),
)
SOURCES = (("config", "Config map"), ("secret", "Secret"))
EFFECTS = (("", "Any effect"), *((one, one) for one in ("NoSchedule", "PreferNoSchedule", "NoExecute")))
PULLS = (
    ("", "As the cluster does it by itself"),
    ("IfNotPresent", "When the node has none (IfNotPresent)"),
    ("Always", "Each time a copy starts (Always)"),
    ("Never", "Never: the node has it (Never)"),
)
LEVELS = (
    ("", "As the image asks"),
    ("restricted", "Restricted: not root, no privileges"),
    ("own", "Chosen one by one"),
)
