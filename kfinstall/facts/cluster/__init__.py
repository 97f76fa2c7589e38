"""A cluster as a whole: its distribution, its rights, the kubeconfig that leads to it."""
