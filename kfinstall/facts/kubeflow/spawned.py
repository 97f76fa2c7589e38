"""Whose notebook a pod of JupyterHub is: its name is the user's, escaped.

Behind IAP the user is `accounts.google.com:user@example.com`, and the pod
`jupyter-accounts-2egoogle-2ecom-3auser-40example-2ecom` (https://github.com/minrk/escapism, with "-" as its sign).
"""

import re

PREFIX = "jupyter-"
PROVIDER = re.compile(r"^accounts\.google\.com(?::|-3)")
"""Kubeflow's own instructions write the sign between provider and user as "-3"."""

_ESCAPED = re.compile(r"-([0-9a-f]{2})")


def user_of(pod: str) -> str:
    """The user whose notebook the pod is; "" when its name is not that of one."""
    if not pod.startswith(PREFIX):
        return ""
    name = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), pod.removeprefix(PREFIX))
    return PROVIDER.sub("", name) if "@" in name else ""
