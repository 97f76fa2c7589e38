"""Image references in full, and what a container runtime says when one cannot be pulled."""

from dataclasses import dataclass

from kfinstall.facts.classify.image_reference import InvalidReference, parse
from kfinstall.sandbox.scenario import Registry, Scenario

PRESENT = 'Container image "{image}" already present on machine and can be accessed by the pod'


def misspelt(image: str) -> str:
    """Why a kubelet cannot read a reference; "" when it can (pkg/util/parsers)."""
    try:
        parse(image)
    except InvalidReference as error:
        why = f": repository name ({_repository(image)}) must be lowercase" if error.reason == "uppercase" else ""
        return f'couldn\'t parse image name "{image}": invalid reference format{why}'
    return ""


def full(image: str) -> str:
    """With registry, repository and tag; as it is when it cannot be read."""
    try:
        return str(parse(image))
    except InvalidReference:
        return image


def _repository(image: str) -> str:
    first, slash, rest = image.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    name = (rest if is_host else image).partition(":")[0]
    return name if slash else f"library/{name}"


@dataclass(slots=True)
class Pulls:
    """Answers to pulls; counts them, for rate limits. An image that was pulled stays on its node."""

    scenario: Scenario
    _pulled: set[tuple[str, str]]
    _counts: dict[str, int]

    @classmethod
    def of(cls, scenario: Scenario) -> "Pulls":
        return cls(scenario, set(), {})

    def slow(self, image: str) -> bool:
        rule = self.scenario.registry(full(image))
        return rule is not None and rule.answer == "slow"

    def has(self, node: str, image: str) -> bool:
        """Whether an image is on a node."""
        return (node, full(image)) in self._pulled

    def pull(self, node: str, image: str, credentials: frozenset[str] = frozenset()) -> str:
        """Why a pull fails, in the words of containerd; "" when it works. credentials: hosts that it has some for."""
        name = full(image)
        rule = self.scenario.registry(name)
        host = name.partition("/")[0]
        opened = rule is not None and rule.opened_by_secret and host in credentials
        if rule is None or rule.answer in {"ok", "slow"} or opened or not self._refuses(rule):
            self._pulled.add((node, name))
            return ""
        return _refusal(rule, name)

    def _refuses(self, rule: Registry) -> bool:
        count = self._counts[rule.match] = self._counts.get(rule.match, 0) + 1
        return rule.answer != "rateLimited" or count > rule.after


def _refusal(rule: Registry, name: str) -> str:
    """The messages of containerd 2, each as it was seen on a cluster."""
    host, _slash, rest = name.partition("/")
    repository, _colon, tag = rest.partition("@") if "@" in rest else rest.rpartition(":")
    server = "registry-1.docker.io" if host == "docker.io" else host
    address = f"https://{server}/v2/{repository}/manifests/{tag}"
    begin = f'failed to pull and unpack image "{name}": '
    resolve = f'failed to resolve reference "{name}": '
    match rule.answer:
        case "rateLimited":
            return (
                f"{begin}failed to copy: httpReadSeeker: failed open: unexpected status code {address}: "
                "429 Too Many Requests - Server message: toomanyrequests: You have reached your "
                "unauthenticated pull rate "
                "limit. https://www.docker.com/increase-rate-limit"
            )
        case "unauthorized":
            return (
                f"{begin}{resolve}failed to authorize: failed to fetch anonymous token: unexpected "
                f"status from GET request to https://{server}/token: 401 Unauthorized"
            )
        case "notFound":
            return f"{begin}{resolve}{name}: not found"
        case "wrongArchitecture":
            return f"{begin}no match for platform in manifest: not found"
    return f'{begin}{resolve}failed to do request: Head "{address}": dial tcp: lookup {server}: i/o timeout'
