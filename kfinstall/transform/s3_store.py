"""Pipelines with S3, or what speaks as S3 does, as their only store; that of the release is left out.

The variables are those of kubeflow/pipelines, backend/src/apiserver/client_manager and frontend/server/configs.ts; the
launcher's configuration: https://www.kubeflow.org/docs/components/pipelines/operator-guides/configure-object-store/.
"""

import json
from collections.abc import Sequence

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.errors import PlanRefused
from kfinstall.facts.objects.kinds import PROFILE, SERVICE_ACCOUNT
from kfinstall.model.objectstore import S3Store
from kfinstall.transform import pipelines
from kfinstall.transform.artifact_hook import ROOT, ArtifactHook, with_hook
from kfinstall.transform.artifact_keys import ACCESS_KEY, SECRET, SECRET_KEY, with_keys
from kfinstall.transform.authority import FILE, Authority, read_authority
from kfinstall.transform.environment import Variable, of_secret, variable
from kfinstall.words import _

ROLE = "eks.amazonaws.com/role-arn"
"""Of service accounts: https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html."""

BY_ROLE = (2, 16)
"""The first Pipelines whose servers take the role of their service account."""

BY_NEW_CLIENT = (2, 15)
"""The first Pipelines whose API server uses aws-sdk-go-v2."""

GOOGLE = ".googleapis.com"

KEYS = {ACCESS_KEY: "STORE_ACCESS_KEY", SECRET_KEY: "STORE_SECRET_KEY"}
"""The variables in which the profile controller's hook gets them."""

LAUNCHER = "kfp-launcher"
"""The ConfigMap that pods of pipelines read in the namespace of each profile."""

BY_NEW_NAMES = (2, 15)
"""The first Pipelines that call an authority CABUNDLE_…, and show it to drivers and importers, too."""


def transformed(manifests: Sequence[Manifest], store: S3Store) -> list[Manifest]:
    """Raises PlanRefused for Pipelines that cannot be told of it."""
    version = pipelines.version(manifests)
    _refuse_role(store, version)
    _refuse_google(store, version)
    wanted = pipelines.without(manifests, pipelines.MINIO | pipelines.SEAWEEDFS)
    authority = read_authority(store.ca_file, "objectStore.caFile") if store.ca_file else None
    wanted = with_keys(wanted, *_keys(store), {FILE: authority.text} if authority else {})
    root = f"s3://{store.bucket}/v2/artifacts"
    wanted = pipelines.with_settings(wanted, {"bucketName": store.bucket, "defaultPipelineRoot": root})
    wanted = pipelines.with_environment(wanted, pipelines.SERVER, _server(store))
    wanted = pipelines.with_environment(wanted, pipelines.WEB_SERVER, _web_server(store))
    if authority:
        wanted = _trusting(wanted, authority, version)
    wanted = pipelines.with_repository(wanted, _repository(store))
    wanted = with_hook(wanted, _hook(store, authority))
    return [_with_role(each, store.role_arn) for each in wanted] if store.role_arn else wanted


def _refuse_role(store: S3Store, version: tuple[int, int]) -> None:
    if store.role_arn and version < BY_ROLE:
        raise PlanRefused(
            _("objectStore.roleArn is set, and the Pipelines of this release take no role of a service account."),
            why=_("Older ones ask for keys, or take the role of the node; Pipelines from 2.16 on take it."),
            fix=_("Give accessKey and secretKey instead, or take a current release."),
        )


def _refuse_google(store: S3Store, version: tuple[int, int]) -> None:
    """It changes a header that these clients sign: https://github.com/aws/aws-sdk-go-v2/issues/1816."""
    if store.host.endswith(GOOGLE) and version >= BY_NEW_CLIENT:
        raise PlanRefused(
            _("objectStore.endpoint is Google Cloud's, and the Pipelines of this release cannot speak S3 with it."),
            why=_("Google refuses the signatures of their S3 client (SignatureDoesNotMatch)."),
            fix=_("Use objectStore.type: gcs; then artifacts are in Google Cloud, and definitions in the own store."),
        )


def _keys(store: S3Store) -> tuple[str, str]:
    """Empty ones with a role: the Secret is asked for all the same."""
    if store.access_key is None or store.secret_key is None:
        return "", ""
    return store.access_key.get_secret_value(), store.secret_key.get_secret_value()


def _server(store: S3Store) -> dict[str, Variable]:
    """An empty port is that of the protocol; empty keys are those of the role."""
    told: dict[str, Variable] = {
        "OBJECTSTORECONFIG_HOST": store.host,
        "OBJECTSTORECONFIG_PORT": store.port,
        "OBJECTSTORECONFIG_REGION": store.region,
        "OBJECTSTORECONFIG_SECURE": str(store.tls).lower(),
    }
    return told | ({"AWS_REGION": store.region} if store.role_arn else {})


def _web_server(store: S3Store) -> dict[str, Variable]:
    """S3 itself is asked as such; the client for it has no port, so that others are asked as MinIO is."""
    bucket: dict[str, Variable] = {"ARGO_ARCHIVE_BUCKETNAME": store.bucket}
    if not store.is_aws:
        return bucket | {
            "MINIO_HOST": store.host,
            "MINIO_NAMESPACE": "",
            "MINIO_PORT": store.port or ("443" if store.tls else "80"),
            "MINIO_SSL": str(store.tls).lower(),
        }
    told = bucket | {
        "ARGO_ARCHIVE_ARTIFACTORY": "s3",
        "AWS_S3_ENDPOINT": store.host,
        "AWS_REGION": store.region,
        "AWS_SSL": str(store.tls).lower(),
    }
    return told if store.role_arn else told | _aws_keys()


def _trusting(manifests: Sequence[Manifest], authority: Authority, version: tuple[int, int]) -> list[Manifest]:
    """The servers, and those that start pods of pipelines (backend/src/v2/compiler/argocompiler)."""
    told = {"CABUNDLE_CONFIGMAP_NAME": LAUNCHER, "CABUNDLE_KEY_NAME": FILE}
    if version < BY_NEW_NAMES:
        told = {
            "EXECUTOR_CABUNDLE_CONFIGMAP_NAME": LAUNCHER,
            "EXECUTOR_CABUNDLE_CONFIGMAP_KEY": FILE,
            "EXECUTOR_CABUNDLE_MOUNTPATH": "/kfp/certs",
        }
    servers = {pipelines.SERVER: authority.for_go | told, pipelines.WEB_SERVER: authority.for_node}
    return [
        authority.mounted(each, servers[each.name], SECRET)
        if each.kind == "Deployment" and each.name in servers
        else each
        for each in manifests
    ]


def _aws_keys() -> dict[str, Variable]:
    return {
        "AWS_ACCESS_KEY_ID": of_secret(SECRET, ACCESS_KEY),
        "AWS_SECRET_ACCESS_KEY": of_secret(SECRET, SECRET_KEY),
    }


def _repository(store: S3Store) -> dict[str, object]:
    place = {
        "endpoint": store.address,
        "bucket": store.bucket,
        "region": store.region,
        "insecure": not store.tls,
    }
    if store.role_arn:
        return {**place, "useSDKCreds": True}
    return {
        **place,
        "accessKeySecret": {"name": SECRET, "key": ACCESS_KEY},
        "secretKeySecret": {"name": SECRET, "key": SECRET_KEY},
        **({"caSecret": {"name": SECRET, "key": FILE}} if store.ca_file else {}),
    }


def _hook(store: S3Store, authority: Authority | None) -> ArtifactHook:
    reference = {"secretName": SECRET, "accessKeyKey": ACCESS_KEY, "secretKeyKey": SECRET_KEY}
    default = {
        "endpoint": store.address,
        "region": store.region,
        "disableSSL": not store.tls,
        "credentials": {"fromEnv": True} if store.role_arn else {"fromEnv": False, "secretRef": reference},
    }
    launcher = {
        "defaultPipelineRoot": f"s3://{store.bucket}/{ROOT}",
        "providers": json.dumps({"s3": {"default": default}}),
    }
    server = _web_server(store)
    keys = KEYS
    if authority:
        keys = KEYS | {FILE: "STORE_CA"}
        launcher[FILE] = authority.text
        server |= authority.for_node
    return ArtifactHook(
        launcher=launcher,
        secrets={SECRET: keys},
        variables={name: of_secret(SECRET, key) for key, name in keys.items()},
        repository=_repository(store),
        server=[variable(name, value) for name, value in server.items()],
        volume=authority.volume(SECRET) if authority else {},
        mount=authority.mount if authority else {},
    )


def _with_role(manifest: Manifest, role: str) -> Manifest:
    """The servers' accounts by annotation; that of pipelines by the profile controller, which makes it.

    https://github.com/kubeflow/dashboard/blob/main/components/profile-controller/controllers/plugin_iam.go
    """
    body = manifest.body
    key = (manifest.group, manifest.kind)
    if key == SERVICE_ACCOUNT and manifest.name in (pipelines.SERVER, pipelines.WEB_SERVER):
        metadata = body["metadata"]
        annotations = {**(metadata.get("annotations") or {}), ROLE: role}
        return Manifest({**body, "metadata": {**metadata, "annotations": annotations}}, manifest.application)
    if key == PROFILE:
        return Manifest({**body, "spec": {**body["spec"], "plugins": _plugins(body, role)}}, manifest.application)
    return manifest


def _plugins(profile: Body, role: str) -> list[Body]:
    kind = "AwsIamForServiceAccount"
    others = [each for each in profile["spec"].get("plugins") or () if each["kind"] != kind]
    return [*others, {"kind": kind, "spec": {"awsIamRole": role, "annotateOnly": True}}]
