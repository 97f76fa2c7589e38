"""Kubeflow itself: its releases, components, pages and notebooks."""
