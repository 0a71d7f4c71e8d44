"""What an engine warns of, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

# What the warning holds, what it means, and whether it is a risk rather than a limit.
_WARNINGS = (
    ("without encryption", "Whoever reaches the engine's port rules this machine: it listens without TLS", True),
    ("no memory limit", "Containers cannot be limited in memory: one of them can take all of it", True),
    ("cgroup v1 is deprecated", "The machine counts resources in the old way (cgroup v1) that Docker gives up", False),
    ("no swap limit", "Limits on swap have no effect: the kernel does not count it", False),
    ("no kernel memory", "Limits on kernel memory have no effect", False),
    ("no oom kill disable", "Containers cannot be spared when memory runs out", False),
    ("no cpu cfs", "Limits on processors have no effect", False),
    ("no cpuset", "Containers cannot be bound to processors", False),
    ("no cpu shares", "Containers cannot be given more of the processors than others", False),
    ("no pids limit", "The number of processes in a container cannot be limited", False),
    ("no blkio", "Limits on disk speed have no effect", False),
    ("ipv4 forwarding is disabled", "Containers cannot reach what is outside: IPv4 forwarding is switched off", True),
    ("bridge-nf-call-iptables", "The firewall does not see what containers of one network send each other", False),
    ("bridge-nf-call-ip6tables", "The firewall does not see IPv6 between containers of one network", False),
    ("loopback", "Images are kept in a file instead of a disk: slow, and meant for trying only", False),
    ("devicemapper", "Images are kept by a driver that Docker gave up", False),
    ("aufs", "Images are kept by a driver that Docker gave up", False),
)  # fmt: skip


def plain(warning: str) -> tuple[str, bool]:
    """A warning in plain words, and whether it is a risk. One that we do not know is told as it is."""
    text = warning.removeprefix("WARNING: ").removeprefix("[DEPRECATION NOTICE]: ").strip()
    small = text.lower()
    for part, words, risk in _WARNINGS:
        if part in small:
            return words, risk
    return text[:300], False


def worst(warnings: Sequence[str] | None) -> str:
    """The first risk among them; "" when there is none."""
    return next((words for words, risk in map(plain, warnings or ()) if risk), "")
