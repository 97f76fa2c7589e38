"""What stands behind the API: controllers, a scheduler and kubelets, all of them clients of the API."""
