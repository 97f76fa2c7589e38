"""A report as one page of HTML that needs nothing else: no script, no font, no picture, no network."""

from collections.abc import Iterator
from html import escape
from typing import Any

from kfinstall.words import _, spoken

STYLE = """
:root { color-scheme: light dark; --error: #b3261e; --warning: #8a5300; --info: #2f5d8a; --line: #8884; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 0; display: inline; }
section, details { border: 1px solid var(--line); border-radius: .3rem; margin: .8rem 0; padding: .5rem 1rem; }
.error, .warning, .info { border-left-width: .4rem; }
.error { border-left-color: var(--error); } .warning { border-left-color: var(--warning); }
.info { border-left-color: var(--info); }
code, pre { font: .85rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
pre { background: #8881; padding: .5rem; border-radius: .3rem; }
table { border-collapse: collapse; width: 100%; } td { border-top: 1px solid var(--line); padding: .2rem .6rem .2rem 0; }
ul { padding-left: 1.2rem; } .id { opacity: .7; font-size: .85rem; }
"""  # noqa: E501

Data = dict[str, Any]


def page(report: Data) -> str:
    """The page of a DoctorReport's fields (doctor/document.py). Every text is escaped: it comes from a cluster."""
    title, language = _("What is wrong with the cluster"), spoken().replace("_", "-")
    body = [f"<h1>{escape(title)}</h1>", _summary(report["summary"])]
    body += [f"<section class={escape(each['severity'])}>{_finding(each)}</section>" for each in report["findings"]]
    if report["unexplained"]:
        body.append(f"<section class=error><h2>{escape(_('Not ready, for no reason that was found'))}</h2>")
        body.append(f"{_objects(report['unexplained'])}</section>")
    body.append(_checks(report["checks"]))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body>{''.join(body)}</body></html>"
    )


def _summary(summary: Data) -> str:
    text = _("Things to mend: {roots}. Pods that are not ready: {pods}, of which {explained} are explained.")
    counts = {"roots": summary["roots"], "pods": summary["unreadyPods"], "explained": summary["explainedPods"]}
    return f"<p>{escape(text.format(**counts))}</p>"


def _finding(finding: Data) -> str:
    parts = [_title(finding)]
    parts += _remedy(finding)
    if finding["evidence"]:
        parts.append(f"<ul>{''.join(map(_evidence, finding['evidence']))}</ul>")
    if finding["objects"]:
        heading = _("Objects concerned: {count}").format(count=len(finding["objects"]))
        parts.append(f"<details><summary>{escape(heading)}</summary>{_objects(finding['objects'])}</details>")
    if finding["children"]:
        parts.append(f"<p>{escape(_('From this follows:'))}</p>")
        parts += map(_consequence, finding["children"])
    return "".join(parts)


def _consequence(finding: Data) -> str:
    """Folded: it goes away with what it follows from."""
    title, rest = _title(finding), _finding(finding)
    return (
        f"<details class={escape(finding['severity'])}><summary>{title}</summary>{rest.removeprefix(title)}</details>"
    )


def _title(finding: Data) -> str:
    return f"<h2>{escape(finding['title'])}</h2> <span class=id>{escape(finding['cause'])}</span>"


def _remedy(finding: Data) -> Iterator[str]:
    yield f"<p>→ {escape(finding['remedy']['text'])}</p>"
    if finding["remedy"]["commands"]:
        yield f"<pre>{escape(chr(10).join(finding['remedy']['commands']))}</pre>"
    if finding["docs"].startswith("https://"):
        yield f'<p><a href="{escape(finding["docs"])}">{escape(finding["docs"])}</a></p>'


def _evidence(evidence: Data) -> str:
    where = f"<code>{escape(_name(evidence['object']))}</code>: " if "object" in evidence else ""
    times = escape(_(" ({count} times)").format(count=evidence["count"])) if evidence["count"] > 1 else ""
    return f"<li>{where}{escape(evidence['text'])}{times}</li>"


def _objects(objects: list[Data]) -> str:
    return f"<ul>{''.join(f'<li><code>{escape(_name(each))}</code></li>' for each in objects)}</ul>"


def _name(key: Data) -> str:
    return "/".join(key[part] for part in ("kind", "namespace", "name") if part in key)


def _checks(checks: list[Data]) -> str:
    rows = "".join(
        f"<tr><td>{escape(each['status'])}<td>{escape(each['id'])}<td>{escape(each['reason'])}" for each in checks
    )
    return f"<details><summary>{escape(_('Checks'))}</summary><table>{rows}</table></details>"
