"""AKS through Azure's own client library, against a server on loopback."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from azure.core.credentials import AccessToken, TokenCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from azure.mgmt.containerservice import ContainerServiceClient

from kfinstall.contracts.manifest import Manifest
from kfinstall.contracts.platform import ClusterPhase, Host, Progress, Stops
from kfinstall.contracts.surroundings import Nowhere
from kfinstall.engine.clusters import OwnCluster
from kfinstall.engine.host import LocalHost
from kfinstall.errors import (
    CloudError,
    DocumentError,
    Interrupted,
    KfinstallError,
    PlanRefused,
    ToolMissing,
    UsageError,
)
from kfinstall.facts.scheduling.sizing import Demand
from kfinstall.model.load import load
from platforms.aks import Aks, arm, choices
from platforms.aks.clouds import private_cloud
from platforms.aks.options import AksOptions, memory
from tests.unit.platforms.arm_server import CLUSTER, GROUP, OPERATION, PROVIDER, SUBSCRIPTION, Answer, ArmServer
from tests.unit.platforms.arm_server import arm_server as serving
from tests.unit.platforms.arm_server import error as arm_error

OPTIONS = {"type": "aks", "subscription": SUBSCRIPTION, "resourceGroup": "ml"}
LATER = 4102444800
"""2100, in seconds."""


class Patient(LocalHost):
    """A host whose waits are over at once; it remembers how long they were."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, {"PATH": ""})
        self.waits: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return self.stopping


class Token:
    """A credential; "expired" is what Azure takes for too old."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken(self.token, LATER)


class NoToken(Token):
    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        raise ClientAuthenticationError("AADSTS700082: The refresh token has expired due to inactivity.\nTrace ID: 1")


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[ArmServer]:
    with serving(tmp_path) as server:
        yield server


@pytest.fixture
def host(tmp_path: Path) -> Patient:
    return Patient(tmp_path / "aks")


@pytest.fixture
def aks(azure: ArmServer) -> Aks:
    return platform(azure, Token("valid"))


def platform(azure: ArmServer, credential: TokenCredential) -> Aks:
    def connect(subscription: str, host: Host) -> ContainerServiceClient:
        return arm.client(
            subscription, host, credential, base_url=azure.url, connection_verify=str(azure.certificate),
            credential_scopes=["https://management.azure.com/.default"],
        )  # fmt: skip

    return Aks(connect)


def options(**more: Any) -> AksOptions:
    return AksOptions.model_validate({**OPTIONS, **more})


def cluster(state: str = "Succeeded", power: str = "Running") -> dict[str, Any]:
    pools = [{"name": "system", "count": 2, "vmSize": "Standard_D8s_v5", "provisioningState": state}]
    properties = {
        "provisioningState": state, "powerState": {"code": power}, "kubernetesVersion": "1.34",
        "agentPoolProfiles": pools,
    }  # fmt: skip
    return {"id": CLUSTER, "name": "kubeflow", "location": "eastus", "properties": properties}


def failure(run: Callable[[], object]) -> KfinstallError:
    with pytest.raises(KfinstallError) as caught:
        run()
    return caught.value


def test_a_cluster_is_made_and_its_states_are_told(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.polls = 3
    told = list(aks.create(options(gpu={}, kubernetesVersion="1.34"), host))
    assert {each.step for each in told} == {"Making the cluster"}
    assert told[0].message == "Creating, system: Creating, gpu: Creating"
    assert aks.status(options(), host).phase is ClusterPhase.RUNNING
    _method, _path, body = next(each for each in azure.requests if each[0] == "PUT")
    assert body["location"] == "eastus"
    assert body["properties"]["kubernetesVersion"] == "1.34"
    system, gpu = body["properties"]["agentPoolProfiles"]
    assert (system["mode"], system["count"], system["vmSize"]) == ("System", 2, "Standard_D8s_v5")
    assert (gpu["mode"], gpu["gpuProfile"]) == ("User", {"driver": "Install"})
    assert body["identity"] == {"type": "SystemAssigned"}


def test_the_pace_is_the_one_that_azure_asks_for(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.polls = 3
    list(aks.create(options(), host))
    assert host.waits.count(7.0) == 2


def test_the_autoscaler_and_an_identity_of_ones_own(aks: Aks, azure: ArmServer, host: Patient) -> None:
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/me"
    list(aks.create(options(nodes={"maxCount": 5}, identity=identity), host))
    _method, _path, body = next(each for each in azure.requests if each[0] == "PUT")
    [pool] = body["properties"]["agentPoolProfiles"]
    assert (pool["enableAutoScaling"], pool["minCount"], pool["maxCount"]) == (True, 2, 5)
    assert body["identity"] == {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}


def test_a_resource_group_is_made_only_when_that_is_asked_for(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.refuse("GET", GROUP, Answer(404, arm_error("ResourceGroupNotFound")))
    refused = failure(lambda: list(aks.create(options(), host)))
    assert "createResourceGroup" in refused.fix
    assert azure.asked("PUT") == []
    list(aks.create(options(createResourceGroup=True, location="westeurope"), host))
    assert [path.lower() for path in azure.asked("PUT")] == [GROUP.lower(), CLUSTER.lower()]


def test_a_cluster_that_runs_is_left_alone(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.cluster = cluster()
    assert list(aks.create(options(), host)) == []
    assert {method for method, _path, _body in azure.requests} == {"GET"}


def test_a_stopped_cluster_is_started(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.cluster = cluster(power="Stopped")
    assert aks.status(options(), host).phase is ClusterPhase.STOPPED
    assert {each.step for each in aks.create(options(), host)} == {"Starting the cluster"}
    assert aks.status(options(), host).phase is ClusterPhase.RUNNING
    assert azure.asked("PUT") == []


def test_a_cluster_rests_and_starts_again(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.cluster = cluster()
    assert isinstance(aks, Stops)
    assert {each.step for each in aks.stop(options(), host)} == {"Stopping the cluster"}
    assert aks.status(options(), host).phase is ClusterPhase.STOPPED
    assert list(aks.stop(options(), host)) == []
    azure.polls = 2
    list(aks.create(options(), host))
    assert aks.status(options(), host).phase is ClusterPhase.RUNNING
    assert azure.asked("POST") == [f"{CLUSTER}/stop", f"{CLUSTER}/start"]


def test_an_interrupted_create_goes_on_and_makes_nothing_twice(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.polls = 4
    azure.before = lambda _method, path: host.stopped.set() if path == OPERATION else None
    stopped = failure(lambda: list(aks.create(options(), host)))
    assert isinstance(stopped, Interrupted)
    assert "same command" in stopped.fix
    [memory] = host.folder.rglob("create.operation")
    assert memory.stat().st_mode & 0o777 == 0o600
    assert "valid" not in memory.read_text()
    assert aks.status(options(), host).phase is ClusterPhase.CREATING
    azure.before = lambda _method, _path: None
    again = Patient(host.folder)
    list(aks.create(options(), again))
    assert len(azure.asked("PUT")) == 1
    assert aks.status(options(), again).phase is ClusterPhase.RUNNING
    assert not memory.exists()


def test_the_user_can_stop_while_azure_is_at_work(aks: Aks, azure: ArmServer, tmp_path: Path) -> None:
    """A real host, whose waits take as long as they say."""
    host = LocalHost(tmp_path / "real", {"PATH": ""})
    azure.polls = 1000
    azure.before = lambda _method, path: threading.Timer(0.1, host.stopped.set).start() if path == OPERATION else None
    assert isinstance(failure(lambda: list(aks.create(options(), host))), Interrupted)


def test_a_cluster_that_somebody_else_is_making_is_waited_for(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.cluster = cluster("Creating")
    made: list[Progress] = []
    for progress in aks.create(options(), host):
        made.append(progress)
        azure.cluster = cluster()
    assert [each.step for each in made] == ["Waiting for the cluster that is being made"]
    assert azure.asked("PUT") == []


def test_a_cluster_is_deleted_with_its_kubeconfig(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.cluster, azure.kubeconfig = cluster(), b"users: []\n"
    access = aks.access(options(), host)
    assert access.kubeconfig is not None
    list(aks.delete(options(), host))
    assert azure.asked("DELETE") == [CLUSTER]
    assert aks.status(options(), host).phase is ClusterPhase.ABSENT
    assert not access.kubeconfig.exists()
    assert list(aks.delete(options(), host)) == []


REFUSALS = [
    (403, "AuthorizationFailed", "You may not do this", "Contributor"),
    (400, "QuotaExceeded", "quota is too small", "Ask for more"),
    (400, "ErrCode_InsufficientVCPUQuota", "quota is too small", "Ask for more"),
    (400, "SkuNotAvailable", "does not offer this VM size", "vmSize"),
    (409, "MissingSubscriptionRegistration", "not registered", "az provider register"),
    (409, "OperationNotAllowed", "under way", "when it is over"),
    (400, "SomethingNew", "Azure refused", ""),
]


@pytest.mark.parametrize(("status", "code", "what", "fix"), REFUSALS)
def test_what_azure_refuses_is_explained(
    aks: Aks, azure: ArmServer, host: Patient, status: int, code: str, what: str, fix: str
) -> None:
    azure.refuse("PUT", CLUSTER, Answer(status, arm_error(code, "It is about 'Microsoft.ContainerService'.")))
    refused = failure(lambda: list(aks.create(options(), host)))
    assert isinstance(refused, CloudError)
    assert what in refused.what
    assert refused.why.startswith(code)
    assert fix in refused.fix
    assert azure.asked("POST") == []  # nothing is registered unasked


def test_a_quota_that_is_found_out_while_nodes_are_made(aks: Aks, azure: ArmServer, host: Patient) -> None:
    message = "Operation could not be completed as it results in exceeding approved Total Regional Cores quota."
    azure.ending = {"status": "Failed", **arm_error("OperationNotAllowed", message)}
    refused = failure(lambda: list(aks.create(options(), host)))
    assert "quota is too small" in refused.what
    assert message in refused.why
    assert aks.status(options(), host).phase is ClusterPhase.BROKEN
    azure.polls, azure.ending = 1, {"status": "Succeeded"}
    list(aks.create(options(), host))
    assert aks.status(options(), host).phase is ClusterPhase.RUNNING


def test_throttling_is_waited_out_as_long_as_azure_says(aks: Aks, azure: ArmServer, host: Patient) -> None:
    busy = Answer(429, arm_error("TooManyRequests"), {"Retry-After": "23"})
    azure.refuse("PUT", CLUSTER, busy, busy)
    list(aks.create(options(), host))
    assert host.waits.count(23) == 2
    assert aks.status(options(), host).phase is ClusterPhase.RUNNING


def test_throttling_that_does_not_end_is_told(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.refuse("GET", CLUSTER, *[Answer(429, arm_error("TooManyRequests"), {"Retry-After": "23"})] * 20)
    assert "no more requests" in failure(lambda: aks.status(options(), host)).what


@pytest.mark.parametrize("credential", [Token("expired"), NoToken("")])
def test_expired_credentials(azure: ArmServer, host: Patient, credential: Token) -> None:
    refused = failure(lambda: platform(azure, credential).status(options(), host))
    assert "not logged in" in refused.what
    assert "az login" in refused.fix
    assert "Trace ID" not in refused.why


def test_credentials_that_expire_in_the_middle_leave_the_operation_to_go_on_with(
    aks: Aks, azure: ArmServer, host: Patient
) -> None:
    azure.refuse("GET", OPERATION, Answer(401, arm_error("ExpiredAuthenticationToken")))
    assert "not logged in" in failure(lambda: list(aks.create(options(), host))).what
    list(aks.create(options(), host))
    assert len(azure.asked("PUT")) == 1


def test_a_client_secret_that_has_expired(azure: ArmServer, host: Patient) -> None:
    """Through azure-identity, as with AZURE_CLIENT_SECRET in the environment."""
    secret = ClientSecretCredential(
        "contoso", "me", "xyzzy", authority=azure.url, disable_instance_discovery=True,
        connection_verify=str(azure.certificate),
    )  # fmt: skip
    assert platform(azure, secret).status(options(), host).phase is ClusterPhase.ABSENT
    azure.secret_expired = True
    again = ClientSecretCredential(
        "contoso", "me", "xyzzy", authority=azure.url, disable_instance_discovery=True,
        connection_verify=str(azure.certificate),
    )  # fmt: skip
    refused = failure(lambda: platform(azure, again).status(options(), host))
    assert "AADSTS7000222" in refused.why
    assert "xyzzy" not in str(refused)


def test_nobody_is_logged_in_and_it_is_said_once(tmp_path: Path) -> None:
    """The real chain of credentials, on a machine that has none."""
    document = {"apiVersion": "kfinstall.io/v1alpha1", "kind": "Install", "platform": OPTIONS}
    (tmp_path / "install.yaml").write_text(yaml.safe_dump(document))
    environment = {
        "HOME": str(tmp_path), "PATH": "", "XDG_STATE_HOME": str(tmp_path / "state"),
        "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential",
    }  # fmt: skip
    command = [sys.executable, "-m", "kfinstall", "platforms", "status", "-f", str(tmp_path / "install.yaml")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "az login" in done.stderr
    assert done.stderr.count("zure CLI") == 1


def test_nobody_answers(aks: Aks, azure: ArmServer, host: Patient, tmp_path: Path) -> None:
    azure.url = "https://127.0.0.1:1"
    assert failure(lambda: aks.status(options(), host)).what == "Azure does not answer."


def kubelogin_config() -> bytes:
    arguments = ["get-token", "--environment", "AzurePublicCloud", "--server-id", "6dae42f8", "--client-id", "80faf920"]
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1", "command": "kubelogin",
        "args": [*arguments, "--tenant-id", "t1", "--login", "devicecode"],
    }  # fmt: skip
    return yaml.safe_dump({"users": [{"name": "clusterUser_ml_kubeflow", "user": {"exec": command}}]}).encode()


def test_the_kubeconfig_is_the_users_own_and_is_asked_for_once(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.kubeconfig = b"users: [{name: me, user: {token: xyzzy}}]\n"
    first = aks.access(options(), host).kubeconfig
    assert first is not None
    assert first.stat().st_mode & 0o777 == 0o600
    assert first.is_relative_to(host.folder)
    assert yaml.safe_load(first.read_text())["users"][0]["name"] == "me"
    assert aks.access(options(), host).kubeconfig == first
    assert azure.asked("POST") == [f"{CLUSTER}/listClusterUserCredential"]


def test_a_cluster_that_is_made_anew_gets_a_new_kubeconfig(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.kubeconfig = b"users: []\n"
    aks.access(options(), host)
    azure.kubeconfig = b"users: [{name: new, user: {}}]\n"
    list(aks.create(options(), host))
    path = aks.access(options(), host).kubeconfig
    assert path is not None
    assert yaml.safe_load(path.read_text())["users"][0]["name"] == "new"


def test_the_administrator_is_used_only_when_that_is_asked_for(aks: Aks, azure: ArmServer, host: Patient) -> None:
    azure.kubeconfig = b"users: []\n"
    admin = aks.access(options(adminCredentials=True), host)
    assert azure.asked("POST") == [f"{CLUSTER}/listClusterAdminCredential"]
    assert aks.access(options(), host) != admin


@pytest.mark.parametrize("login", ["azurecli", "devicecode"])
def test_kubelogin_logs_in_as_the_document_says(
    aks: Aks, azure: ArmServer, host: Patient, tmp_path: Path, login: str
) -> None:
    azure.kubeconfig = kubelogin_config()
    missing = failure(lambda: aks.access(options(login=login), host))
    assert isinstance(missing, ToolMissing)
    assert "Install it: https://" in missing.fix
    kubelogin = tmp_path / "kubelogin"
    kubelogin.write_text("#!/bin/sh\n")
    kubelogin.chmod(0o755)
    host.environ = {"PATH": str(tmp_path)}
    path = aks.access(options(login=login), host).kubeconfig
    assert path is not None
    arguments = yaml.safe_load(path.read_text())["users"][0]["user"]["exec"]["args"]
    expected = ["get-token", "--login", login]
    if login == "azurecli":
        assert arguments == [*expected, "--server-id", "6dae42f8"]
    else:
        assert arguments[:3] == expected
        assert {"--tenant-id", "--client-id", "--environment"} <= set(arguments)


def test_what_stands_in_the_way_is_told_before_a_cluster_is_made(aks: Aks, azure: ArmServer, host: Patient) -> None:
    assert list(aks.preflight(options(gpu={}), host)) == []
    azure.registered, azure.free_cpus, azure.sizes = False, 10, ("Standard_D8s_v5",)
    found = {each.cause: each for each in aks.preflight(options(gpu={}), host)}
    assert set(found) == {"aks-provider", "aks-size", "aks-quota"}
    assert "16 vCPUs" in found["aks-quota"].title
    assert "10 of 14 are free" in found["aks-quota"].title
    assert "Standard_NC4as_T4_v3" in found["aks-size"].title
    assert found["aks-provider"].remedy.commands[0].startswith("az provider register")
    azure.cluster = cluster()
    assert list(aks.preflight(options(), host)) == []


def test_a_region_and_a_version_that_azure_does_not_have(aks: Aks, azure: ArmServer, host: Patient) -> None:
    [region] = aks.preflight(options(location="eastsu"), host)
    assert region.title == 'Azure has no region "eastsu" for the subscription (platform.location).'
    assert region.remedy.text == 'Did you mean "eastus"?'
    [version] = aks.preflight(options(kubernetesVersion="1.19.3"), host)
    assert version.title == "AKS has no Kubernetes 1.19.3 in eastus (platform.kubernetesVersion)."
    assert version.remedy.text == "Take one of: 1.34, 1.33"
    assert list(aks.preflight(options(kubernetesVersion="1.34.2"), host)) == []


def test_choices_come_from_azure_page_by_page(azure: ArmServer, host: Patient) -> None:
    connect = platform(azure, Token("valid"))._connect
    assert connect is not None
    service = connect(SUBSCRIPTION, host)
    first = {"value": [{"subscriptionId": "a", "displayName": "One", "state": "Enabled"}]}
    second = {"value": [{"subscriptionId": "b", "displayName": "Two", "state": "Disabled"}]}
    azure.refuse("GET", "/subscriptions", Answer(200, {**first, "nextLink": f"{azure.url}/more?api-version=1"}))
    azure.refuse("GET", "/more", Answer(200, second))
    assert choices.subscriptions(service) == {"a": "One"}
    places = [
        {"name": "eastus", "displayName": "East US", "metadata": {"regionType": "Physical"}},
        {"name": "global", "displayName": "Global", "metadata": {"regionType": "Logical"}},
    ]
    azure.refuse("GET", f"/subscriptions/{SUBSCRIPTION}/locations", Answer(200, {"value": places}))
    assert choices.locations(service, SUBSCRIPTION) == {"eastus": "East US"}
    groups = {"value": [{"name": "ml", "location": "eastus"}]}
    azure.refuse("GET", f"/subscriptions/{SUBSCRIPTION}/resourcegroups", Answer(200, groups))
    assert choices.resource_groups(service, SUBSCRIPTION) == {"ml": "eastus"}
    offered = {"values": [{"version": "1.9"}, {"version": "1.35", "isPreview": True}, {"version": "1.34"}]}
    azure.refuse("GET", f"{PROVIDER}/locations/eastus/kubernetesVersions", Answer(200, offered))
    assert choices.versions(service, "eastus") == ["1.34", "1.9"]


def offered(aks: Aks, host: Patient, field: str, **answered: Any) -> dict[str, str]:
    """What may stand at a field, once some others are answered."""
    return {each.value: each.title for each in aks.choices(field, answered, host)}


def test_fields_have_lists_once_the_subscription_is_chosen(aks: Aks, azure: ArmServer, host: Patient) -> None:
    enabled = {"subscriptionId": SUBSCRIPTION, "displayName": "The lab", "state": "Enabled"}
    azure.refuse("GET", "/subscriptions", Answer(200, {"value": [enabled]}))
    assert offered(aks, host, "subscription") == {SUBSCRIPTION: "The lab"}
    groups = {"value": [{"name": "ml", "location": "eastus"}]}
    azure.refuse("GET", f"/subscriptions/{SUBSCRIPTION}/resourcegroups", Answer(200, groups))
    answered = {"subscription": SUBSCRIPTION}
    assert offered(aks, host, "resourceGroup", **answered) == {"ml": "eastus"}
    answered["resourceGroup"] = "ml"
    standing = {"value": [{"name": "old", "location": "westeurope"}]}
    azure.refuse("GET", f"{GROUP}/providers/Microsoft.ContainerService/managedClusters", Answer(200, standing))
    assert offered(aks, host, "name", **answered) == {"old": "westeurope"}
    azure.sizes = (*azure.sizes, "Standard_B8ms", "Basic_A8")
    assert list(offered(aks, host, "nodes.vmSize", **answered)) == ["Standard_D8s_v5"], "in the region of the group"
    assert offered(aks, host, "gpu.vmSize", **answered) == {"Standard_NC4as_T4_v3": "4 CPUs, 32 GiB of memory, 1 GPU"}
    versions = {"values": [{"version": "1.34"}]}
    azure.refuse("GET", f"{PROVIDER}/locations/westeurope/kubernetesVersions", Answer(200, versions))
    assert list(offered(aks, host, "kubernetesVersion", **answered, location="westeurope")) == ["1.34"]


def test_a_choice_names_the_field_that_it_depends_on(aks: Aks, azure: ArmServer, host: Patient) -> None:
    for field, answered, missing in [
        ("location", {}, "subscription"),
        ("name", {"subscription": SUBSCRIPTION}, "resourceGroup"),
        ("nodes.vmSize", {"subscription": SUBSCRIPTION}, "location"),
    ]:
        with pytest.raises(UsageError, match=f"depends on platform.{missing}"):
            offered(aks, host, field, **answered)
    assert azure.requests == []


def test_a_choice_without_a_login_says_how_to_log_in(azure: ArmServer, host: Patient) -> None:
    refused = failure(lambda: platform(azure, NoToken("")).choices("subscription", {}, host))
    assert "az login" in str(refused)


@pytest.mark.parametrize(
    ("size", "gibibytes"),
    [
        ("Standard_D8s_v5", 32),
        ("Standard_D4lds_v5", 8),
        ("Standard_E16-8ads_v5", 128),
        ("Standard_F8s_v2", 16),
        ("Standard_D2_v2", None),
        ("Standard_NC4as_T4_v3", None),
    ],
)
def test_memory_of_a_vm_size(size: str, gibibytes: int | None) -> None:
    assert memory(size) == (gibibytes and gibibytes * 1024**3)


def test_a_cluster_that_cannot_carry_the_pods_is_refused_with_the_arithmetic(
    aks: Aks, azure: ArmServer, host: Patient
) -> None:
    own = OwnCluster(aks.title, aks, options(nodes={"vmSize": "Standard_D4lds_v5"}), host)
    azure.sizes = ("Standard_D4lds_v5",)
    with pytest.raises(PlanRefused) as refused:
        own.checked(Demand(pods=50, cpu=Decimal("3.02"), memory=Decimal(20 * 1024**3)))
    assert "2 x Standard_D4lds_v5 is too small: 50 pods request 3.02 CPUs and 20Gi of memory" in refused.value.why
    assert azure.asked("PUT") == []


WRONG = [
    ("subscription: mine", "the id of a subscription"),
    ("resourceGroup: ../etc", 'no "." at the end'),
    ("name: -x", "letter or digit at both ends"),
    ("location: East US", "az account list-locations"),
    ("nodes: {count: 1, vmSize: Standard_D1_v2}", "Kubeflow needs nodes with 8"),
    ("nodes: {vmSize: Standard_B4ms}", "not for its system nodes"),
    ("nodes: {count: 4, maxCount: 3}", "less than count"),
    ("gpu: {vmSize: Standard_D8s_v5}", "has no GPU"),
    ("createResourceGroup: true", "location is missing"),
    ("kubernetesVersion: latest", "kubernetesVersion"),
]


@pytest.mark.parametrize(("line", "message"), WRONG)
def test_wrong_options_are_refused_with_their_place(tmp_path: Path, line: str, message: str) -> None:
    given = yaml.safe_load(line)
    document = {"apiVersion": "kfinstall.io/v1alpha1", "kind": "Install", "platform": {**OPTIONS, **given}}
    path = tmp_path / "install.yaml"
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(DocumentError) as caught:
        load([str(path)], [], platforms={"aks": AksOptions}, environ={}, read=lambda name: Path(name).read_text())
    [problem] = caught.value.problems
    assert message in str(problem)
    assert problem.place.line > 0


def test_listing_platforms_and_reading_a_document_loads_nothing_of_azure() -> None:
    code = (
        "import sys; from kfinstall.registry import built_in; aks = built_in().get('aks'); "
        f"aks.options.model_validate({OPTIONS!r}); "
        "print([name for name in sys.modules if name.split('.')[0] in ('azure', 'msal', 'google')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_offer_says_what_is_made_and_that_it_costs(aks: Aks, azure: ArmServer, host: Patient) -> None:
    offer = aks.offer(options(nodes={"maxCount": 4}), host)
    assert "2 x Standard_D8s_v5 (up to 4)" in offer.summary
    assert (offer.size.cpus, offer.size.memory) == (32, 128 * 1024**3), "as large as it may grow"
    assert "Azure bills the subscription" in offer.cost
    assert azure.requests == []


def test_objects_as_aks_needs_them(aks: Aks) -> None:
    api = "admissionregistration.k8s.io/v1"
    injector = {
        "apiVersion": api,
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "istio-sidecar-injector"},
    }
    shared = {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "shared"},
        "spec": {"accessModes": ["ReadWriteMany"]},
    }  # fmt: skip
    own = {**shared, "spec": {"accessModes": ["ReadWriteOnce"]}}
    named = {**shared, "spec": {"accessModes": ["ReadWriteMany"], "storageClassName": "mine"}}
    manifests = [Manifest(body, "app") for body in (injector, shared, own, named)]
    changed = [each.body for each in aks.transformed(manifests, options(), Nowhere("kubeflow"))]
    assert changed[0]["metadata"]["annotations"] == {"admissions.enforcer/disabled": "true"}
    assert changed[1]["spec"]["storageClassName"] == "azurefile-csi"
    assert changed[2:] == [own, named]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://127.0.0.1:1/", "not sent without TLS"),
        ("https://127.0.0.1:1/", "does not tell where Azure's parts are"),
    ],
)
def test_metadata_of_a_private_cloud_that_are_not_to_be_had(address: str, told: str) -> None:
    named = {"ARM_CLOUD_METADATA_URL": address}
    with pytest.raises(CloudError, match=told):
        private_cloud(named)
    assert private_cloud({}) is None
