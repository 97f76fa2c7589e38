"""What serves models, and the account by which it reads them in each profile.

KServe takes credentials from the Secrets of a predictor's service account, and tells stores apart by the keys in them:
https://kserve.github.io/website/docs/model-serving/storage/providers/.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.errors import PlanRefused
from kfinstall.model.serving import AzureModels, GcsModels, NfsModels, S3Models, Serving
from kfinstall.transform.artifact_keys import encoded
from kfinstall.transform.authority import read_authority
from kfinstall.transform.profiles import home, profiles
from kfinstall.words import _, joined

APPLICATION = "kfinstall/serving"
ACCOUNT = "kfinstall-models"
"""The service account, and its Secret."""
CLAIM = "models"
AUTHORITY = "cabundle.crt"
"""In the ConfigMap of the same name: https://kserve.github.io/website/docs/model-serving/storage/certificate/self-signed"""

CONFIGURATION = "inferenceservice-config"
SERVED_BY = {
    "kserve": ("inferenceservices.serving.kserve.io", "inferenceservices.serving.kubeflow.org"),
    "seldon": ("seldondeployments.machinelearning.seldon.io",),
}
"""The definitions that a component brings; KServe was called KFServing up to Kubeflow 1.4."""
TITLES = {"kserve": "KServe", "tf-serving": "TF-Serving", "seldon": "Seldon"}

Source = S3Models | GcsModels | AzureModels | NfsModels


def transformed(manifests: Sequence[Manifest], serving: Serving) -> list[Manifest]:
    """The manifests, with what models are read by. Raises PlanRefused when the release cannot serve them so."""
    offered = components(manifests)
    if serving.component and serving.component not in offered:
        raise PlanRefused(
            _("serving.component is {wanted}, and this release does not have it.").format(wanted=serving.component),
            why=_("It serves models by: {names}").format(
                names=joined(TITLES[each] for each in offered) or _("nothing")
            ),
            fix=_("Name one of these, or leave serving.component out."),
        )
    if serving.models is None:
        return list(manifests)
    if not offered:
        raise PlanRefused(
            _("serving.models says where models are, and nothing in this release serves them."),
            fix=_("Switch a component on (kubeflow.components.kserve: true), or leave serving.models out."),
        )
    owners = _owners(manifests, serving)
    names = key_names(_configuration(manifests))
    known = {manifest.key for manifest in manifests}
    added = [
        Manifest(body, APPLICATION)
        for name, owner in owners.items()
        for body in (home(name, owner), *readers(serving.models, name, names))
    ]
    return [*manifests, *(each for each in added if each.key not in known)]


def components(manifests: Sequence[Manifest]) -> list[str]:
    """What of these serves models, as `serving.component` names it."""
    defined = {each.name for each in manifests if each.kind == "CustomResourceDefinition"}
    found = [name for name, definitions in SERVED_BY.items() if defined.intersection(definitions)]
    return [*found, "tf-serving"] if any(_runs_tensorflow(each) for each in manifests) else found


def key_names(configuration: Mapping[str, Any]) -> dict[str, str]:
    """How the release's KServe names the keys in Secrets. configuration: data of inferenceservice-config."""
    said = json.loads(configuration.get("credentials") or "{}")
    s3, gcs = said.get("s3") or {}, said.get("gcs") or {}
    return {
        "access": s3.get("s3AccessKeyIDName") or "AWS_ACCESS_KEY_ID",
        "secret": s3.get("s3SecretAccessKeyName") or "AWS_SECRET_ACCESS_KEY",
        "account": gcs.get("gcsCredentialFileName") or "gcloud-application-credentials.json",
    }


def readers(models: Source, namespace: str, names: Mapping[str, str]) -> Iterator[Body]:
    """The service account that may read the models in a namespace, and what it needs. names: see key_names."""
    secret, identity = _data(models, names), _identity(models)
    told = _told(models)
    if secret:
        yield {**_made("Secret", ACCOUNT, namespace, told), "data": encoded(secret)}
    if isinstance(models, NfsModels):
        yield from _claim(models, namespace)
    if isinstance(models, S3Models) and models.ca_file:
        authority = read_authority(models.ca_file, "serving.models.caFile")
        yield {**_made("ConfigMap", ACCOUNT, namespace, {}), "data": {AUTHORITY: authority.text}}
    account = _made("ServiceAccount", ACCOUNT, namespace, identity | ({} if secret else told))
    yield {**account, "secrets": [{"name": ACCOUNT}]} if secret else account


def _data(models: Source, names: Mapping[str, str]) -> dict[str, str]:
    match models:
        case S3Models(access_key=access, secret_key=secret) if access and secret:
            return {names["access"]: access.get_secret_value(), names["secret"]: secret.get_secret_value()}
        case GcsModels(account_key=key) | AzureModels(account_key=key) if key:
            name = names["account"] if isinstance(models, GcsModels) else "AZURE_STORAGE_ACCESS_KEY"
            return {name: key.get_secret_value()}
    return {}


def _identity(models: Source) -> dict[str, str]:
    """By which annotation of a service account each cloud knows whom its pods act as."""
    match models:
        case S3Models(role_arn=str(role)):
            return {"eks.amazonaws.com/role-arn": role}
        case GcsModels(service_account=str(account)):
            return {"iam.gke.io/gcp-service-account": account}
        case AzureModels(client_id=str(client)):
            return {"azure.workload.identity/client-id": client}
    return {}


def _told(models: Source) -> dict[str, str]:
    """How S3 is asked; KFServing reads the same under its own domain."""
    if not isinstance(models, S3Models):
        return {}
    values = {"endpoint": models.address, "usehttps": "1" if models.tls else "0", "region": models.region}
    if models.ca_file:
        values["cabundle-configmap"] = ACCOUNT
    domains = ("serving.kserve.io", "serving.kubeflow.org")
    return {f"{domain}/s3-{name}": value for domain in domains for name, value in values.items()}


def _claim(models: NfsModels, namespace: str) -> Iterator[Body]:
    """Bound to each other by name; deleting them leaves the folder as it is."""
    volume = f"kfinstall-models-{namespace}"
    spec = {"accessModes": ["ReadOnlyMany"], "storageClassName": ""}
    yield {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": volume},
        "spec": {
            **spec,
            "capacity": {"storage": models.size},
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": {"namespace": namespace, "name": CLAIM},
            "nfs": {"server": models.server, "path": models.path, "readOnly": True},
        },
    }
    size = {"requests": {"storage": models.size}}
    claim = _made("PersistentVolumeClaim", CLAIM, namespace, {})
    yield {**claim, "spec": {**spec, "volumeName": volume, "resources": size}}


def _made(kind: str, name: str, namespace: str, annotations: Mapping[str, str]) -> Body:
    metadata: Body = {"name": name, "namespace": namespace}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


def _owners(manifests: Sequence[Manifest], serving: Serving) -> dict[str, str]:
    found = profiles(manifests)
    missing = sorted(set(serving.profiles) - found.keys())
    if missing or not found:
        raise PlanRefused(
            _("serving.models is for profiles, and there is no profile {name}.").format(name=missing[0])
            if missing
            else _("serving.models is for profiles, and there is none."),
            why=_("There is: {names}").format(names=joined(sorted(found)) or _("none")),
            fix=_("Add it under rbac.profiles."),
        )
    return {name: owner for name, owner in found.items() if not serving.profiles or name in serving.profiles}


def _configuration(manifests: Sequence[Manifest]) -> Mapping[str, Any]:
    found = next((each for each in manifests if each.kind == "ConfigMap" and each.name == CONFIGURATION), None)
    return (found.body.get("data") or {}) if found else {}


def _runs_tensorflow(manifest: Manifest) -> bool:
    """KServe's runtime for it, or KFServing's predictor."""
    if manifest.kind == "ClusterServingRuntime":
        return any(
            each.get("name") == "tensorflow" for each in manifest.body["spec"].get("supportedModelFormats") or ()
        )
    if manifest.kind == "ConfigMap" and manifest.name == CONFIGURATION:
        return "tensorflow" in json.loads((manifest.body.get("data") or {}).get("predictors") or "{}")
    return False
