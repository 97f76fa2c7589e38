"""A node of its own for the tests' control plane: a kubelet, containerd and the registries that they pull from."""
