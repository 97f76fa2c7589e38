"""kfinstall puts Kubeflow on any Kubernetes cluster and says exactly why when it does not come up."""

__version__ = "0.1.0"
