"""Whom an API server asks itself before it answers: kubelets and webhooks; and what is said when those are silent."""

from __future__ import annotations

import re

NODE = "The node that it runs on does not answer the cluster."
NODE_HINT = "What runs there may be fine: lines, terminals and ports come back when the node is heard again."
WEBHOOK_HINT = "Whoever runs the cluster can mend the program behind it, or take the webhook away."

_KUBELET = re.compile(r"(?:dial tcp|read tcp|dialing|https://) ?\[?[^\s/]{1,60}:10250\b|error dialing backend")
_WEBHOOK = re.compile(r'failed calling webhook "([^"]{1,253})"')


def is_silent_machine(said: str) -> bool:
    """Is it the kubelet of a machine that did not answer?"""
    return _KUBELET.search(said) is not None


def silent_webhook(said: str) -> str:
    """The sentence about a webhook that did not answer, so that nothing was done; "" where it is none."""
    found = _WEBHOOK.search(said)
    return f"The webhook {found[1]} of the cluster does not answer, and nothing is done without it." if found else ""
