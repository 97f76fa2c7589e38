"""Lists: selectors, pages, forms, versions; deleting what a list selects."""

from tests.sandbox.cases.steps import (
    DEPLOYMENTS,
    EVENTS,
    MAPS,
    METADATA_LIST,
    PODS,
    SECRETS,
    TABLE,
    Cases,
    Step,
    config,
    create,
    delete,
    deployment,
    get,
    labelled,
    patch,
    pod,
    secret,
)

PAIR = [
    create(MAPS, config("a", k="1")),
    create(MAPS, {**config("b", k="2"), "metadata": {"name": "b", "labels": {"x": "y"}}}),
]
NUMBERED = [
    *(create(MAPS, labelled(f"n{n}", n=str(n), even=str(n % 2 == 0).lower(), app="counted")) for n in range(4)),
    create(MAPS, labelled("odd-one", n="nan", app="counted")),
]


def named(**query: str) -> Step:
    """The names that a list gives, of the counted ones."""
    return get(MAPS, METADATA_LIST, **query)


CASES: Cases = {
    "by-label": [*PAIR, get(MAPS, labelSelector="x=y")],
    "by-label-in": [*PAIR, get(MAPS, labelSelector="x in (y,z)")],
    "by-absent-label": [*PAIR, get(MAPS, labelSelector="!x", fieldSelector="metadata.name=a")],
    "by-label-not-in": [*NUMBERED, named(labelSelector="app=counted,n notin (0,1)")],
    "by-label-not": [*NUMBERED, named(labelSelector="app=counted,even!=true")],
    "by-label-double-equals": [*NUMBERED, named(labelSelector="n==2")],
    "by-label-exists": [*NUMBERED, named(labelSelector="even")],
    "by-label-greater": [*NUMBERED, named(labelSelector="app=counted,n>1"), named(labelSelector="n<1")],
    "by-label-spaces": [*NUMBERED, named(labelSelector=" n in ( 1 , 2 ) , app = counted ")],
    "by-empty-value": [create(MAPS, labelled("e", x="")), named(labelSelector="x="), named(labelSelector="x in ()")],
    "by-bad-labels": [
        get(MAPS, labelSelector=text)
        for text in ("a b", "a in b", "x=-bad-", "x>abc", "=", "x in (", "!", "a=b,,c", "/x", "a==b==c", "a notin")
    ],
    "by-field": [*PAIR, get(MAPS, fieldSelector="metadata.name=b")],
    "by-field-not": [*NUMBERED, named(fieldSelector="metadata.name!=n1", labelSelector="app=counted")],
    "by-two-fields": [*PAIR, named(fieldSelector="metadata.name=b,metadata.namespace={ns}")],
    "by-unknown-field": [get(MAPS, fieldSelector="data.k=v"), get(PODS, fieldSelector="spec.absent=v")],
    "by-bad-fields": [
        get(MAPS, fieldSelector=text) for text in ("metadata.name", "metadata.name>a", "metadata.name==")
    ],
    "pods-by-field": [
        create(PODS, pod("one", nodeName="absent-node")),
        create(PODS, pod("two")),
        get(PODS, METADATA_LIST, fieldSelector="spec.nodeName=absent-node"),
        get(PODS, METADATA_LIST, fieldSelector="spec.nodeName!=absent-node,status.phase=Pending"),
        get(PODS, METADATA_LIST, fieldSelector="spec.restartPolicy=Always,spec.schedulerName=nobody"),
    ],
    "secrets-by-type": [
        create(SECRETS, secret(type="example.com/x")),
        get(SECRETS, METADATA_LIST, fieldSelector="type=example.com/x"),
        get(SECRETS, METADATA_LIST, fieldSelector="type!=example.com/x"),
    ],
    "events-by-field": [
        create(
            EVENTS,
            {
                "metadata": {"name": "e"},
                "involvedObject": {"kind": "Pod", "name": "p", "namespace": "{ns}", "apiVersion": "v1"},
                "reason": "Tested",
                "type": "Normal",
            },
        ),
        get(EVENTS, METADATA_LIST, fieldSelector="involvedObject.kind=Pod,involvedObject.name=p,reason=Tested"),
        get(EVENTS, METADATA_LIST, fieldSelector="type=Warning,reason=Tested"),
    ],
    "metadata": [*PAIR, get(MAPS, METADATA_LIST, labelSelector="x=y")],
    "table": [*PAIR, get(MAPS, TABLE, labelSelector="x=y", includeObject="None")],
    "table-with-metadata": [*PAIR, get(MAPS, TABLE, labelSelector="x=y")],
    "table-with-objects": [*PAIR, get(MAPS, TABLE, labelSelector="x=y", includeObject="Object")],
    "table-of-pods": [create(PODS, pod()), get(PODS, TABLE, includeObject="None")],
    "table-of-deployments": [create(DEPLOYMENTS, deployment()), get(DEPLOYMENTS, TABLE, includeObject="None")],
    "table-of-nothing": [get(PODS, TABLE)],
    "table-that-includes-nonsense": [get(PODS, TABLE, includeObject="Half")],
    "nothing": [get(PODS)],
    "pages": [
        *NUMBERED,
        get(MAPS, METADATA_LIST, limit="2"),
        get(MAPS, METADATA_LIST, limit="2", **{"continue": "{continue}"}),
        get(MAPS, METADATA_LIST, limit="2", **{"continue": "{continue}"}),
    ],
    "pages-by-label": [
        *NUMBERED,
        get(MAPS, METADATA_LIST, limit="2", labelSelector="app=counted"),
        get(MAPS, METADATA_LIST, limit="2", labelSelector="app=counted", **{"continue": "{continue}"}),
        get(MAPS, METADATA_LIST, limit="2", labelSelector="app=counted", **{"continue": "{continue}"}),
    ],
    "pages-as-tables": [*NUMBERED, get(MAPS, TABLE, limit="1", includeObject="None")],
    "page-after-a-change": [
        *NUMBERED,
        get(MAPS, METADATA_LIST, limit="4", labelSelector="app=counted"),
        delete(f"{MAPS}/odd-one"),
        get(MAPS, METADATA_LIST, limit="4", labelSelector="app=counted", **{"continue": "{continue}"}),
    ],
    "page-that-is-none": [
        get(MAPS, limit="2", **{"continue": "nonsense"}),
        get(MAPS, limit="-1"),
        get(MAPS, limit="x"),
    ],
    "page-at-a-version": [*PAIR, get(MAPS, resourceVersion="5", **{"continue": "eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ"})],
    "at-any-version": [
        *PAIR,
        get(MAPS, METADATA_LIST, resourceVersion="0", labelSelector="x=y"),
        get(MAPS, METADATA_LIST, resourceVersion="{version}", labelSelector="x=y"),
    ],
    "at-this-version": [
        *PAIR,
        get(MAPS, METADATA_LIST, resourceVersion="{version}", resourceVersionMatch="Exact", labelSelector="x=y"),
    ],
    "at-an-old-version": [
        create(MAPS, labelled("a", x="old")),
        patch(f"{MAPS}/a", {"metadata": {"labels": {"x": "new"}}}, dryRun="All"),
        get(
            MAPS, METADATA_LIST, resourceVersion="{version}", resourceVersionMatch="NotOlderThan", labelSelector="x=old"
        ),
    ],
    "at-a-wrong-version": [
        get(MAPS, resourceVersionMatch="Exact"),
        get(MAPS, resourceVersion="0", resourceVersionMatch="Exact"),
        get(MAPS, resourceVersion="7", resourceVersionMatch="Nearly"),
        get(MAPS, resourceVersion="nonsense"),
        get(MAPS, resourceVersionMatch="NotOlderThan"),
    ],
    "watch-wrongly": [
        get(MAPS, watch="true", resourceVersion="nonsense"),
        get(MAPS, watch="true", sendInitialEvents="true"),
        get(MAPS, watch="true", resourceVersion="7", resourceVersionMatch="Exact"),
        get(MAPS, sendInitialEvents="true"),
    ],
    "delete-by-label": [*PAIR, delete(MAPS, labelSelector="x=y"), get(f"{MAPS}/b"), get(f"{MAPS}/a")],
    "delete-by-field": [*PAIR, delete(MAPS, fieldSelector="metadata.name=a"), get(f"{MAPS}/a")],
    "delete-all-dry": [*PAIR, delete(MAPS, dryRun="All", labelSelector="x=y"), get(f"{MAPS}/b")],
    "delete-in-all-namespaces": [delete("/api/v1/configmaps")],
}
