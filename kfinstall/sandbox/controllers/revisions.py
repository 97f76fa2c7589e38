"""Templates that were rolled out, kept as ControllerRevisions (pkg/controller/history)."""

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.controllers.client import Client, controller_of, name_of, owner_reference
from kfinstall.sandbox.controllers.pods import template_hash
from kfinstall.sandbox.types.kinds import GroupResource

REVISIONS = GroupResource("apps", "controllerrevisions")
HASH = "controller-revision-hash"


class History:
    """The revisions of StatefulSets and DaemonSets. label: where a revision has its hash."""

    def __init__(self, client: Client, label: str) -> None:
        self._client = client
        self._label = label

    def of(self, owner: Body) -> list[Body]:
        """The oldest first."""
        uid = owner["metadata"]["uid"]
        found = self._client.all(REVISIONS, owner["metadata"]["namespace"])
        return sorted(
            (each for each in found if (controller_of(each) or {}).get("uid") == uid), key=lambda each: each["revision"]
        )

    def current(self, owner: Body) -> Body:
        """That of the owner's template, which becomes the newest."""
        found = self.of(owner)
        data = {"spec": {"template": {**owner["spec"]["template"], "$patch": "replace"}}}
        newest = found[-1]["revision"] if found else 0
        same = next((each for each in found if each["data"] == data), None)
        if same is None:
            return self._create(owner, data, newest + 1)
        if same["revision"] < newest:
            return self._client.patch(REVISIONS, name_of(same), {"revision": newest + 1})
        return same

    def forget(self, owner: Body, used: set[str]) -> None:
        """Delete what the history keeps no more; used: names that still matter."""
        idle = [each for each in self.of(owner) if each["metadata"]["name"] not in used]
        surplus = len(idle) - owner["spec"].get("revisionHistoryLimit", 10)
        for each in idle[: max(0, surplus)]:
            self._client.delete(REVISIONS, name_of(each))

    def _create(self, owner: Body, data: Body, number: int) -> Body:
        mark = template_hash(owner["spec"]["template"])
        metadata = owner["metadata"]
        return self._client.create(
            REVISIONS,
            metadata["namespace"],
            {
                "apiVersion": "apps/v1",
                "kind": "ControllerRevision",
                "metadata": {
                    "name": f"{metadata['name']}-{mark}",
                    "labels": {**(owner["spec"]["template"]["metadata"].get("labels") or {}), self._label: mark},
                    "ownerReferences": [owner_reference(owner)],
                },
                "data": data,
                "revision": number,
            },
        )
