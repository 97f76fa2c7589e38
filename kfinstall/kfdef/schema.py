"""The keys of a KfDef file, as pydantic models: v1, v1beta1 (the same) and v1alpha1 (kfctl 0.6).

What kfctl writes back by itself (metadata, status) may hold anything; an unknown key in spec is an error.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

GROUP = "kfdef.apps.kubeflow.org"


def _as_text(value: object) -> object:
    """kfctl's YAML library turns `5` and `true` into text where text is wanted, and so do we."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_as_text)]


def _nothing(empty: type) -> BeforeValidator:
    """A key without a value, as Go writes empty lists and mappings, is an empty one."""
    return BeforeValidator(lambda value: empty() if value is None else value)


Words = Annotated[list[str], _nothing(list)]
Texts = Annotated[dict[str, Text], _nothing(dict)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=False)


class _Open(BaseModel):
    model_config = ConfigDict(extra="ignore")


class RepoRef(_Strict):
    name: str
    path: str = ""


class Parameter(_Strict):
    name: str
    value: Text = ""
    initRequired: bool = False  # noqa: N815 - of kfctl 0.6, says that `kfctl init` asks for it


class KustomizeConfig(_Strict):
    repoRef: RepoRef  # noqa: N815
    overlays: Words = Field(default_factory=list)
    parameters: Annotated[list[Parameter], _nothing(list)] = Field(default_factory=list)


class ApplicationSpec(_Strict):
    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    kustomizeConfig: KustomizeConfig | None = None  # noqa: N815 - a missing one has its own message


class PluginMetadata(_Open):
    name: str = ""


class PluginSpec(_Open):
    apiVersion: str = ""  # noqa: N815
    kind: str = ""
    name: str = ""
    metadata: PluginMetadata = Field(default_factory=PluginMetadata)
    spec: dict[str, Any] = Field(default_factory=dict)


class LiteralSource(_Strict):
    value: SecretStr


class EnvSource(_Strict):
    name: str


class SecretSource(_Strict):
    literalSource: LiteralSource | None = None  # noqa: N815
    envSource: EnvSource | None = None  # noqa: N815
    hashedSource: dict[str, Any] | None = None  # noqa: N815 - of v1alpha1


class SecretSpec(_Strict):
    name: str
    secretSource: SecretSource | None = None  # noqa: N815 - a missing one has its own message


class RepoSpec(_Strict):
    name: str = Field(min_length=1)
    uri: str = Field(min_length=1)
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] | None = None
    root: str = ""


class Spec(_Strict):
    version: Text = ""
    applications: list[ApplicationSpec] = Field(min_length=1)
    repos: Annotated[list[RepoSpec], _nothing(list)] = Field(default_factory=list)
    plugins: Annotated[list[PluginSpec], _nothing(list)] = Field(default_factory=list)
    secrets: Annotated[list[SecretSpec], _nothing(list)] = Field(default_factory=list)


class AlphaSpec(Spec):
    """The flat form of 0.6. What is not used here belonged to Google Cloud, or to kfctl's own bookkeeping."""

    appdir: str = ""
    platform: str = ""
    project: str = ""
    email: str = ""
    ipName: str = ""  # noqa: N815
    hostname: str = ""
    zone: str = ""
    useBasicAuth: bool = False  # noqa: N815
    skipInitProject: bool = False  # noqa: N815
    useIstio: bool = False  # noqa: N815
    enableApplications: bool = False  # noqa: N815
    deleteStorage: bool = False  # noqa: N815
    packageManager: str = ""  # noqa: N815
    mountLocal: bool = False  # noqa: N815
    serverVersion: str = ""  # noqa: N815
    repo: str = ""
    manifestsRepo: str = ""  # noqa: N815
    components: Words = Field(default_factory=list)
    packages: Words = Field(default_factory=list)
    componentParams: dict[str, Any] | None = None  # noqa: N815
    applications: list[ApplicationSpec] = Field(default_factory=list)


class Metadata(_Open):
    name: str = ""
    namespace: str = ""
    labels: Texts = Field(default_factory=dict)
    annotations: Texts = Field(default_factory=dict)


class File(_Strict):
    apiVersion: str  # noqa: N815
    kind: Literal["KfDef"]
    metadata: Metadata = Field(default_factory=Metadata)
    spec: Spec
    status: dict[str, Any] | None = None


class AlphaFile(File):
    spec: AlphaSpec
