"""A real Kubernetes control plane for the tests: etcd, API server, scheduler and controller manager on loopback."""
