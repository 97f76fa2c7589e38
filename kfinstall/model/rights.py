"""The `rbac` of an Install document: who may do what in Kubeflow, beyond what the release grants."""

from typing import Literal

from pydantic import Field, model_validator

from kfinstall.model.base import DnsLabel, Model
from kfinstall.words import _


class Rule(Model):
    """What a role allows: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#role-and-clusterrole."""

    api_groups: tuple[str, ...] = Field(
        min_length=1, title=_("API groups"), description=_('For example kubeflow.org; "" is the core group.')
    )
    resources: tuple[str, ...] = Field(min_length=1, title=_("Resources"), description=_("For example tfjobs."))
    verbs: tuple[str, ...] = Field(min_length=1, title=_("Verbs"), description=_("For example get, list, create."))


class NotebookRights(Model):
    """What code in a notebook may do in its own namespace, beyond the role kubeflow-edit that it has anyway."""

    cluster_role: str | None = Field(
        default=None,
        min_length=1,
        title=_("Cluster role"),
        description=_("A cluster role that stands or is installed."),
    )
    rules: tuple[Rule, ...] = Field(
        default=(), title=_("Rules"), description=_("A role of your own, instead: it is made with these rules.")
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "NotebookRights":
        if bool(self.rules) == (self.cluster_role is not None):
            raise ValueError(_("notebooks get the rights of either the key clusterRole or the key rules."))
        return self


class Contributor(Model):
    """Somebody who works in a profile of somebody else."""

    user: str = Field(
        min_length=1, title=_("User"), description=_("As the login names them, mostly by e-mail address.")
    )
    role: Literal["admin", "edit", "view"] = Field(
        default="edit", title=_("Role"), description=_("What they may do there.")
    )


class Profile(Model):
    """A user of Kubeflow, with a namespace of the same name."""

    name: DnsLabel = Field(
        max_length=63, title=_("Name"), description=_("The profile's name; its namespace is called the same.")
    )
    owner: str = Field(
        min_length=1, title=_("Owner"), description=_("As the login names them, mostly by e-mail address.")
    )
    contributors: tuple[Contributor, ...] = Field(
        default=(), title=_("Contributors"), description=_("Who else works in it.")
    )

    @model_validator(mode="after")
    def _each_user_once(self) -> "Profile":
        users = [self.owner, *(each.user for each in self.contributors)]
        twice = next((user for user in users if users.count(user) > 1), None)
        if twice is not None:
            raise ValueError(_("{user} is named twice in profile {name}.").format(user=twice, name=self.name))
        return self


class Rbac(Model):
    """Who may do what."""

    cluster_admin: bool = Field(
        default=False,
        title=_("Cluster administrator"),
        description=_(
            "Make whoever installs a cluster administrator, who may read and change everything in the cluster, "
            "until the install is taken away."
        ),
    )
    user: str | None = Field(
        default=None,
        min_length=1,
        title=_("User"),
        description=_("Who installs, as the API server names them; without it, the API server is asked."),
    )
    notebooks: NotebookRights | None = Field(
        default=None,
        title=_("Notebooks"),
        description=_("More rights for code in notebooks (service account default-editor), in their own namespace."),
    )
    profiles: tuple[Profile, ...] = Field(
        default=(), title=_("Profiles"), description=_("The users of Kubeflow, each with a namespace.")
    )

    @model_validator(mode="after")
    def _each_profile_once(self) -> "Rbac":
        names = [profile.name for profile in self.profiles]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(_("two profiles are called {name}.").format(name=twice))
        return self

    @model_validator(mode="after")
    def _user_of_something(self) -> "Rbac":
        if self.user is not None and not self.cluster_admin:
            raise ValueError(_("user says who becomes cluster administrator, and clusterAdmin is not set."))
        return self
