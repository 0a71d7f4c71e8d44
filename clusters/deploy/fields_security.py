"""As whom a workload runs, and how little it is trusted with."""

from __future__ import annotations

from clusters.deploy.choices import LEVELS
from clusters.kinds.field import Field

_GROUP = "Account and security"
HIGHEST_ID = 2_147_483_647


def _flag(name: str, label: str, help: str) -> Field:
    return Field(name=name, label=label, type="flag", required=False, group=_GROUP, help=help)


def _id(name: str, label: str, help: str) -> Field:
    return Field(
        name=name,
        label=label,
        type="number",
        required=False,
        minimum=0,
        maximum=HIGHEST_ID,
        group=_GROUP,
        help=help,
    )


SECURITY = (
    Field(
        name="service_account",
        label="Service account",
        required=False,
        max_length=253,
        group=_GROUP,
        among="service-account",
        help="As whom its copies speak to the cluster. Left empty, the namespace's “default”.",
    ),
    Field(
        name="security",
        label="Security",
        type="choice",
        choices=LEVELS,
        required=False,
        group=_GROUP,
        help="“Restricted” is what the pod security level of that name asks for.",
    ),
    _flag("non_root", "Never as root", "A copy whose image would run as root is not started."),
    _flag("no_escalation", "No more rights than it starts with", "Programs like sudo have no effect."),
    _flag("drop_all", "No capabilities", "All that root has beyond others are dropped, like opening ports below 1024."),
    _flag("seccomp", "Only ordinary system calls", "The runtime's own seccomp profile holds."),
    _id("user", "User id", "Instead of the image's own. 0 is root."),
    _id("user_group", "Group id", "Instead of the image's own."),
    _id("volume_group", "Group id of its volumes", "So that a user who is not root may write there."),
    _flag("read_only_root", "Its own files only to be read", "It writes to volumes alone; many programs need /tmp."),
    _flag("no_token", "No token for the cluster", "Its copies cannot sign in at the cluster's API. Most need not."),
)  # fmt: skip
