"""The API itself: what a request means and what it is answered. Transport is http.py's business."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from itertools import chain
from typing import Any

from kfinstall.contracts.manifest import Body
from kfinstall.sandbox.access.authorization import Authorizer, attributes_of
from kfinstall.sandbox.access.reviews import GROUPS, Reviews
from kfinstall.sandbox.access.users import Tokens
from kfinstall.sandbox.admission.admission import NAMESPACES
from kfinstall.sandbox.admission.eviction import check_budget
from kfinstall.sandbox.fields import patches
from kfinstall.sandbox.fields.fieldset import DuplicateItems
from kfinstall.sandbox.server import documents, events
from kfinstall.sandbox.server.bodies import Unreadable, object_of, unrecognized
from kfinstall.sandbox.server.options import check_deleting, check_writing
from kfinstall.sandbox.server.render import accepts_json, asked_form, at_version, metadata_only, table
from kfinstall.sandbox.server.requests import (
    APPLY,
    JSON_PATCH,
    MERGE,
    STRATEGIC,
    Answer,
    Request,
    Target,
    parse_path,
)
from kfinstall.sandbox.server.status import (
    StatusError,
    bad_request,
    conflict,
    invalid,
    method_not_allowed,
    no_such_page,
    not_acceptable,
    not_found,
    required,
    unsupported_media_type,
    verb_not_supported,
    wrong,
)
from kfinstall.sandbox.storage.listing import Listing
from kfinstall.sandbox.storage.store import Name, Store
from kfinstall.sandbox.types.kinds import Kind, Kinds, Version
from kfinstall.sandbox.types.typed import go_text
from kfinstall.sandbox.writing.write import Write
from kfinstall.sandbox.writing.writing import Writes, deleted_status

DONE = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
NO_PAGE = Answer(HTTPStatus.NOT_FOUND, b"404 page not found\n", content="text/plain; charset=utf-8")
"""Where no group is served: net/http answers it, without a Status."""

PATCHES = (JSON_PATCH, MERGE, STRATEGIC, APPLY)
LogReader = Callable[[Body, str], str]


class Api:
    """Answers requests; threads may share it. log: what a pod's container has written, for pods/log."""

    def __init__(self) -> None:
        self.store = Store()
        self.kinds = Kinds()
        self.tokens = Tokens(self.store)
        self.authorizer = Authorizer(self.store)
        self.writes = Writes(self.store, self.kinds)
        self.listing = Listing(self.store)
        self._reviews = Reviews(self.authorizer, self.tokens)
        self.log: LogReader = lambda _pod, _container: ""

    def answer(self, request: Request) -> Answer:
        """The answer to a request; a refusal is an answer too."""
        if events.is_event_form(request.path):
            return events.from_core(self.answer(events.as_core(request)))
        try:
            return self._answer(request)
        except StatusError as error:
            return Answer(error.code, error.body(), retry_after=error.retry_after)

    def unreadable(self, request: Request, error: Unreadable) -> StatusError:
        """The refusal of a body that is no JSON, in the words of who would have read it."""
        if request.method == "PATCH":
            return bad_request(f"error decoding patch: {error.why}")
        target = parse_path(request.path)
        kind = self.kinds.find(target.group, target.version, target.plural) if target else None
        if kind is None or request.method == "DELETE":
            return error
        return unrecognized(kind.kind, error.why, error.text)

    def _answer(self, request: Request) -> Answer:
        if request.path in {"/healthz", "/livez", "/readyz"}:
            return Answer(HTTPStatus.OK, b"ok", content="text/plain; charset=utf-8")
        found = documents.document(request.path, request.accept, self.kinds)
        if found and request.method != "GET":
            raise method_not_allowed()
        if found:
            return Answer(HTTPStatus.OK, found[0], content=found[1] or "application/json")
        target = parse_path(request.path)
        if target is None:
            return self._absent(request.path)
        kind = self.kinds.find(target.group, target.version, target.plural)
        if kind is None or (target.namespace and not kind.namespaced):
            return self._absent(request.path)
        version = kind.versions[target.version]
        if kind.group in GROUPS:
            if request.method != "POST" or target.name:
                raise _not_done(request, kind)
            return Answer(HTTPStatus.CREATED, self._reviews.answer(request, target, kind, version))
        return self._resource(request, target, kind, version)

    def _absent(self, path: str) -> Answer:
        """For a path that nobody serves: only in the API server's own groups it is a Status."""
        root, _, rest = path.strip("/").partition("/")
        group = rest.partition("/")[0] if root == "apis" else ""
        if root in {"api", "apis"} and self.kinds.builds_in(group):
            raise no_such_page()
        return Answer(HTTPStatus.NOT_FOUND) if root == "openapi" else NO_PAGE

    def _resource(self, request: Request, target: Target, kind: Kind, version: Version) -> Answer:
        if target.subresource != "log" and not accepts_json(request.accept):
            raise not_acceptable()
        if target.subresource:
            return self._subresource(request, target, kind, version)
        match request.method, bool(target.name):
            case "GET", False:
                return self.listing.answer(request, kind, version, target.namespace)
            case "GET", True:
                if request.flag("watch"):
                    return self.listing.answer(request, kind, version, target.namespace, target.name)
                return self._shown(request, kind, version, self._object(kind, target))
            case "POST", False:
                return self._create(request, target, kind, version)
            case "PUT" | "PATCH", True:
                return self._change(request, target, kind, version)
            case "DELETE", True:
                return self._delete(request, target, kind, version)
            case "DELETE", False if target.namespace or not kind.namespaced:
                return self._delete_many(request, target, kind, version)
        raise _not_done(request, kind)

    def _object(self, kind: Kind, target: Target) -> Body:
        body = self.store.get(kind.key, Name(target.namespace, target.name))
        if body is None:
            raise not_found(kind.group, kind.plural, target.name)
        return body

    def _shown(
        self,
        request: Request,
        kind: Kind,
        version: Version,
        body: Body,
        code: int = HTTPStatus.OK,
        *,
        warnings: list[str] | None = None,
    ) -> Answer:
        form, body = asked_form(request.accept), at_version(body, kind, version.name)
        if form == "Table":
            metadata = {"resourceVersion": body["metadata"].get("resourceVersion", "")}
            body = table([body], kind, version, metadata, request.query.get("includeObject") or "Metadata")
        elif form == "PartialObjectMetadata":
            body = metadata_only(body)
        return Answer(code, body, warnings=tuple(warnings or ()))

    def _write(self, request: Request, target: Target, kind: Kind, version: Version) -> Write:
        checking = request.query.get("fieldValidation") or "Warn"
        return Write(
            kind,
            version,
            target.namespace,
            target.name,
            request.manager,
            target.subresource,
            request.dry,
            checking,
            user=request.user,
            doubled=request.doubled if request.method in {"POST", "PUT"} else (),
        )

    def _create(self, request: Request, target: Target, kind: Kind, version: Version) -> Answer:
        if kind.namespaced and not target.namespace:
            raise _not_done(request, kind)
        check_writing(request)
        write = self._write(request, target, kind, version)
        body = self.writes.create(write, object_of(request, kind.kind))
        return self._shown(request, kind, version, body, HTTPStatus.CREATED, warnings=write.warnings)

    def _change(self, request: Request, target: Target, kind: Kind, version: Version) -> Answer:
        check_writing(request)
        write = self._write(request, target, kind, version)
        if request.method == "PUT":
            body = self.writes.replace(write, object_of(request, kind.kind))
            return self._shown(request, kind, version, body, warnings=write.warnings)
        content = request.content.partition(";")[0]
        if content == APPLY:
            return self._apply(request, write)
        try:
            body = self.writes.patch(write, self._patcher(request, content, write))
        except patches.MistypedPatch as error:
            raise write.undecodable(str(error)) from None
        return self._shown(request, kind, version, body, warnings=write.warnings)

    def _patcher(self, request: Request, content: str, write: Write) -> Callable[[Body], Body]:
        patch, kind, version = request.body, write.kind, write.version
        if content == MERGE:
            object_of(request, kind.kind)
            return lambda body: patches.merge_patched(body, patch)
        if content == JSON_PATCH:
            return lambda body: patches.json_patched(body, patch)
        if content == STRATEGIC and not kind.custom:
            object_of(request, kind.kind)
            write.patched = go_text(patch)
            return lambda body: patches.strategic_merged(body, patch, version.schema)
        raise unsupported_media_type([each for each in PATCHES if not (kind.custom and each == STRATEGIC)])

    def _apply(self, request: Request, write: Write) -> Answer:
        if self.store.get(write.kind.key, write.key) is None:
            self.authorizer.check(request.user, replace(attributes_of(request), verb="create"))
        applied = object_of(request, write.kind.kind)
        try:
            body, new = self.writes.apply(write, applied, force=request.flag("force"))
        except DuplicateItems as error:
            where = f"{applied['metadata'].get('namespace') or ''}/{write.name}"
            text = (
                f"failed to create typed patch object ({where}; {write.kind.group}/{write.version.name}, "
                f"Kind={write.kind.kind}): {error}"
            )
            raise StatusError(HTTPStatus.INTERNAL_SERVER_ERROR, "", text) from error
        code = HTTPStatus.CREATED if new else HTTPStatus.OK
        return self._shown(request, write.kind, write.version, body, code, warnings=write.warnings)

    def _delete(self, request: Request, target: Target, kind: Kind, version: Version) -> Answer:
        write = self._write(request, target, kind, version)
        body, gone = self.writes.delete(write, _options(request))
        if gone and kind.kind not in {"Pod", "Service"}:
            return Answer(HTTPStatus.OK, deleted_status(write, body))
        return self._shown(request, kind, version, body)

    def _delete_many(self, request: Request, target: Target, kind: Kind, version: Version) -> Answer:
        selected = self.listing.selected(request, kind, version, target.namespace)
        for body in selected:
            metadata = body["metadata"]
            write = self._write(request, target, kind, version)
            write.namespace, write.name = metadata.get("namespace", ""), metadata["name"]
            try:
                self.writes.delete(write, _options(request))
            except StatusError as error:
                if error.code != HTTPStatus.NOT_FOUND:
                    raise
        return self.listing.of(selected, request, kind, version)

    # Subresources

    def _subresource(self, request: Request, target: Target, kind: Kind, version: Version) -> Answer:
        name = target.subresource
        if name not in version.subresources:
            raise not_found(kind.group, kind.plural, target.name) if kind.custom else no_such_page()
        if name == "status":
            if request.method == "GET":
                return self._shown(request, kind, version, self._object(kind, target))
            if request.method in {"PUT", "PATCH"}:
                return self._change(request, target, kind, version)
        elif name == "scale":
            return self._scale(request, target, kind, version)
        elif name == "finalize" and kind.key == NAMESPACES and request.method == "PUT":
            return self._finalize(request, target, kind, version)
        elif name == "log" and request.method == "GET":
            return self._log(self._object(kind, target), request.query.get("container", ""))
        elif request.method == "POST":
            return self._action(request, target, kind, version)
        raise _not_done(request, kind)

    def _log(self, pod: Body, container: str) -> Answer:
        lists = (pod["spec"].get(each) or () for each in ("initContainers", "containers", "ephemeralContainers"))
        if container and not any(each["name"] == container for each in chain.from_iterable(lists)):
            raise bad_request(f"container {container} is not valid for pod {pod['metadata']['name']}")
        return Answer(HTTPStatus.OK, self.log(pod, container).encode(), content="text/plain")

    def _action(self, request: Request, target: Target, kind: Kind, version: Version) -> Answer:
        """A subresource that is something to do."""
        match target.subresource:
            case "token":
                account = self._object(kind, target)
                return Answer(HTTPStatus.CREATED, self._reviews.token(object_of(request, "TokenRequest"), account))
            case "binding":
                return self._bind(request, target, kind, version)
            case "eviction":
                check_budget(self.store, Name(target.namespace, target.name))
                self._delete(request, Target(*_without_subresource(target)), kind, version)
                return Answer(HTTPStatus.CREATED, DONE)
        raise _not_done(request, kind)

    def _finalize(self, request: Request, target: Target, kind: Kind, version: Version) -> Answer:
        write = self._write(request, target, kind, version)
        write.subresource = ""
        return self._shown(request, kind, version, self.writes.replace(write, object_of(request, kind.kind)))

    def _bind(self, request: Request, target: Target, kind: Kind, version: Version) -> Answer:
        node = (object_of(request, "Binding").get("target") or {}).get("name")
        if not node:
            raise invalid("", "Binding", "", [required("target.name")])
        write = self._write(request, Target(*_without_subresource(target)), kind, version)

        def bound(body: Body) -> Body:
            if body["spec"].get("nodeName"):
                why = f'pod {target.name} is already assigned to node "{body["spec"]["nodeName"]}"'
                raise conflict("", "pods/binding", target.name, why)
            return {**body, "spec": {**body["spec"], "nodeName": node}}

        self.writes.patch(write, bound)
        return Answer(HTTPStatus.CREATED, DONE)

    def _scale(self, request: Request, target: Target, kind: Kind, version: Version) -> Answer:
        body = self._object(kind, target)
        if request.method == "GET":
            return Answer(HTTPStatus.OK, _scale_of(body, kind, version))
        if request.method not in {"PUT", "PATCH"}:
            raise _not_done(request, kind)
        given = request.body
        wanted = given if request.method == "PUT" else patches.merge_patched(_scale_of(body, kind, version), given)
        if isinstance(given, list):
            wanted = patches.json_patched(_scale_of(body, kind, version), given)
        replicas = (wanted.get("spec") or {}).get("replicas", 0)
        _check_replicas(replicas, target, kind, version)
        write = self._write(request, Target(*_without_subresource(target)), kind, version)
        write.scale = True
        path = _scale_paths(kind, version)["specReplicasPath"].split(".")[1:]
        changed = self.writes.patch(write, lambda live: _with(live, path, replicas))
        return Answer(HTTPStatus.OK, _scale_of(changed, kind, version))


def _without_subresource(target: Target) -> tuple[str, str, str, str, str, str]:
    return target.group, target.version, target.plural, target.namespace, target.name, ""


def _not_done(request: Request, kind: Kind) -> StatusError:
    """For a method that the address does not know: the handler of custom resources names the resource."""
    if kind.custom:
        return verb_not_supported(kind.group, kind.plural, attributes_of(request).verb)
    return method_not_allowed()


def _options(request: Request) -> Body:
    """DeleteOptions, of the body and of the query. Raises StatusError 422 for wrong ones."""
    options = dict(request.body) if isinstance(request.body, dict) else {}
    if request.query.get("propagationPolicy"):
        options["propagationPolicy"] = request.query["propagationPolicy"]
    if request.query.get("gracePeriodSeconds"):
        options["gracePeriodSeconds"] = request.number("gracePeriodSeconds")
    check_deleting(request, options)
    return options


def _scale_paths(kind: Kind, version: Version) -> Mapping[str, str]:
    if kind.definition:
        served = next(each for each in kind.definition["spec"]["versions"] if each["name"] == version.name)
        found: Mapping[str, str] = served["subresources"]["scale"]
        return found
    return {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas", "labelSelectorPath": ""}


def _scale_of(body: Body, kind: Kind, version: Version) -> Body:
    paths = _scale_paths(kind, version)
    metadata = {
        key: body["metadata"][key]
        for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
        if key in body["metadata"]
    }
    exact = ((body.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    selector = ",".join(f"{name}={value}" for name, value in sorted(exact.items()))
    status: Body = {"replicas": _read(body, paths["statusReplicasPath"])}
    if selector:
        status["selector"] = selector
    wanted = _read(body, paths["specReplicasPath"])
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": wanted} if wanted else {},
        "status": status,
    }


def _check_replicas(replicas: Any, target: Target, kind: Kind, version: Version) -> None:
    """Raises StatusError 422; a built-in kind's Scale is validated itself, a custom one's object is."""
    if not isinstance(replicas, int) or replicas >= 0:
        return
    if kind.custom:
        fault = wrong(_scale_paths(kind, version)["specReplicasPath"], replicas, "should be a non-negative integer")
        raise invalid(kind.group, kind.kind, target.name, [fault])
    fault = wrong("spec.replicas", replicas, "must be greater than or equal to 0")
    raise invalid("autoscaling", "Scale", target.name, [fault])


def _read(body: Any, path: str) -> int:
    for name in path.split(".")[1:]:
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, int) else 0


def _with(body: Body, path: list[str], value: Any) -> Body:
    head, *rest = path
    return {**body, head: _with(body.get(head) or {}, rest, value) if rest else value}
