"""Settings that no target has an equal for, in words; and those that one of them has not, named by the same words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from clusters.kinds.masking import MASK, mask_words, masked
from clusters.ship.app import App, Gap, Part

# Of the settings that the run form does not show: what Compose calls them, and what they do.
_WORDS: Mapping[str, tuple[str, str]] = {
    "Domainname": ("domainname", "its domain name"),
    "MacAddress": ("mac_address", "a hardware address of its own"),
    "Shell": ("shell", "the shell of its image's commands"),
    "NetworkDisabled": ("network_mode", "no network at all"),
    "CpuShares": ("cpu_shares", "its weight when processors are short"),
    "CpuPeriod": ("cpu_period", "how processor time is counted"),
    "CpusetCpus": ("cpuset", "the processors that it is kept to"),
    "CpusetMems": ("cpuset", "the memory nodes that it is kept to"),
    "MemorySwap": ("memswap_limit", "how much it may swap"),
    "MemorySwappiness": ("mem_swappiness", "how soon it is swapped"),
    "MemoryReservation": ("mem_reservation", "the memory that is kept for it"),
    "OomScoreAdj": ("oom_score_adj", "how soon the kernel ends it when memory is short"),
    "OomKillDisable": ("oom_kill_disable", "that the kernel never ends it when memory is short"),
    "BlkioWeight": ("blkio_config", "its weight when disks are busy"),
    "CgroupParent": ("cgroup_parent", "the group of processes that it is counted in"),
    "CgroupnsMode": ("cgroup", "which groups of processes it sees"),
    "Cgroup": ("cgroup", "which groups of processes it is in"),
    "Runtime": ("runtime", "the runtime that it runs under"),
    "UsernsMode": ("userns_mode", "which users it has"),
    "UTSMode": ("uts", "the machine's own name"),
    "PidMode": ("pid", "the processes that it sees"),
    "IpcMode": ("ipc", "the memory that it shares with others"),
    "NetworkMode": ("network_mode", "the network of another container"),
    "VolumesFrom": ("volumes_from", "the volumes of another container"),
    "Links": ("links", "links to other containers"),
    "StorageOpt": ("storage_opt", "options of where its files are kept"),
    "Devices": ("devices", "devices of the machine"),
    "DeviceRequests": ("gpus", "devices of the machine, such as graphics cards"),
    "DeviceCgroupRules": ("device_cgroup_rules", "which devices of the machine it may use"),
    "GroupAdd": ("group_add", "further groups of its user"),
    "SecurityOpt": ("security_opt", "its security profile"),
    "MaskedPaths": ("security_opt", "parts of the kernel that are hidden from others"),
    "ReadonlyPaths": ("security_opt", "parts of the kernel that others only read"),
    "Sysctls": ("sysctls", "settings of the kernel"),
    "Ulimits": ("ulimits", "how many files and processes it may have"),
    "DnsSearch": ("dns_search", "domains that names are looked for in"),
    "DnsOptions": ("dns_opt", "options of looking up names"),
    "PublishAllPorts": ("ports", "that each port it listens on is published on a port of the machine"),
    "Annotations": ("annotations", "notes for its runtime"),
    "ContainerIDFile": ("", "the file that its id is written to"),
    "Isolation": ("isolation", "how it is kept apart"),
    "VolumeDriver": ("volume_driver", "what makes its volumes"),
}
_ELSEWHERE = {"Mounts", "Binds", "ShmSize", "ExposedPorts"}  # said as volumes and ports


def left_out(part: Part, target: str, handled: Collection[str]) -> Iterator[Gap]:
    """What is not shown by the run form, and what this target has no equal for either."""
    rest = part.form.rest
    for name, value in {**rest.config, **rest.host}.items():
        if name not in handled and name not in _ELSEWHERE:
            yield gap_of(part, name, value, target)
    for network, kept in rest.endpoints.items():
        for name, value in kept.items():
            where = f"in {network} ({name} {short(value, name)})"
            words = f"Its fixed place {where} is of that network alone: {target} gives none."
            yield Gap("networks", words, part.name)


def gap_of(part: Part, name: str, value: Any, target: str) -> Gap:
    """One setting of that name of the engine."""
    setting, what = _WORDS.get(name, (name, "a setting of the engine"))
    said = f" ({shown})" if (shown := short(value, name)) else ""
    return Gap(setting or name, f"{what[0].upper()}{what[1:]}{said}: {target} has no equal.", part.name)


def short(value: Any, name: str = "") -> str:
    """A value of that name to be read, without what is secret in it."""
    return _text(masked(value, name))[:200]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return str(value)


def of_absent(app: App) -> Iterator[Gap]:
    """Services of a project that only its text knows: what is converted is what its engine has."""
    for name in app.absent:
        words = f"{name[:63]} stands in the text of {app.project} and has no container (a profile, or 0 copies): "
        yield Gap("services", f"{words}it is left out.", name)


def of_files(app: App, target: str, given: Collection[str], asked: str) -> Iterator[Gap]:
    """What Compose copied into its containers, as far as it is not in the text.

    ``given``: keys of contents that are; ``asked`` says when those of others are asked for.
    """
    if app.project and not app.told:
        words = "What Compose copies into containers (configs and secrets with their content in its text) is not seen "
        yield Gap("configs", f"{words}from outside, and no text of {app.project} is kept here that you may see.")
    for part in app.parts:
        for one in part.files:
            setting = f"{one.kind}s"
            if one.content is None:
                words = f"{one.target} is copied in from {one.name}, whose content is in no text that is kept here: "
                yield Gap(setting, f"{words}it is left out.", part.name)
            elif one.is_secret and one.key not in given:
                words = f"{one.target} holds what is secret, so its content is not in the text: "
                yield Gap(setting, f"{words}{asked}", part.name)
            if one.owned:
                words = f"{one.target} should have {one.owned}; on {target} it gets the usual owner and mode."
                yield Gap(setting, words, part.name)


def common(part: Part, target: str) -> Iterator[Gap]:
    """What is to be known on every target alike."""
    form, name = part.form, part.name
    if part.local:
        words = (
            f"{form.image} is only on this engine, as far as that says. Push it to a registry that {target} reaches."
        )
        yield Gap("build", words, name)
    if part.unlike:
        yield Gap("scale", "Its copies were not all made alike: one of them is taken for all.", name)
    for one, condition in part.needs:
        waits = "it is healthy" if condition == "service_healthy" else "it ended well"
        till = f" until {waits}" if condition in ("service_healthy", "service_completed_successfully") else ""
        words = f"It waits for {one}{till}: {target} starts all at once, so it has to try again until {one} answers."
        yield Gap("depends_on", words, name)
    for one in part.taken_away:
        yield Gap(
            "environment", f"It is to be without the image's variable {one[:60]}: {target} takes none away.", name
        )
    if part.called not in ("", name):
        words = f"{target[0].upper()}{target[1:]} names each copy by itself: none is called {part.called}."
        yield Gap("container_name", words, name)
    if form.auto_remove:
        yield Gap("rm", f"It removes itself when it ends: {target} keeps and removes copies by its own rules.", name)
    if mask_words([*form.entrypoint, *form.command]) != [*form.entrypoint, *form.command]:
        words = f"Its command holds what looks secret: it reads {MASK} here, and has to be typed anew."
        yield Gap("command", words, name)
