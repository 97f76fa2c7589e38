"""The `gpu` of an Install document: how nodes come to offer the GPUs that they have."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from kfinstall.model.base import DnsLabel, Model
from kfinstall.words import _

RESOURCE = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
Resource = Annotated[str, Field(pattern=RESOURCE)]


class NotebookGpus(Model):
    """What the notebooks' web app offers; without options, the GPUs that the cluster's nodes have."""

    resources: tuple[Resource, ...] = Field(
        default=(),
        title=_("GPUs"),
        description=_(
            "What a notebook may ask for, such as nvidia.com/gpu; without it, what the cluster's nodes offer."
        ),
    )
    count: Literal["none", "1", "2", "4", "8"] = Field(
        default="none", title=_("Number"), description=_("How many a notebook gets where its user does not say.")
    )


class Gpu(Model):
    """The device plugin; without options, none is installed."""

    plugin: Literal["nvidia", "amd"] | None = Field(
        default=None,
        title=_("Device plugin"),
        description=_("Whose plugin to install, where neither the platform nor an operator does; drivers are theirs."),
    )
    runtime_class: DnsLabel | None = Field(
        default=None,
        title=_("Runtime class"),
        description=_("For NVIDIA on k3s, RKE2 and others whose default runtime gives no GPU to pods: nvidia."),
    )
    node_selector: dict[str, str] = Field(
        default_factory=dict,
        title=_("Node labels"),
        description=_("The nodes that it runs on; without it all, where it idles if there is no GPU."),
    )

    notebooks: NotebookGpus | None = Field(
        default=None,
        title=_("GPUs for notebooks"),
        description=_(
            "Tells the notebooks' web app which GPUs and tainted nodes to offer; {} for those of the cluster."
        ),
    )

    @model_validator(mode="after")
    def _of_a_plugin(self) -> "Gpu":
        if self.plugin is None and (self.runtime_class or self.node_selector):
            raise ValueError(_("there is no plugin that these options are for: give plugin."))
        if self.runtime_class and self.plugin != "nvidia":
            raise ValueError(_("runtimeClass is for NVIDIA's plugin."))
        return self
