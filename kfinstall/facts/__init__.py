"""Pure knowledge of Kubernetes and Kubeflow: facts and arithmetic, no input or output."""
