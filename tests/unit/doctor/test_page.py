"""The report as one page: complete, without scripts, and safe whatever a cluster's objects are called."""

from html.parser import HTMLParser

from kfinstall.doctor.document import document
from kfinstall.doctor.examination import examine
from kfinstall.doctor.page import page
from tests.unit.doctor.clusters import ALL_CHECKS, pod, snapshot, waiting
from tests.unit.doctor.troubled import troubled_cluster

HOSTILE = '<script>alert("x")</script><img src="https://example.com/x" onerror=alert(1)>'


class Reader(HTMLParser):
    """The tags and the text of a page; fails where a tag is not closed."""

    VOID = frozenset({"meta", "li", "td", "tr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not any(name.startswith("on") or name == "src" for name, _value in attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_finding_and_every_check_is_on_it() -> None:
    report = examine(troubled_cluster(), ALL_CHECKS)
    text = Reader(page(document(report))).text
    for root in report.roots:
        for finding in root.walk():
            assert finding.title in text
            assert finding.remedy.text in text
    asked = {answer.check.id for answer in report.checks}
    assert asked == {check.id for check in ALL_CHECKS if not check.of_client}, "a copy has no machine to look at"
    for check in asked:
        assert check in text


def test_it_needs_nothing_else_and_runs_nothing() -> None:
    report = examine(snapshot(pod(HOSTILE, status=waiting("ErrImagePull", HOSTILE, HOSTILE))), ALL_CHECKS)
    read = Reader(page(document(report)))
    assert not read.tags & {"script", "link", "img", "iframe", "object", "embed"}
    assert HOSTILE in read.text
