"""minikube: a cluster in a container or a virtual machine of this machine."""

from platforms.minikube.platform import Minikube

__all__ = ["Minikube"]
