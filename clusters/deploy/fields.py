"""What can be filled in to deploy a workload: the everyday part first, the others in groups that open when needed."""

from __future__ import annotations

from clusters.deploy.choices import EFFECTS, PROTOCOLS, PULLS, SERVICES, SORTS, SOURCES, VOLUMES
from clusters.deploy.fields_running import CHECKS, INIT, PROGRAM, RESOURCES
from clusters.deploy.fields_security import SECURITY
from clusters.kinds.field import Field, Part
from clusters.kinds.variables import PLAIN, SECRET, parts_with

_PORTS, _ENVIRONMENT, _VOLUMES = "Ports and service", "Environment", "Volumes"
_PLACE, _LABELS = "Placement", "Labels and registry"

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
        help="The service answers on the same ports, where no other is given.",
        notation="One a line: 8080, 53 UDP, or 8080 TCP web to give it a name. Behind it >80 where the service answers "
        "on another port, and @30080 for one of every node.",
        parts=(
            Part(label="Port", hint="8080"),
            Part(label="Protocol", choices=PROTOCOLS),
            Part(label="Name", hint="name", wide=True),
            Part(label="Port of the service", before=">", name="service", hint="service port"),
            Part(label="Port of every node", before="@", name="node", hint="node port"),
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
        name="environment",
        label="Environment",
        type="lines",
        required=False,
        max_length=100_000,
        group=_ENVIRONMENT,
        help="Who may look at the workload reads variables. The value of a secret, also of what looks like one, goes "
        "into a secret that is made with it, and is shown to nobody again.",
        notation="One a line: NAME=value; secret: NAME=value keeps it in a secret, plain: NAME=value does not, "
        "whatever it looks like.",
        parts=parts_with((SECRET, "Secret"), (PLAIN, "Always plain")),
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
    *PROGRAM,
    INIT,
    *RESOURCES,
    *CHECKS,
    Field(
        name="volumes",
        label="Volumes",
        type="lines",
        required=False,
        group=_VOLUMES,
        notation="One a line: /cache empty, /data claim data, /data new 1Gi, /etc/app config settings, /etc/tls secret "
        "tls. data:logs mounts a folder of it alone, settings:app.conf one file; “ro” behind it to only read.",
        parts=(
            Part(label="Mounted at", name="path", hint="/data", wide=True),
            Part(label="What", choices=VOLUMES),
            Part(
                label="Its name, or size",
                among=(("claim", "persistent-volume-claim"), ("config", "config-map"), ("secret", "secret")),
                hint="data, or 1Gi",
                wide=True,
            ),
            Part(label="Only this folder or file of it", before=":", name="inside", hint="all of it", wide=True),
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
    *SECURITY,
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
