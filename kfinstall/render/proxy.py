"""Which proxy the user's environment names for a URL, and connections by way of it."""

import re
from functools import cache
from urllib import request
from urllib.parse import unquote, urlsplit, urlunsplit

import urllib3
from urllib3.util import make_headers


def proxy_for(url: str) -> str:
    """The proxy for a URL from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, or ""."""
    parts = urlsplit(url)
    # not in typeshed, but what urllib itself asks: https://github.com/python/cpython/blob/3.11/Lib/urllib/request.py
    if request.proxy_bypass_environment(parts.netloc.rpartition("@")[2]):  # type: ignore[attr-defined]
        return ""
    proxies = request.getproxies_environment()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


@cache
def pool(proxy: str) -> urllib3.PoolManager:
    """Connections by way of a proxy, or straight when it is ""."""
    if not proxy:
        return urllib3.PoolManager()
    if proxy.startswith("socks"):
        from urllib3.contrib.socks import SOCKSProxyManager  # noqa: PLC0415 - few have such a proxy

        return SOCKSProxyManager(re.sub("^socks5://", "socks5h://", proxy))  # it looks up names, as it does for kubectl
    parts = urlsplit(proxy)
    headers: dict[str, str] = {}
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = dict(make_headers(proxy_basic_auth=pair))
    return urllib3.ProxyManager(without_userinfo(proxy), proxy_headers=headers)


def without_userinfo(url: str) -> str:
    """The URL without user, password and fragment."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
