"""One line of the ports of a form: which of the machine, on which address, leads to which inside."""

from __future__ import annotations

import ipaddress

from clusters.errors import Invalid
from clusters.kinds.docker.run_form import Port


def read_port(line: str) -> Port:
    """Raises Invalid, with how it is written."""
    wrong = Invalid(f"“{line[:100]}” is not a port.", hint="Write 8080:80, 127.0.0.1:8080:80, or 80 alone.")
    numbers, _, protocol = line.partition("/")
    address, outside, inside = _split_port(numbers, wrong)
    if protocol not in ("", "tcp", "udp", "sctp") or not _is_port(inside) or not _is_outside(outside):
        raise wrong
    if address:
        try:
            ipaddress.ip_address(address)
        except ValueError as error:
            raise wrong from error
    return Port(f"{int(inside)}/{protocol or 'tcp'}", outside, address)


def _split_port(numbers: str, wrong: Invalid) -> tuple[str, str, str]:
    if numbers.startswith("["):
        address, found, rest = numbers[1:].partition("]:")
        parts = rest.split(":")
        if not found or len(parts) != 2:
            raise wrong
        return address, parts[0], parts[1]
    parts = numbers.split(":")
    if len(parts) > 3:
        raise wrong
    address, outside, inside = ["", "", *parts][-3:]
    return address, outside, inside


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536


def _is_outside(text: str) -> bool:
    """One port of the machine, a range of which the engine takes a free one, or any ("")."""
    first, dash, last = text.partition("-")
    return not text or (_is_port(first) and (not dash or (_is_port(last) and int(first) <= int(last))))
