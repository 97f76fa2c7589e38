"""What is wrong with a cluster, why, what follows from what, and what mends it."""
