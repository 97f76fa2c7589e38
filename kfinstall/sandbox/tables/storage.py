"""The cells of claims, volumes and their classes."""

from collections.abc import Iterable

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.tables.parts import UNSET, Cells, spec_of, status_of

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def claim(body: Body) -> Cells:
    spec, status = spec_of(body), status_of(body)
    return {
        "Status": _phase(body),
        "Volume": spec.get("volumeName", ""),
        "Capacity": (status.get("capacity") or {}).get("storage", ""),
        "Access Modes": _modes(status.get("accessModes") or ()),
        "StorageClass": spec.get("storageClassName", ""),
        "VolumeAttributesClass": spec.get("volumeAttributesClassName", UNSET),
        "VolumeMode": spec.get("volumeMode", ""),
    }


def volume(body: Body) -> Cells:
    spec = spec_of(body)
    bound = spec.get("claimRef") or {}
    return {
        "Capacity": (spec.get("capacity") or {}).get("storage", ""),
        "Access Modes": _modes(spec.get("accessModes") or ()),
        "Reclaim Policy": spec.get("persistentVolumeReclaimPolicy", ""),
        "Status": _phase(body),
        "Claim": f"{bound['namespace']}/{bound['name']}" if bound else "",
        "StorageClass": spec.get("storageClassName", ""),
        "VolumeAttributesClass": spec.get("volumeAttributesClassName", UNSET),
        "Reason": status_of(body).get("reason", ""),
        "VolumeMode": spec.get("volumeMode", ""),
    }


def _phase(body: Body) -> str:
    return "Terminating" if body["metadata"].get("deletionTimestamp") else status_of(body).get("phase", "")


def _modes(modes: Iterable[str]) -> str:
    return ",".join(_MODES.get(mode, mode) for mode in modes)


def storage_class(body: Body) -> Cells:
    default = (body["metadata"].get("annotations") or {}).get("storageclass.kubernetes.io/is-default-class") == "true"
    return {
        "Name": body["metadata"]["name"] + (" (default)" if default else ""),
        "Provisioner": body.get("provisioner", ""),
        "ReclaimPolicy": body.get("reclaimPolicy", "Delete"),
        "VolumeBindingMode": body.get("volumeBindingMode", "Immediate"),
        "AllowVolumeExpansion": bool(body.get("allowVolumeExpansion")),
    }
