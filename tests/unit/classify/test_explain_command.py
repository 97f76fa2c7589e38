"""`kfinstall explain`: text and JSON, one message and many, known and unknown."""

import json

import pytest
from click.testing import CliRunner, Result

from kfinstall.cli.explain import explain

DNS = 'Head "https://ghcr.io/v2/kubeflow/x/manifests/1": dial tcp: lookup ghcr.io: no such host'


def run(*arguments: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(explain, list(arguments), input=stdin, standalone_mode=False)


def test_a_page_for_a_person() -> None:
    result = run(DNS)
    assert result.return_value == 0
    assert "(img-dns)" in result.stdout
    assert "What to do:" in result.stdout
    assert "  $ minikube ssh -- nslookup ghcr.io" in result.stdout


def test_one_object_for_a_program() -> None:
    document = json.loads(run("-o", "json", DNS).stdout)
    assert document["apiVersion"] == "kfinstall.io/v1alpha1"
    assert document["kind"] == "Explanation"
    assert document["cause"] == "img-dns"
    assert document["parameters"]["host"] == "ghcr.io"
    assert document["summary"]
    assert document["remedy"]["commands"]


def test_a_message_in_several_arguments_is_one() -> None:
    assert run(*DNS.split(" ")).return_value == 0


def test_standard_input_may_have_several_lines() -> None:
    text = "Name: x\nEvents:\n  Warning  FailedScheduling  scheduler  0/1 nodes are available:\n  1 Insufficient cpu."
    assert json.loads(run("-o", "json", "-", stdin=text).stdout)["cause"] == "sched-insufficient-cpu"


def test_lines_are_messages_of_their_own() -> None:
    result = run("--lines", "-o", "json", "-", stdin=f"{DNS}\n\nStarted container main\n")
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["line"], each["cause"]) for each in documents] == [(1, "img-dns"), (3, None)], (
        "blank lines are counted, and left out"
    )
    assert result.return_value == 0


def test_lines_for_a_person() -> None:
    result = run("--lines", "-", stdin=f"{DNS}\nStarted container main\n")
    assert result.stdout.splitlines()[0].startswith("1: img-dns: ")
    assert result.stdout.splitlines()[1] == "2: no cause known"


def test_an_unknown_message_says_so_and_what_it_names() -> None:
    result = run("frobnicated https://harbor.example.org/v2/a/manifests/1")
    assert result.return_value == 1
    assert "No cause of this message is known." in result.stdout
    assert "host: harbor.example.org" in result.stdout


def test_an_unknown_message_for_a_program() -> None:
    result = run("-o", "json", "frobnicated")
    assert result.return_value == 1
    document = json.loads(result.stdout)
    assert document["cause"] is None
    assert document["remedy"] is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_that_powershell_wrote_is_read(encoding: str) -> None:
    """Windows PowerShell's `kubectl get events > x.txt` writes UTF-16, and its editors a byte order mark."""
    events = f"LAST SEEN   TYPE      REASON   OBJECT   MESSAGE\r\n2m          Warning   Failed   pod/x    {DNS}\r\n"
    content = events.encode(encoding)
    assert json.loads(run("-o", "json", "-", stdin=content).stdout)["cause"] == "img-dns"
    lines = run("--lines", "-", stdin=content).stdout.splitlines()
    assert lines[0] == "1: no cause known"
    assert lines[1].startswith("2: img-dns: ")


def test_bytes_that_are_no_text_do_not_stop_it() -> None:
    result = CliRunner().invoke(explain, ["-"], input=b"\xff\xfe OOMKilled", standalone_mode=False)
    assert result.return_value == 0


@pytest.mark.parametrize("cause", ["cl-login-missing", "img-dns"])
def test_the_id_of_a_cause_is_explained(cause: str) -> None:
    result = run(cause)
    assert result.return_value == 0
    assert f"({cause})" in result.stdout
    assert "What to do: " in result.stdout


def test_a_long_log_is_looked_at_line_by_line() -> None:
    """What stands in the middle of it is beyond what is taken for one message."""
    noise = "2026-01-01T00:00:00Z info reconciled\n" * 1000
    log = f"{noise}{DNS}\n{noise}"
    assert json.loads(run("-o", "json", "-", stdin=log).stdout)["cause"] == "img-dns"
    assert json.loads(run("-o", "json", "-", stdin=noise).stdout)["cause"] is None


def test_of_too_long_an_input_the_end_counts() -> None:
    """A line of a megabyte and a half, whose end says what failed."""
    text = "x" * 1_500_000 + f" {DNS}"
    assert json.loads(run("-o", "json", "-", stdin=text).stdout)["cause"] == "img-dns"


@pytest.mark.parametrize(
    "text",
    [
        f"{DNS}\r\n",
        f"\ufeff{DNS}",
        json.dumps({"msg": json.dumps({"error": DNS})}),
        f'time="2026-01-01T00:00:00Z" level=error msg={json.dumps(DNS)}',
        f"E0101 10:00:00.000000       1 pod_workers.go:1301] {json.dumps(DNS)}",
        f"\x1b[31m{DNS}\x1b[0m",
        f"\x00\x01\x02 {DNS}",
    ],
    ids=["crlf", "bom", "json in json", "logfmt", "klog", "colours", "binary"],
)
def test_what_surrounds_it_does_not_matter(text: str) -> None:
    document = json.loads(run("-o", "json", "-", stdin=text).stdout)
    assert (document["cause"], document["parameters"]["host"]) == ("img-dns", "ghcr.io")


@pytest.mark.parametrize("text", ["", "\n\n", "\x00\xff" * 5000, "[" * 100_000, "null", "{}"])
def test_of_nothing_there_is_no_cause(text: str) -> None:
    result = run("-o", "json", "-", stdin=text)
    assert (result.return_value, json.loads(result.stdout)["cause"]) == (1, None)
