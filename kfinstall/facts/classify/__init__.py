"""One classifier: a message that Kubernetes, a runtime, a registry, a cloud or kubectl printed, to its cause."""

from kfinstall.facts.classify.classifier import classify, parsed

__all__ = ["classify", "parsed"]
