"""The form as it was filled in, read strictly: whatever is wrong is said with the line that is wrong."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from clusters.errors import Invalid
from clusters.kinds.docker.amounts import read_cpus, read_memory, read_seconds
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.docker.names import NAME, NAME_HELP, RESTART
from clusters.kinds.docker.run_form import BUILT_IN, Check, Device, Membership, Mount, RunForm
from clusters.kinds.docker.run_ports import read_port
from clusters.kinds.variables import FILE, SECRET, check_variable, marked, read_switch

T = TypeVar("T")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,200}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:@-]{0,252}")
_USER = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.@-]{0,62}(?::[A-Za-z0-9_.][A-Za-z0-9_.@-]{0,62})?")
_HOST = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?){0,30}"
)
_PLATFORM = re.compile(r"[a-z0-9]{1,20}(?:/[a-z0-9_]{1,20}){0,2}")
_SIGNAL = re.compile(
    r"(?:SIG)?(?:ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IOT?|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP"
    r"|TSTP|TTIN|TTOU|URG|USR[12]|VTALRM|WINCH|XCPU|XFSZ|RTMIN(?:\+\d{1,2})?|RTMAX(?:-\d{1,2})?)|[1-9]\d?"
)
_CAPABILITY = re.compile(r"(?:CAP_)?[A-Z_]{2,40}")
_WORD = re.compile(r"[a-z][a-z0-9._/:-]{0,59}")
_OPTIONS = re.compile(r"[A-Za-z0-9_=,.%-]{1,200}")


def read_form(values: Mapping[str, Any]) -> RunForm:
    """What to run. Raises Invalid with the line that is wrong."""
    image = _text(values, "image")
    split_image(image)
    restart = _text(values, "restart") or "no"
    if restart not in dict(RESTART):
        raise Invalid("That is not one of the restart policies.")
    if restart != "no" and values.get("auto_remove"):
        raise Invalid("What is removed when it ends cannot be started again.", hint="Choose one of the two.")
    return RunForm(
        image=image,
        name=_matching(values, "name", NAME, "a name", NAME_HELP),
        command=_words(values, "command"),
        entrypoint=_words(values, "entrypoint"),
        ports=_each(values, "ports", read_port),
        environment=_environment(values),
        unseen=marked(_text(values, "environment")),
        mounts=_each(values, "volumes", read_mount),
        tmpfs=_each(values, "tmpfs", _tmpfs),
        networks=_networks(values),
        dns=tuple(_address(one) for one in _split(values, "dns")),
        hosts=_each(values, "hosts", _further_host),
        restart=restart,
        retries=_number(values, "retries"),
        memory=read_memory(_text(values, "memory")),
        cpus=read_cpus(_text(values, "cpus")),
        pids=_number(values, "pids"),
        check=_check(values),
        user=_matching(values, "user", _USER, "a user", "A name or a number, with “:group” behind it if need be."),
        working_dir=_folder(_text(values, "working_dir")),
        hostname=_matching(values, "hostname", _HOST, "a host name", "Letters, digits, “-” and “.”."),
        platform=_matching(values, "platform", _PLATFORM, "a platform", "Write linux/amd64."),
        stop_signal=_matching(values, "stop_signal", _SIGNAL, "a signal", "Write SIGTERM."),
        stop_timeout=values["stop_timeout"] if isinstance(values.get("stop_timeout"), int) else None,
        labels=_each(values, "labels", _label),
        log_driver=_matching(values, "log_driver", _WORD, "a log driver", "Write json-file, local or none."),
        log_options=_each(values, "log_options", _log_option),
        cap_add=_capabilities(values, "cap_add"),
        cap_drop=_capabilities(values, "cap_drop"),
        devices=_each(values, "devices", _device),
        init=bool(values.get("init")),
        tty=bool(values.get("tty")),
        auto_remove=bool(values.get("auto_remove")),
        read_only=bool(values.get("read_only")),
        privileged=bool(values.get("privileged")),
        host_pid=bool(values.get("host_pid")),
        host_ipc=bool(values.get("host_ipc")),
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name) or ""
    if not isinstance(value, str) or "\0" in value:
        raise Invalid(f"The value of “{name}” is not a text.")
    return value.strip()


def _number(values: Mapping[str, Any], name: str) -> int:
    value = values.get(name)
    return value if isinstance(value, int) else 0


def _matching(values: Mapping[str, Any], name: str, pattern: re.Pattern[str], what: str, hint: str) -> str:
    text = _text(values, name)
    if text and not pattern.fullmatch(text):
        raise Invalid(f"“{text[:80]}” cannot be {what}.", hint=hint)
    return text


def _words(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(_text(values, name)))
    except ValueError as error:
        raise Invalid(f"A quotation mark in the {name} is not closed.") from error


def _split(values: Mapping[str, Any], name: str) -> list[str]:
    return [one for one in re.split(r"[\s,]+", _text(values, name)) if one]


def _each(values: Mapping[str, Any], name: str, read: Callable[[str], T]) -> tuple[T, ...]:
    lines = [line.strip() for line in _text(values, name).splitlines() if line.strip()]
    if len(lines) > 1000:
        raise Invalid(f"More than 1,000 lines of {name} are too many.")
    return tuple(read(line) for line in lines)


def _environment(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The file first, so that what is typed beside it wins."""
    rows = [line.strip() for line in _text(values, "env_file").splitlines()]
    found: dict[str, str] = {}
    from_file = [read_variable(row.removeprefix("export ")) for row in rows if row and not row.startswith("#")]
    for pair in (*from_file, *_each(values, "environment", _switched)):
        found[pair.partition("=")[0]] = pair
    return tuple(found.values())


def _switched(line: str) -> str:
    one = read_switch(line)
    if one.switch == FILE:
        raise Invalid("Only a Swarm makes files of secrets.", hint=f"Write “{SECRET}” where its value is a secret.")
    return read_variable(one.pair)


def read_variable(line: str) -> str:
    """One line of an environment."""
    name, equals, _ = line.partition("=")
    check_variable(name)
    if not equals or not _VARIABLE.fullmatch(name):
        raise Invalid(f"“{name[:60]}” is not a variable.", hint="Write NAME=value.")
    return line


def _label(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    if not _LABEL.fullmatch(name):
        raise Invalid(f"“{name[:60]}” is not the name of a label.", hint="Write name=value.")
    return name, value


def _log_option(line: str) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    if not equals or not _WORD.fullmatch(name):
        raise Invalid(f"“{line[:60]}” is not an option of a log.", hint="Write max-size=10m.")
    return name, value


def _is_inside(path: str) -> bool:
    return path.startswith("/") and len(path) <= 1000 and not {"..", "."} & set(path.split("/")) and path.isprintable()


def _folder(path: str) -> str:
    if path and not _is_inside(path):
        raise Invalid(f"“{path[:80]}” is not a folder inside.", hint="Write the whole path, like /srv/web.")
    return path


def read_mount(line: str) -> Mount:
    """One line of volumes."""
    parts = line.split(":")
    wrong = Invalid(f"“{line[:100]}” is not a volume.", hint="Write data:/var/lib/data, or data:/var/lib/data:ro.")
    if len(parts) == 1:
        parts = ["", line]
    source, target, mode = [*parts, ""][:3] if len(parts) <= 3 else ["", "", "?"]
    named = NAME.fullmatch(source) or not source
    folder = source.startswith("/") and _is_inside(source)
    if source.startswith((".", "~")):
        raise Invalid(f"“{source[:60]}” is no whole path.", hint="A folder of the machine begins with “/”.")
    if not (named or folder) or not _is_inside(target) or target == "/" or mode not in ("", "ro", "rw"):
        raise wrong
    return Mount(source, target, mode == "ro")


def _tmpfs(line: str) -> tuple[str, str]:
    target, _, options = line.partition(":")
    if not _is_inside(target) or target == "/" or (options and not _OPTIONS.fullmatch(options)):
        raise Invalid(f"“{line[:100]}” is not a folder in memory.", hint="Write /run, or /run:size=64m.")
    return target, options


def _networks(values: Mapping[str, Any]) -> tuple[Membership, ...]:
    found = _each(values, "networks", _membership)
    if len({one.network for one in found}) < len(found):
        raise Invalid("A network is there twice.")
    alone = next((one.network for one in found if one.network in ("host", "none")), None)
    if alone and len(found) > 1:
        raise Invalid(f"“{alone}” goes with no other network.")
    return found


def _membership(line: str) -> Membership:
    network, *aliases = [one for one in re.split(r"[\s,:]+", line) if one]
    for name in (network, *aliases):
        if not NAME.fullmatch(name):
            raise Invalid(f"“{name[:60]}” cannot be a name in a network.", hint=NAME_HELP)
    if aliases and network in BUILT_IN:
        raise Invalid(f"In “{network}” nothing has names.", hint="Names work on networks of your own.")
    return Membership(network, tuple(aliases))


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise Invalid(f"“{text[:60]}” is not an address.", hint="Write 10.0.0.1.") from error


def _further_host(line: str) -> str:
    name, _, address = line.partition(":")
    if not _HOST.fullmatch(name) or not address:
        raise Invalid(f"“{line[:80]}” is not a host.", hint="Write db.test:10.0.0.5.")
    return f"{name}:{address if address == 'host-gateway' else _address(address)}"


def _check(values: Mapping[str, Any]) -> Check | None:
    text = _text(values, "health_command")
    interval, timeout, start = (
        read_seconds(_text(values, f"health_{name}")) for name in ("interval", "timeout", "start")
    )
    retries = _number(values, "health_retries")
    if not text:
        if interval or timeout or start or retries:
            raise Invalid("The health check has times but no command.")
        return None
    if text.lower() == "none":
        return Check(("NONE",))
    return Check(_test(text), interval, timeout, start, retries)


def _test(text: str) -> tuple[str, ...]:
    if not text.startswith("["):
        return "CMD-SHELL", text
    try:
        words = msgspec.json.decode(text, type=list[str])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(
            "The list of the health check is not closed right.", hint='Write ["program", "argument"].'
        ) from error
    if not words:
        raise Invalid("The health check has no program.")
    return ("CMD", *words)


def _capabilities(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = [one.upper() for one in _split(values, name)]
    for one in found:
        if not _CAPABILITY.fullmatch(one):
            raise Invalid(f"“{one[:40]}” is not a capability.", hint="Write NET_ADMIN.")
    return tuple(found)


def _device(line: str) -> Device:
    outside, _, rest = line.partition(":")
    inside, _, may = rest.partition(":")
    if not inside.startswith("/") and inside and not may:
        inside, may = "", inside
    inside = inside or outside
    if not _is_inside(outside) or not _is_inside(inside) or not set(may) <= set("rwm"):
        raise Invalid(f"“{line[:80]}” is not a device.", hint="Write /dev/snd, or /dev/sda:/dev/xvdc:r.")
    return Device(outside, inside, may or "rwm")
