"""What the server says of itself."""

from tests.sandbox.cases.steps import (
    DEFINITIONS,
    GROUP,
    Cases,
    Step,
    create,
    defined,
    definition,
    get,
    spec_of,
    version,
)

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def served(path: str) -> list[Step]:
    """What is there after widgets were defined."""
    schema = spec_of({"size": {"type": "integer", "description": "How large."}})
    columns = [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}]
    made = version(schema, additionalPrinterColumns=columns, subresources={"status": {}})
    more = version(schema, "v1alpha1")
    names = {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"], "categories": ["all"]}
    return [*defined(made, more, names=names), Step("GET", path, until=lambda code, _body: code == 200)]


CASES: Cases = {
    "version": [get("/version")],
    "groups": [get("/apis/apps"), get("/apis/autoscaling"), get("/apis/absent.example.com"), get("/api")],
    "resources": [get("/api/v1"), get("/apis/apps/v1"), get("/apis/policy/v1"), get("/apis/apps/v7")],
    "defined-group": served(f"/apis/{GROUP}"),
    "defined-resources": served(f"/apis/{GROUP}/v1"),
    "defined-schemas": [*served(f"/openapi/v3/apis/{GROUP}/v1")[:-1], get("/openapi/v3/apis/apps/v9")],
    "health": [get("/healthz"), get("/readyz"), get("/livez")],
    "before-and-after": [
        get(f"/apis/{GROUP}/v1"),
        create(DEFINITIONS, definition()),
        Step("GET", f"/apis/{GROUP}/v1", until=lambda code, _body: code == 200),
    ],
}
