"""The Install document: what a user asks for.

Titles and descriptions feed the wizard, the JSON Schema and the comments of `kfinstall init`.
"""

import functools
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Union

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializeAsAny,
    WithJsonSchema,
    create_model,
    model_validator,
)

from kfinstall.model.access import Access, PortForward
from kfinstall.model.base import FROM_FOLDER, DnsLabel, LocalPath, Model, Sha256, WebAddress
from kfinstall.model.duration import PATTERN, duration, duration_text
from kfinstall.model.gpu import Gpu
from kfinstall.model.images import Images
from kfinstall.model.objectstore import BundledStore, ObjectStore
from kfinstall.model.proxy import Proxy
from kfinstall.model.rights import Rbac
from kfinstall.model.serving import Serving
from kfinstall.model.storage import Automatic, Storage
from kfinstall.words import _

API_VERSION: Final = "kfinstall.io/v1alpha1"
KIND: Final = "Install"
DEFAULT_PRESET: Final = "kubeflow-26.03"

SOURCES = ("preset", "file", "url", "kfdef")
"""The keys of `kubeflow` that say which Kubeflow; a document has one of them."""

Duration = Annotated[
    timedelta,
    BeforeValidator(duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": PATTERN}),
]


class Metadata(Model):
    """What the install is called."""

    name: DnsLabel = Field(
        default="kubeflow",
        max_length=40,  # the inventory is ConfigMap kfinstall-<name>, and the name is part of label values
        title=_("Name"),
        description=_("What status and uninstall call this install."),
    )


class PlatformOptions(Model):
    """What every platform's options begin with; each platform narrows `type` to its own name."""

    type: str


class PatchTarget(Model):
    """Which objects a patch is for, as kustomize selects them; the texts are regular expressions."""

    group: str | None = Field(default=None, title=_("API group"), description=_("For example apps."))
    version: str | None = Field(default=None, title=_("API version"), description=_("For example v1."))
    kind: str | None = Field(default=None, title=_("Kind"), description=_("For example Deployment."))
    name: str | None = Field(default=None, title=_("Name"), description=_("The object's name."))
    namespace: str | None = Field(default=None, title=_("Namespace"), description=_("The object's namespace."))
    label_selector: str | None = Field(default=None, title=_("Label selector"), description=_("For example app=katib."))
    annotation_selector: str | None = Field(
        default=None, title=_("Annotation selector"), description=_("Like the label selector.")
    )


class Patch(Model):
    """A kustomize patch: a strategic merge or a list of JSON operations, here or in a file.

    https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/
    """

    target: PatchTarget | None = Field(
        default=None,
        title=_("Target"),
        description=_("The objects to change; without it, the object that the patch names."),
    )
    patch: str | None = Field(default=None, title=_("Patch"), description=_("The patch itself, as YAML."))
    path: LocalPath | None = Field(
        default=None, title=_("Patch file"), description=_("A file with the patch, beside this one.")
    )

    @model_validator(mode="after")
    def _here_or_in_a_file(self) -> "Patch":
        if (self.patch is None) == (self.path is None):
            raise ValueError(_("a patch has either the key patch or the key path."))
        return self


class Kubeflow(Model):
    """Which Kubeflow, and how it differs from what was released."""

    preset: str | None = Field(
        default=None,
        min_length=1,
        title=_("Preset"),
        description=_("A release that kfinstall knows; `kfinstall configs` lists them."),
        json_schema_extra={"default": DEFAULT_PRESET},
    )
    file: LocalPath | None = Field(
        default=None, title=_("KfDef file"), description=_("A KfDef of your own, instead of a preset.")
    )
    url: WebAddress | None = Field(
        default=None, title=_("KfDef URL"), description=_("The address of a KfDef, instead of a preset.")
    )
    sha256: Sha256 | None = Field(
        default=None,
        title=_("Checksum"),
        description=_("The SHA-256 of what the url gives; anything else is refused."),
    )
    kfdef: dict[str, Any] | None = Field(
        default=None, title=_("KfDef"), description=_("A KfDef written here, instead of a preset.")
    )
    namespace: DnsLabel | None = Field(
        default=None,
        max_length=63,
        title=_("Namespace"),
        description=_("Where Kubeflow runs, instead of the namespace of the release."),
    )
    components: dict[str, bool] = Field(
        default_factory=dict, title=_("Components"), description=_("Parts to switch on or off, by name.")
    )
    provided: tuple[str, ...] = Field(
        default=(),
        title=_("Provided by the cluster"),
        description=_("Parts that the cluster has already, for example cert-manager: left out, and not missed."),
    )
    parameters: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        title=_("Parameters"),
        description=_("Values for an application's parameters: application, then name: value."),
    )
    patches: dict[str, tuple[Patch, ...]] = Field(
        default_factory=dict,
        title=_("Patches"),
        description=_("Changes of your own, as kustomize patches, by application."),
    )
    usage_reporting: bool = Field(
        default=False,
        title=_("Usage reporting"),
        description=_("Whether Kubeflow reports its use to its makers (spartakus, in old releases)."),
    )

    @model_validator(mode="before")
    @classmethod
    def _default_source(cls, data: object) -> object:
        if isinstance(data, Mapping) and not any(data.get(source) is not None for source in SOURCES):
            return {**data, "preset": DEFAULT_PRESET}
        return data

    @model_validator(mode="after")
    def _one_source(self) -> "Kubeflow":
        given = [source for source in SOURCES if getattr(self, source) is not None]
        if len(given) > 1:
            message = _("{given} exclude each other. Keep one; {null} takes back what an earlier file says.")
            raise ValueError(message.format(given=", ".join(given), null=f"{given[0]}: null"))
        if self.sha256 is not None and self.url is None:
            raise ValueError(_("sha256 is the checksum of what url gives, and there is no url."))
        return self


class Apply(Model):
    """How objects are written to the cluster."""

    skip_kinds: tuple[str, ...] = Field(
        default=(),
        title=_("Kinds to leave out"),
        description=_("Objects of these kinds are not written, for example MutatingWebhookConfiguration."),
    )
    force_conflicts: bool = Field(
        default=False,
        title=_("Force conflicts"),
        description=_("Take over fields that someone else manages, instead of stopping."),
    )


class Wait(Model):
    """Whether and how long an install waits until Kubeflow is ready."""

    enabled: bool = Field(default=True, title=_("Wait"), description=_("Wait until everything is ready."))
    timeout: Duration = Field(
        default=timedelta(minutes=30),
        title=_("Longest wait"),
        description=_("How long an install waits at most: 90s, 30m, 1h30m."),
        json_schema_extra={"default": "30m"},
    )


class Install(Model):
    """A Kubeflow on a cluster, as a user asks for it.

    platform holds the options model of one of the installed platforms: see install_model.
    """

    api_version: Literal["kfinstall.io/v1alpha1"] = Field(
        default=API_VERSION, title=_("API version"), description=_("The version of this file's format.")
    )
    kind: Literal["Install"] = Field(default=KIND, title=_("Kind"), description=_("What this file is."))
    metadata: Metadata = Field(
        default_factory=Metadata, title=_("Metadata"), description=_("What the install is called.")
    )
    platform: SerializeAsAny[PlatformOptions] = Field(
        title=_("Platform"), description=_("Where Kubeflow goes; `kfinstall platforms` lists the types.")
    )
    kubeflow: Kubeflow = Field(
        default_factory=Kubeflow, title=_("Kubeflow"), description=_("Which Kubeflow, and your changes to it.")
    )
    storage: Storage = Field(
        default_factory=Automatic, title=_("Storage"), description=_("Where Kubeflow's claims get their volumes.")
    )
    rbac: Rbac = Field(
        default_factory=Rbac, title=_("Rights"), description=_("Who may do what, beyond what the release grants.")
    )
    images: Images = Field(
        default_factory=Images, title=_("Images"), description=_("From where images are pulled, and with which login.")
    )
    access: Access = Field(
        default_factory=PortForward,
        title=_("Access"),
        description=_("From where Kubeflow can be reached, and who may sign in."),
    )
    object_store: ObjectStore = Field(
        default_factory=BundledStore, title=_("Object store"), description=_("Where Pipelines keep artifacts.")
    )
    serving: Serving = Field(
        default_factory=Serving, title=_("Serving"), description=_("What serves models, and from where it takes them.")
    )
    gpu: Gpu = Field(default_factory=Gpu, title=_("GPUs"), description=_("How nodes come to offer their GPUs."))
    proxy: Proxy = Field(
        default_factory=Proxy, title=_("Proxy"), description=_("How components that call out of the cluster get there.")
    )
    sources: Annotated[dict[str, str], FROM_FOLDER] = Field(
        default_factory=dict,
        title=_("Sources"),
        description=_("Where to get things instead: a URL or the start of one, then a mirror, file or folder."),
    )
    apply: Apply = Field(
        default_factory=Apply, title=_("Apply"), description=_("How objects are written to the cluster.")
    )
    wait: Wait = Field(default_factory=Wait, title=_("Wait"), description=_("Waiting until Kubeflow is ready."))


def install_model(platforms: Mapping[str, type[PlatformOptions]]) -> type[Install]:
    """Install, with `platform` narrowed to the options of these platforms, told apart by `type`.

    The static type stays Install: who knows the platform narrows install.platform with isinstance.
    """
    return _narrowed(tuple(platforms[name] for name in sorted(platforms))) if platforms else Install


@functools.cache
def _narrowed(options: tuple[type[PlatformOptions], ...]) -> type[Install]:
    """One model for the same platforms every time: two of its instances can be equal, and it is built once."""
    union: Any = Union[options]  # noqa: UP007 - the members are known at run time only
    field: dict[str, Any] = {"discriminator": "type"} if len(options) > 1 else {}
    inherited = Install.model_fields["platform"]
    platform = Field(title=inherited.title, description=inherited.description, **field)
    narrowed: type[Install] = create_model(
        "Install", __base__=Install, __doc__=Install.__doc__, platform=(union, platform)
    )
    return narrowed
