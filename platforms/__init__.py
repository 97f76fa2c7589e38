"""One module per platform that Kubeflow can be installed on."""
