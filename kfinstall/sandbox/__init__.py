"""The practice cluster: a Kubernetes API on loopback, and the controllers, nodes and registries behind it."""
