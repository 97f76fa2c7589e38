"""From a KfDef to Kubernetes objects: fetch, cache, build with kustomize."""
