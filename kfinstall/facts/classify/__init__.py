"""One classifier: a message that Kubernetes, a runtime, a registry, a cloud or kubectl printed, to its cause."""

from kfinstall.facts.classify.classifier import classify, explanation, parsed
from kfinstall.facts.classify.redact import redacted

__all__ = ["classify", "explanation", "parsed", "redacted"]
