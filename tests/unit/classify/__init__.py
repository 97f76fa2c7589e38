"""The classifier: messages to causes."""
