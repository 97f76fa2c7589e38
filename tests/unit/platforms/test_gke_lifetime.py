"""GKE over real connections: Google's client libraries against a server on loopback."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from kfinstall.contracts.finding import Severity
from kfinstall.contracts.platform import ClusterPhase
from kfinstall.engine.host import LocalHost
from kfinstall.errors import CloudError, Interrupted, ToolMissing, UsageError
from platforms.gke import Gke, choices
from platforms.gke.cloud import Cloud
from platforms.gke.options import GkeOptions
from tests.unit.platforms.cluster_manager import (
    COMPUTE,
    PARENT,
    PROJECT,
    ZONE,
    Answer,
    Google,
    environment,
    error,
    plugin,
    serving,
)

GKE = Gke()


class Hasty(LocalHost):
    """A machine on which waiting takes no time.

    pauses: how long each would have been, in seconds. patience: after how many of them the user stops; None: never.
    """

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        super().__init__(folder, environ)
        self.pauses: list[float] = []
        self.patience: int | None = None

    def wait(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return self.patience is not None and len(self.pauses) > self.patience


@dataclass
class Lab:
    google: Google
    host: Hasty

    def options(self, **more: Any) -> GkeOptions:
        return GkeOptions.model_validate({"type": "gke", "project": PROJECT, "location": ZONE, **more})

    def create(self, **more: Any) -> list[Any]:
        return list(GKE.create(self.options(**more), self.host))


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    google = Google()
    with serving(google) as address:
        for name, value in environment(tmp_path / "login", address).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", str(plugin(tmp_path / "bin")))
        yield Lab(google, Hasty(tmp_path / "state", dict(os.environ)))


def test_makes_a_cluster_and_tells_how_far_it_is(lab: Lab) -> None:
    told = lab.create()
    assert [(each.step, each.done) for each in told] == [
        ("Asking for the cluster", None),
        ("Making the cluster", None),
        ("Making the cluster", 0.25),
        ("Making the cluster", 0.5),
    ]
    status = GKE.status(lab.options(), lab.host)
    assert (status.phase, status.detail) == (ClusterPhase.RUNNING, "2 nodes, Kubernetes 1.34.1-gke.100")


def test_asks_for_what_the_document_says(lab: Lab) -> None:
    lab.create(
        releaseChannel="stable",
        version="1.34",
        nodes={"count": 3, "autoscaling": {"minimum": 2, "maximum": 4}},
        gpu={"gpus": 2, "driver": "latest"},
        private={"controlPlaneRange": "172.16.3.0/28", "privateEndpoint": True},
        filestore=True,
    )
    cluster = lab.google.bodies[0]["cluster"]
    nodes, gpu = cluster["nodePools"]
    assert cluster["initialClusterVersion"] == "1.34"
    assert cluster["releaseChannel"] == {"channel": 3}  # STABLE
    assert cluster["workloadIdentityConfig"] == {"workloadPool": f"{PROJECT}.svc.id.goog"}
    assert cluster["privateClusterConfig"] == {
        "enablePrivateNodes": True,
        "enablePrivateEndpoint": True,
        "masterIpv4CidrBlock": "172.16.3.0/28",
    }
    assert cluster["masterAuthorizedNetworksConfig"] == {"enabled": True}, "GKE asks for both"
    assert cluster["addonsConfig"]["gcpFilestoreCsiDriverConfig"] == {"enabled": True}
    assert nodes["config"]["machineType"] == "e2-standard-8"
    assert nodes["initialNodeCount"] == 3
    assert nodes["autoscaling"] == {"enabled": True, "minNodeCount": 2, "maxNodeCount": 4}
    assert gpu["config"]["accelerators"] == [
        {
            "acceleratorCount": "2",
            "acceleratorType": "nvidia-l4",
            "gpuDriverInstallationConfig": {"gpuDriverVersion": 3},  # LATEST
        }
    ]


def test_a_cluster_that_stands_is_left_as_it_is(lab: Lab) -> None:
    lab.create()
    assert lab.create(nodes={"count": 3}) == []
    assert len(lab.google.sent("POST")) == 1


def test_goes_on_after_an_interrupt(lab: Lab) -> None:
    lab.host.patience = 1
    with pytest.raises(Interrupted, match="The same command follows it"):
        lab.create()
    assert GKE.status(lab.options(), lab.host).phase == ClusterPhase.CREATING

    lab.host.patience = None
    assert {each.step for each in lab.create()} == {"Making the cluster"}
    assert GKE.status(lab.options(), lab.host).phase == ClusterPhase.RUNNING
    assert len(lab.google.sent("POST")) == 1, "the cluster is asked for once"


def test_an_answer_that_got_lost_does_not_make_a_second_cluster(lab: Lab) -> None:
    lab.google.clusters["kubeflow"] = {"name": "kubeflow", "location": ZONE, "status": "PROVISIONING"}
    lab.google.begin("CREATE_CLUSTER", "kubeflow")
    lab.google.instead("GET", "/operations", Answer(200, {}))
    lab.google.instead("GET", "/clusters", Answer(200, {}))
    lab.create()
    assert GKE.status(lab.options(), lab.host).phase == ClusterPhase.RUNNING


def test_a_cluster_of_that_name_elsewhere_is_another(lab: Lab) -> None:
    lab.google.clusters["other"] = {"name": "kubeflow", "location": "europe-west4-a", "status": "RUNNING"}
    assert GKE.status(lab.options(), lab.host).phase == ClusterPhase.ABSENT


def test_locations_that_do_not_answer(lab: Lab) -> None:
    lab.google.instead("GET", "/clusters", Answer(200, {"missingZones": ["us-central1-a"]}))
    with pytest.raises(CloudError, match="does not say at the moment which clusters there are in us-central1-a"):
        GKE.status(lab.options(), lab.host)


def test_waits_for_a_deletion_and_makes_the_cluster_again(lab: Lab) -> None:
    lab.google.clusters["kubeflow"] = {"name": "kubeflow", "location": ZONE, "status": "STOPPING"}
    lab.google.begin("DELETE_CLUSTER", "kubeflow")
    steps = dict.fromkeys(each.step for each in lab.create())
    assert list(steps) == ["Deleting the cluster", "Asking for the cluster", "Making the cluster"]


def test_a_quota_at_the_request_is_no_matter_of_permissions(lab: Lab) -> None:
    message = (
        "Insufficient regional quota to satisfy request: resource \"CPUS\": request requires '16.0' and is short '8.0'."
    )
    lab.google.instead("POST", "/clusters", Answer(403, error(403, "PERMISSION_DENIED", message)))
    with pytest.raises(CloudError) as caught:
        lab.create()
    assert caught.value.what == f"The project {PROJECT} may not use as much as this cluster needs."
    assert message in caught.value.why
    assert f"https://console.cloud.google.com/iam-admin/quotas?project={PROJECT}" in caught.value.fix


@pytest.mark.parametrize(
    ("message", "what"),
    [
        (
            "[GCE_QUOTA_EXCEEDED]: Quota 'SSD_TOTAL_GB' exceeded. Limit: 250.0 in region us-central1.",
            "may not use as much",
        ),
        (
            "[GCE_STOCKOUT]: The zone does not have enough resources available to fulfill the request.",
            "no such machines",
        ),
        ("All cluster resources were brought up, but: only 0 nodes out of 2 have registered", "could not finish"),
    ],
)
def test_an_operation_that_fails(lab: Lab, message: str, what: str) -> None:
    lab.google.failure = {"code": 8, "message": message}
    with pytest.raises(CloudError, match=what) as caught:
        lab.create()
    assert caught.value.why == message
    assert GKE.status(lab.options(), lab.host).phase == ClusterPhase.BROKEN


def test_a_cluster_that_failed_earlier_tells_why(lab: Lab) -> None:
    condition = {"code": "GCE_STOCKOUT", "message": "Try a different location."}
    lab.google.clusters["kubeflow"] = {
        "name": "kubeflow",
        "location": ZONE,
        "status": "ERROR",
        "conditions": [condition],
    }
    with pytest.raises(CloudError, match="no such machines left") as caught:
        lab.create()
    assert caught.value.why == "GCE_STOCKOUT: Try a different location."


def test_throttling_is_waited_for_as_long_as_google_says(lab: Lab) -> None:
    throttled = Answer(
        429, error(429, "RESOURCE_EXHAUSTED", "Quota exceeded for requests per minute."), {"Retry-After": "17"}
    )
    lab.google.instead("GET", "/operation-1", throttled, throttled)
    lab.create()
    assert lab.host.pauses.count(17.0) == 2
    assert GKE.status(lab.options(), lab.host).phase == ClusterPhase.RUNNING


def test_a_google_that_stays_overloaded(lab: Lab) -> None:
    message = "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute'."
    lab.google.instead("GET", "/operations", *[Answer(429, error(429, "RESOURCE_EXHAUSTED", message))] * 6)
    with pytest.raises(CloudError, match="asked too often, or is overloaded"):
        lab.create()
    assert lab.host.pauses == [2.0, 4.0, 8.0, 16.0, 32.0]


def test_a_connection_that_breaks_is_made_again(lab: Lab) -> None:
    lab.google.instead("GET", "/operation-1", Answer(0))
    lab.create()
    assert GKE.status(lab.options(), lab.host).phase == ClusterPhase.RUNNING


def test_an_api_that_is_switched_off(lab: Lab) -> None:
    url = f"https://console.developers.google.com/apis/api/container.googleapis.com/overview?project={PROJECT}"
    info = {"service": "container.googleapis.com", "activationUrl": url, "consumer": f"projects/{PROJECT}"}
    message = "Kubernetes Engine API has not been used in project lab-project before or it is disabled."
    body = error(403, "PERMISSION_DENIED", message, reason="SERVICE_DISABLED", domain="googleapis.com", metadata=info)
    lab.google.instead("GET", "/operations", Answer(403, body))
    with pytest.raises(CloudError, match=r"container\.googleapis\.com is switched off") as caught:
        lab.create()
    assert url in caught.value.fix


def test_a_permission_that_is_missing(lab: Lab) -> None:
    message = 'Required "container.clusters.create" permission(s) for "projects/lab-project".'
    lab.google.instead("POST", "/clusters", Answer(403, error(403, "PERMISSION_DENIED", message)))
    with pytest.raises(CloudError, match="You may not do this") as caught:
        lab.create()
    assert "roles/container.admin" in caught.value.fix


def test_credentials_that_the_token_service_refuses(lab: Lab) -> None:
    refused = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    lab.google.instead("POST", "/token", Answer(400, refused))
    with pytest.raises(CloudError, match="does not accept the credentials") as caught:
        lab.create()
    assert "gcloud auth application-default login" in caught.value.fix


def test_credentials_that_expire_on_the_way(lab: Lab) -> None:
    """The client library gets a new token and asks again; nobody notices."""
    lab.google.instead("GET", "/operation-1", Answer(401, error(401, "UNAUTHENTICATED", "Token expired.")))
    lab.create()
    assert len([path for _, path in lab.google.requests if path == "/token"]) == 2


def test_no_credentials(lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(CloudError, match="no credentials for Google Cloud"):
        lab.create()


def test_credentials_do_not_leave_without_tls(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.host.environ = {**lab.host.environ, "CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER": "http://example.com"}
    with pytest.raises(CloudError, match="not sent without TLS"):
        lab.create()


def test_the_kubeconfig_has_a_program_and_no_token(lab: Lab) -> None:
    lab.create()
    access = GKE.access(lab.options(), lab.host)
    assert access.kubeconfig is not None
    assert stat.S_IMODE(access.kubeconfig.stat().st_mode) == 0o600
    text = access.kubeconfig.read_text()
    config = yaml.safe_load(text)
    assert config["current-context"] == access.context == f"gke_{PROJECT}_{ZONE}_kubeflow"
    assert config["clusters"][0]["cluster"] == {"server": "https://34.1.2.3", "certificate-authority-data": "Q0E="}
    assert config["users"][0]["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert lab.google.token not in text


def test_without_the_plugin(lab: Lab) -> None:
    lab.create()
    lab.host.environ = {**lab.host.environ, "PATH": ""}
    with pytest.raises(ToolMissing) as caught:
        GKE.access(lab.options(), lab.host)
    assert "gcloud components install gke-gcloud-auth-plugin" in caught.value.fix


def test_no_cluster_to_connect_to(lab: Lab) -> None:
    with pytest.raises(CloudError, match="no cluster kubeflow in us-central1-a") as caught:
        GKE.access(lab.options(), lab.host)
    assert "kfinstall platforms create" in caught.value.fix


def test_autopilot_is_refused_with_the_reason(lab: Lab) -> None:
    lab.google.clusters["kubeflow"] = {
        "name": "kubeflow",
        "location": ZONE,
        "status": "RUNNING",
        "autopilot": {"enabled": True},
    }
    with pytest.raises(CloudError, match="is an Autopilot cluster") as caught:
        GKE.access(lab.options(), lab.host)
    assert "kube-system, which Autopilot forbids" in caught.value.why


def test_a_cluster_that_is_being_deleted(lab: Lab) -> None:
    lab.google.clusters["kubeflow"] = {"name": "kubeflow", "location": ZONE, "status": "STOPPING"}
    assert GKE.status(lab.options(), lab.host).detail == "it is being deleted"


def test_deletes_the_cluster_and_its_kubeconfig(lab: Lab) -> None:
    lab.create()
    kubeconfig = GKE.access(lab.options(), lab.host).kubeconfig
    told = list(GKE.delete(lab.options(), lab.host))
    assert GKE.status(lab.options(), lab.host).phase == ClusterPhase.ABSENT
    assert kubeconfig is not None
    assert not kubeconfig.exists()
    assert "gcloud compute disks list" in told[-1].message
    assert list(GKE.delete(lab.options(), lab.host))[-1].step == "Deleted", "a second time there is nothing to do"
    assert lab.google.sent("DELETE") == [f"{PARENT}/clusters/kubeflow"]


def test_deletes_what_could_not_be_made(lab: Lab) -> None:
    lab.google.failure = {"code": 8, "message": "[GCE_STOCKOUT]"}
    lab.host.patience = 0
    with pytest.raises(Interrupted):
        lab.create()
    lab.host.patience = None
    list(GKE.delete(lab.options(), lab.host))
    assert lab.google.clusters == {}


def titles(lab: Lab, **more: Any) -> list[str]:
    return [finding.title for finding in GKE.preflight(lab.options(**more), lab.host)]


def test_nothing_stands_in_the_way(lab: Lab) -> None:
    assert titles(lab) == []


def test_a_region_that_does_not_exist(lab: Lab) -> None:
    assert GKE.status(lab.options(location="us-centrall1-a"), lab.host).phase == ClusterPhase.ABSENT
    (finding,) = GKE.preflight(lab.options(location="us-centrall1-a"), lab.host)
    assert finding.title == 'Google has no "us-centrall1-a" here (platform.location).'
    assert finding.remedy.text == 'Did you mean "us-central1-a"?'


def test_choices_that_google_does_not_have(lab: Lab) -> None:
    assert titles(lab, version="1.29", nodes={"machineType": "e2-standard-9"}) == [
        'Google has no "e2-standard-9" here (platform.nodes.machineType).',
        'Google has no "1.29" here (platform.version).',
    ]


def test_a_quota_that_will_not_suffice(lab: Lab) -> None:
    found = list(GKE.preflight(lab.options(nodes={"count": 9}, gpu={}), lab.host))
    assert [finding.title for finding in found] == [
        "The cluster needs 72 of the quota CPUS, and 64 are left.",
        "The cluster needs 1 of the quota GPUS_ALL_REGIONS, and 0 are left.",
    ]
    assert {finding.severity for finding in found} == {Severity.ERROR}


def test_the_firewall_of_a_private_cluster(lab: Lab) -> None:
    found = list(GKE.preflight(lab.options(private={}), lab.host))
    (webhooks,) = (finding for finding in found if finding.cause == "private-cluster-webhooks")
    assert webhooks.remedy.commands == (
        f"gcloud compute firewall-rules create kfinstall-kubeflow-webhooks --project {PROJECT} --network default "
        "--direction INGRESS --action ALLOW --source-ranges 172.16.0.0/28 --target-tags kfinstall-kubeflow "
        "--rules tcp:4443,tcp:8443,tcp:9443,tcp:15017",
    )
    lab.create(private={})
    assert lab.google.bodies[0]["cluster"]["nodePools"][0]["config"]["tags"] == ["kfinstall-kubeflow"]


@pytest.mark.parametrize(
    ("ports", "is_open"), [(["4443", "8000-9500", "15017"], True), (["443", "10250"], False), (["4443", "8443"], False)]
)
def test_a_firewall_that_is_open_already(lab: Lab, ports: list[str], is_open: bool) -> None:
    allowed = [{"IPProtocol": "tcp", "ports": ports}]
    rule = {"name": "mine", "sourceRanges": ["172.16.0.0/28"], "targetTags": ["kfinstall-kubeflow"], "allowed": allowed}
    lab.google.compute["/global/firewalls"] = {"items": [rule]}
    causes = [finding.cause for finding in GKE.preflight(lab.options(private={}), lab.host)]
    assert ("private-cluster-webhooks" not in causes) == is_open


def test_the_firewall_of_a_private_cluster_that_somebody_else_made(lab: Lab) -> None:
    lab.google.clusters["kubeflow"] = {
        "name": "kubeflow",
        "location": ZONE,
        "status": "RUNNING",
        "network": "lab-net",
        "privateClusterConfig": {"masterIpv4CidrBlock": "10.9.0.0/28"},
        "nodePools": [{"name": "pool"}],
    }
    of_gke = {"name": "gke-kubeflow-1a2b-master", "targetTags": ["gke-kubeflow-1a2b-node"]}
    lab.google.compute["/global/firewalls"] = {"items": [of_gke]}
    (finding,) = GKE.preflight(lab.options(), lab.host)
    (command,) = finding.remedy.commands
    assert "--network lab-net" in command
    assert "--source-ranges 10.9.0.0/28 --target-tags gke-kubeflow-1a2b-node" in command


OPEN = {"openWebhooks": True}
RULE = "kfinstall-kubeflow-webhooks"


def firewall_rules(lab: Lab) -> list[str]:
    return [each["name"] for each in lab.google.compute["/global/firewalls"].get("items", [])]


def test_the_firewall_is_opened_on_a_word_and_closed_with_the_cluster(lab: Lab) -> None:
    lab.google.compute["/global/firewalls"] = {"items": [{"name": "mine"}]}
    assert "private-cluster-webhooks" not in [each.cause for each in GKE.preflight(lab.options(private=OPEN), lab.host)]
    told = lab.create(private=OPEN)
    assert (told[0].step, told[0].message) == ("Opening the firewall for webhooks", RULE)
    assert firewall_rules(lab) == ["mine", RULE]
    made = lab.google.compute["/global/firewalls"]["items"][1]
    assert (made["sourceRanges"], made["targetTags"]) == (["172.16.0.0/28"], ["kfinstall-kubeflow"])
    assert made["allowed"] == [{"IPProtocol": "tcp", "ports": ["4443", "8443", "9443", "15017"]}]
    assert made["network"] == f"projects/{PROJECT}/global/networks/default"
    lab.create(private=OPEN)  # a second time: it is open
    assert firewall_rules(lab) == ["mine", RULE]
    steps = [each.step for each in GKE.delete(lab.options(private={}), lab.host)]
    assert "Deleting the firewall rule for webhooks" in steps
    assert firewall_rules(lab) == ["mine"]


def test_a_firewall_rule_that_the_user_made_by_the_command_stays(lab: Lab) -> None:
    lab.create(private={})
    lab.google.compute["/global/firewalls"] = {"items": [{"name": RULE}]}
    list(GKE.delete(lab.options(private={}), lab.host))
    assert firewall_rules(lab) == [RULE]


def test_who_may_not_open_the_firewall_hears_of_it_before_a_cluster_is_made(lab: Lab) -> None:
    forbidden = error(403, "PERMISSION_DENIED", "Required 'compute.firewalls.create' permission")
    lab.google.instead("POST", "/global/firewalls", Answer(403, forbidden))
    with pytest.raises(CloudError, match="may not") as refused:
        lab.create(private=OPEN)
    assert "compute.firewalls.create" in str(refused.value.why)
    assert "roles/compute.securityAdmin" in str(refused.value.fix)
    assert lab.google.clusters == {}


def test_a_firewall_rule_that_was_asked_for_twice_is_there_once(lab: Lab) -> None:
    """The answer to the first request got lost, and the list is a moment behind."""
    lab.create(private=OPEN)
    lab.google.instead("GET", "/global/firewalls", Answer(200, {}))
    lab.create(private=OPEN)
    assert lab.google.sent("POST").count(f"{COMPUTE}/global/firewalls") == 2
    assert firewall_rules(lab) == [RULE]


IAP = {"clientId": "1-a.apps.googleusercontent.com", "clientSecret": "planted-secret"}


def test_an_address_that_iap_needs(lab: Lab) -> None:
    (address,) = GKE.preflight(lab.options(iap=IAP), lab.host)
    assert address.remedy.commands == (f"gcloud compute addresses create kubeflow-ip --global --project {PROJECT}",)
    lab.google.compute["/global/addresses"] = {"items": [{"name": "kubeflow-ip", "address": "34.9.9.9"}]}
    assert titles(lab, iap=IAP) == []


def test_what_there_is_to_choose_from(lab: Lab) -> None:
    cloud = Cloud(PROJECT, lab.host)
    second = Answer(200, {"items": [{"name": "n2-standard-4"}]})
    first = Answer(200, {"items": [{"name": "e2-standard-4"}], "nextPageToken": "more"})
    lab.google.instead("GET", f"{COMPUTE}/zones/{ZONE}/machineTypes", first, second)
    assert [each.value for each in choices.projects(cloud)] == ["another-project", PROJECT]
    assert choices.locations(cloud) == ["europe-west4", "europe-west4-a", "us-central1", ZONE, "us-central1-b"]
    assert choices.machine_types(cloud, ZONE) == ["e2-standard-4", "n2-standard-4"]
    assert choices.gpus(cloud, ZONE) == ["nvidia-l4"]
    assert choices.versions(cloud, ZONE, "regular") == ["1.34.1-gke.100", "1.33.5-gke.200"]


def offered(lab: Lab, field: str, **answered: Any) -> dict[str, str]:
    """What may stand at a field, once some others are answered."""
    return {each.value: each.title for each in GKE.choices(field, {"type": "gke", **answered}, lab.host)}


def test_fields_have_lists_once_the_project_is_chosen(lab: Lab) -> None:
    assert offered(lab, "project") == {"another-project": "", PROJECT: "The lab"}
    assert offered(lab, "location", project=PROJECT)["us-central1"] == ""
    machines = {"items": [
        {"name": "e2-micro", "guestCpus": 1, "memoryMb": 1024},
        {"name": "e2-standard-8", "guestCpus": 8, "memoryMb": 32768},
        {"name": "n1-standard-8", "guestCpus": 8, "memoryMb": 30720},
    ]}  # fmt: skip
    lab.google.compute[f"/zones/{ZONE}/machineTypes"] = machines
    at = {"project": PROJECT, "location": ZONE}
    assert offered(lab, "nodes.machineType", **at) == {
        "e2-standard-8": "8 CPUs, 32 GiB of memory",
        "n1-standard-8": "8 CPUs, 30 GiB of memory",
    }, "one CPU is no node"
    assert list(offered(lab, "gpu.machineType", **at, gpu={"type": "nvidia-tesla-t4"})) == ["n1-standard-8"]
    assert list(offered(lab, "gpu.type", **at)) == ["nvidia-l4"]
    assert list(offered(lab, "version", **at, releaseChannel="regular")) == ["1.34.1-gke.100", "1.33.5-gke.200"]


def test_zones_of_a_region_are_asked_together(lab: Lab) -> None:
    lab.google.compute["/zones/us-central1-b/machineTypes"] = {"items": [{"name": "n2-standard-4"}]}
    machines = offered(lab, "nodes.machineType", project=PROJECT, location="us-central1")
    assert list(machines) == ["e2-standard-8", "g2-standard-8", "n2-standard-4"]


def test_what_stands_in_the_project_can_be_chosen(lab: Lab) -> None:
    lab.google.stand("standing")
    assert offered(lab, "cluster", project=PROJECT) == {"standing": f"{ZONE}, 2 nodes, Kubernetes 1.34.1-gke.100"}
    lab.google.compute["/global/networks"] = {"items": [{"name": "lab"}]}
    mine = {"name": "mine", "network": "https://www.googleapis.com/lab", "ipCidrRange": "10.0.0.0/20"}
    other = {"name": "other", "network": "https://www.googleapis.com/default", "ipCidrRange": "10.9.0.0/20"}
    lab.google.compute["/regions/us-central1/subnetworks"] = {"items": [mine, other]}
    assert offered(lab, "network", project=PROJECT) == {"lab": ""}
    at = {"project": PROJECT, "location": ZONE, "network": "lab"}
    assert offered(lab, "subnetwork", **at) == {"mine": "10.0.0.0/20"}


def test_a_choice_names_the_field_that_it_depends_on(lab: Lab) -> None:
    with pytest.raises(UsageError, match=r"depends on platform\.project"):
        offered(lab, "location")
    with pytest.raises(UsageError, match=r"depends on platform\.location"):
        offered(lab, "nodes.machineType", project=PROJECT)
    assert lab.google.sent("GET") == [f"{COMPUTE}/zones"]


def test_a_choice_that_google_refuses_says_why(lab: Lab) -> None:
    refusal = error(403, "PERMISSION_DENIED", "Required 'compute.zones.list' permission")
    lab.google.instead("GET", f"{COMPUTE}/zones", Answer(403, refusal))
    with pytest.raises(CloudError, match=r"compute\.zones\.list"):
        offered(lab, "location", project=PROJECT)
