"""What can be filled in to deploy a workload: the everyday part first, the others in groups that open when needed."""

from __future__ import annotations

from clusters.kinds.field import Field, Part

_PORTS, _ENVIRONMENT, _PROGRAM = "Ports and service", "Environment", "Command"
_RESOURCES, _CHECKS, _VOLUMES = "Resources", "Probes", "Volumes"
_PLACE, _LABELS = "Placement", "Labels and registry"

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
_WHERE_PROBED = (
    "Of a page its path, like /healthz, or :8081/healthz for another port than the first; "
    "of a port its number or name; of a command the command itself."
)


def _probe(name: str, what: str, then: str) -> tuple[Field, ...]:
    return (
        Field(name=name, label=what, type="choice", choices=PROBES, required=False, group=_CHECKS, help=then),
        Field(name=f"{name}_at", label="What is asked", required=False, group=_CHECKS, help=_WHERE_PROBED),
        Field(
            name=f"{name}_after",
            label="First after so many seconds",
            type="number",
            required=False,
            minimum=0,
            maximum=86_400,
            group=_CHECKS,
        ),
        Field(
            name=f"{name}_every",
            label="Every so many seconds",
            type="number",
            required=False,
            minimum=1,
            maximum=86_400,
            group=_CHECKS,
        ),
    )


FIELDS = (
    Field(name="kind", label="Kind", type="choice", choices=SORTS, initial=lambda _: "deployment"),
    Field(name="namespace", label="Namespace", max_length=63),
    Field(name="name", label="Name", max_length=63, help="Small letters, digits and “-”, beginning with a letter."),
    Field(name="image", label="Image", max_length=500, help="Like nginx:1.29 or registry.example.com/shop/web:2."),
    Field(
        name="copies",
        label="Copies",
        type="number",
        required=False,
        minimum=0,
        maximum=1000,
        initial=lambda _: 1,
    ),
    Field(
        name="ports",
        label="Ports it listens on",
        type="lines",
        required=False,
        group=_PORTS,
        notation="One a line: 8080, 53 UDP, or 8080 TCP web to give it a name.",
        parts=(
            Part(label="Port", hint="8080"),
            Part(label="Protocol", choices=PROTOCOLS),
            Part(label="Name", hint="optional: web", wide=True),
        ),
    ),
    Field(
        name="service",
        label="Service",
        type="choice",
        choices=SERVICES,
        required=False,
        group=_PORTS,
        initial=lambda _: "ClusterIP",
        help="One address for all copies, under this name. It needs a port.",
    ),
    Field(
        name="service_port",
        label="Port of the service",
        type="number",
        required=False,
        minimum=1,
        maximum=65_535,
        group=_PORTS,
        help="For the first port. Left empty, the same number.",
    ),
    Field(
        name="environment",
        label="Environment",
        type="lines",
        required=False,
        max_length=100_000,
        group=_ENVIRONMENT,
        help="Everybody who may look at the workload can read these: keep passwords in secrets.",
        notation="One a line: NAME=value.",
        parts=(Part(label="Name", hint="LOG_LEVEL"), Part(label="Value", before="=", wide=True)),
    ),
    Field(
        name="sources",
        label="From config maps and secrets",
        type="lines",
        required=False,
        max_length=20_000,
        group=_ENVIRONMENT,
        notation="One a line: secret db password DB_PASSWORD takes one entry; config settings takes all.",
        parts=(
            Part(label="From", choices=SOURCES),
            Part(label="Its name", among=(("config", "config-map"), ("secret", "secret")), hint="settings", wide=True),
            Part(label="Entry", among=(("", "entry"),), hint="all of them", wide=True),
            Part(label="Variable", hint="same name", wide=True),
        ),
    ),
    Field(
        name="command",
        label="Command",
        required=False,
        group=_PROGRAM,
        help="Instead of the image's entry point. Quotation marks keep words together.",
    ),
    Field(name="arguments", label="Arguments", required=False, group=_PROGRAM, help="Instead of the image's own."),
    Field(
        name="cpu_request",
        label="Processor, kept for each copy",
        required=False,
        max_length=20,
        group=_RESOURCES,
        help="Like 100m (a tenth of a processor) or 2.",
    ),
    Field(
        name="cpu_limit",
        label="Processor, at most",
        required=False,
        max_length=20,
        group=_RESOURCES,
        help="Beyond it, a copy is slowed down.",
    ),
    Field(
        name="memory_request",
        label="Memory, kept for each copy",
        required=False,
        max_length=20,
        group=_RESOURCES,
        help="Like 128Mi or 1Gi.",
    ),
    Field(
        name="memory_limit",
        label="Memory, at most",
        required=False,
        max_length=20,
        group=_RESOURCES,
        help="Beyond it, a copy is stopped and started again.",
    ),
    *_probe("ready", "Is it ready? (readiness)", "Until it is, the service sends nothing to that copy."),
    *_probe("alive", "Does it still work? (liveness)", "When it does not, that copy is started again."),
    Field(
        name="volumes",
        label="Volumes",
        type="lines",
        required=False,
        group=_VOLUMES,
        notation="One a line: /cache empty, /data claim data, /data new 1Gi, /etc/app config settings, /etc/tls secret "
        "tls; “ro” behind it to only read.",
        parts=(
            Part(label="Mounted at", hint="/data", wide=True),
            Part(label="What", choices=VOLUMES),
            Part(
                label="Its name, or size",
                among=(("claim", "persistent-volume-claim"), ("config", "config-map"), ("secret", "secret")),
                hint="data, or 1Gi",
                wide=True,
            ),
            Part(label="Access", choices=(("", "Read and write"), ("ro", "Only read"))),
        ),
    ),
    Field(
        name="nodes",
        label="Only on nodes with these labels",
        type="lines",
        required=False,
        group=_PLACE,
        notation="One a line: name=value.",
        parts=(Part(label="Label", hint="disktype", wide=True), Part(label="Value", before="=", hint="ssd", wide=True)),
    ),
    Field(
        name="tolerations",
        label="Also on nodes with these taints",
        type="lines",
        required=False,
        group=_PLACE,
        help="“*” as the key is every taint.",
        notation="One a line: key=value:NoSchedule; key alone for any value and effect.",
        parts=(
            Part(label="Key", hint="dedicated", wide=True),
            Part(label="Value", before="=", hint="any", wide=True),
            Part(label="Effect", before=":", choices=EFFECTS),
        ),
    ),
    Field(
        name="labels",
        label="Labels",
        type="lines",
        required=False,
        group=_LABELS,
        help="For the workload, its copies and its service.",
        notation="One a line: name=value.",
        parts=(Part(label="Label", hint="team", wide=True), Part(label="Value", before="=", hint="shop", wide=True)),
    ),
    Field(
        name="pull",
        label="Get the image",
        type="choice",
        choices=PULLS,
        required=False,
        help="By itself it gets a tag “latest” each time, and others once.",
        group=_LABELS,
    ),
    Field(
        name="pull_secret",
        label="Secret to sign in at the registry with",
        required=False,
        max_length=253,
        group=_LABELS,
        among="secret",
    ),
)
