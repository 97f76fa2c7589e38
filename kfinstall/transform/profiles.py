"""The users of Kubeflow: profiles, and contributors as Kubeflow's access management makes them.

kubeflow/dashboard, components/access-management/kfam/bindings.go and components/profile-controller.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from kfinstall.contracts.manifest import Body, Manifest, ObjectKey
from kfinstall.errors import PlanRefused
from kfinstall.facts.cluster.rights import bound
from kfinstall.facts.objects.kinds import PROFILE
from kfinstall.model.rights import Contributor, Profile
from kfinstall.words import _

SETTINGS = {
    "USERID_HEADER": "kubeflow-userid",
    "USERID_PREFIX": "",
    "ISTIO_INGRESS_GATEWAY_PRINCIPAL": "cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account",
    "KFP_UI_PRINCIPAL": "cluster.local/ns/kubeflow/sa/ml-pipeline-ui",
}
"""How access management is told who is who, in a ConfigMap of the release, and what it takes for granted."""


def with_profiles(manifests: Sequence[Manifest], wanted: Sequence[Profile], application: str) -> list[Manifest]:
    """The manifests with the profiles; one that the release has already gets the owner of the document."""
    if not wanted:
        return list(manifests)
    if not any(
        manifest.kind == "CustomResourceDefinition" and manifest.name == "profiles.kubeflow.org"
        for manifest in manifests
    ):
        raise PlanRefused(
            _("rbac.profiles names users, and this release has no profiles."), fix=_("Leave rbac.profiles out.")
        )
    settings = _settings(manifests)
    added = {_profile_key(each.name): _profile(each) for each in wanted}
    changed = [
        Manifest(
            {**manifest.body, "spec": {**manifest.body["spec"], **added.pop(manifest.key)["spec"]}},
            manifest.application,
        )
        if manifest.key in added
        else manifest
        for manifest in manifests
    ]
    bodies = [*added.values(), *(body for each in wanted for body in _shared(each, settings, manifests))]
    return [*(Manifest(body, application) for body in bodies), *changed]


def profiles(manifests: Sequence[Manifest]) -> dict[str, str]:
    """The owners of profiles, by the profiles' names."""
    return {
        manifest.name: manifest.body["spec"]["owner"]["name"]
        for manifest in manifests
        if (manifest.group, manifest.kind) == PROFILE
    }


def home(profile: str, owner: str) -> Body:
    """The namespace of a profile, for what has to be in it before the profile controller has made it.

    The controller takes a namespace over that names the owner. It gives no owner reference to it, so that uninstall
    looks for the user's own objects in it before it goes.
    """
    metadata = {"name": profile, "labels": {"istio-injection": "enabled"}, "annotations": {"owner": owner}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _profile_key(name: str) -> ObjectKey:
    return ObjectKey(*PROFILE, "", name)


def _profile(profile: Profile) -> Body:
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "Profile",
        "metadata": {"name": profile.name},
        "spec": {"owner": {"kind": "User", "name": profile.owner}},
    }


def _shared(profile: Profile, settings: Mapping[str, str], manifests: Sequence[Manifest]) -> Iterator[Body]:
    if not profile.contributors:
        return
    if not any(manifest.kind == "AuthorizationPolicy" for manifest in manifests):
        raise PlanRefused(
            _("Profile {name} has contributors, and this release has no AuthorizationPolicies to let them in.").format(
                name=profile.name
            ),
            why=_("Releases before Kubeflow 1.3, and those without Istio, share no profiles in this way."),
            fix=_("Leave the contributors out."),
        )
    yield home(profile.name, profile.owner)
    for contributor in profile.contributors:
        yield from _contribution(profile.name, contributor, settings)


def _contribution(namespace: str, contributor: Contributor, settings: Mapping[str, str]) -> Iterator[Body]:
    """The two objects by whose names and annotations the dashboard finds a contributor again."""
    user = re.sub(r"[^a-z0-9]+", "-", contributor.user.lower())
    name = f"user-{user}-clusterrole-{contributor.role}"
    annotations = {"user": contributor.user, "role": contributor.role}
    binding = bound(name, contributor.user, f"kubeflow-{contributor.role}", namespace)
    binding["metadata"]["annotations"] = annotations
    yield binding
    yield {
        "apiVersion": "security.istio.io/v1beta1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
        "spec": {"rules": [_let_in(contributor.user, settings)]},
    }


def _let_in(user: str, settings: Mapping[str, str]) -> Body:
    header = f"request.headers[{settings['USERID_HEADER']}]"
    principals = [settings["ISTIO_INGRESS_GATEWAY_PRINCIPAL"], settings["KFP_UI_PRINCIPAL"]]
    return {
        "from": [{"source": {"principals": principals}}],
        "when": [{"key": header, "values": [settings["USERID_PREFIX"] + user]}],
    }


def _settings(manifests: Sequence[Manifest]) -> dict[str, str]:
    for manifest in manifests:
        data = manifest.body.get("data") or {}
        if manifest.kind == "ConfigMap" and {"USERID_HEADER", "ISTIO_INGRESS_GATEWAY_PRINCIPAL"} <= data.keys():
            return {name: str(data.get(name) or standard) for name, standard in SETTINGS.items()}
    return SETTINGS
