"""Fetches repos, runs kustomize, and turns a KfDef into Kubernetes objects."""
