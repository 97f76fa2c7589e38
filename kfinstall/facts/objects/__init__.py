"""Objects of any kind: what kind it is, who made it, when it is ready, what the cluster fills, what it waits for."""
