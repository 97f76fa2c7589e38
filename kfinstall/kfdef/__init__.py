"""The KfDef file: what it says, where its repos are, and the kustomizations that it means."""
