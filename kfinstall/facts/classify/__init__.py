"""One classifier: a message that Kubernetes, a runtime, a registry, a cloud or kubectl printed, to its cause."""

from kfinstall.facts.classify.classifier import classify, explanation, parsed

__all__ = ["classify", "explanation", "parsed"]
