"""Which kinds come with Kubernetes, and which a CustomResourceDefinition brings."""


def is_custom(group: str) -> bool:
    """Whether a group comes from a definition: those of Kubernetes itself have no dot, or end in .k8s.io."""
    return "." in group and not group.endswith(".k8s.io")
