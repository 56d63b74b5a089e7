"""The base URL of requests."""

from __future__ import annotations

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

from tap_gladly.config.base_url import resolve_api_url, resolve_base_url, resolve_organization


@pytest.mark.parametrize(
    ("organization", "address"),
    [
        ("myorg", "https://myorg.gladly.com"),
        (" MyOrg \n", "https://myorg.gladly.com"),
        ("myorg.us-1", "https://myorg.us-1.gladly.com"),
        ("myorg.gladly.com", "https://myorg.gladly.com"),
        ("myorg.us-1.gladly.com", "https://myorg.us-1.gladly.com"),
        ("us-1.gladly.com", "https://us-1.gladly.com"),
        ("myorg.gladly.qa", "https://myorg.gladly.qa"),
        ("MYORG.US-UAT.GLADLY.QA", "https://myorg.us-uat.gladly.qa"),
        ("https://myorg.gladly.com", "https://myorg.gladly.com"),
        ("https://myorg.us-1.gladly.com/customer/abc?x=1#y", "https://myorg.us-1.gladly.com"),
        ("http://myorg.gladly.com/", "https://myorg.gladly.com"),
        ("myorg.gladly.com/api/v1", "https://myorg.gladly.com"),
    ],
)
def test_resolve_organization_accepts_names_hosts_and_pasted_urls(organization: str, address: str) -> None:
    """Every spelling of an organization resolves to its HTTPS URL."""
    assert resolve_organization(organization) == address


@pytest.mark.parametrize(
    "organization",
    [
        "",
        " ",
        "evil.example",
        "evil.com",
        "myorg.evil.com",
        "gladly.com",
        "gladly.com.evil.com",
        "evilgladly.com",
        "myorg.evilgladly.com",
        "myorg.gladly.com.evil.com",
        "a.b.c.gladly.com",
        "https://evil.com/myorg.gladly.com",
        "https://myorg.gladly.com@evil.com",
        "https://user:pass@myorg.gladly.com",
        "https://myorg.gladly.com:8443",
        "https://evil.com\\@myorg.gladly.com",
        "ftp://myorg.gladly.com",
        "myorg.gladly.com.",
        "my_org",
        "-myorg",
        "my org",
        "myorg.\u24d6ladly.com",
        "\u212aingdom.gladly.com",
        "\u212aingdom",
        "127.0.0.1",
        "localhost:8080",
        "[::1]",
        "..",
        "https://",
    ],
)
def test_resolve_organization_rejects_any_other_host(organization: str) -> None:
    """Only a Gladly host gets the token, and the message doesn't repeat the setting."""
    with pytest.raises(ValueError, match="must be a name") as rejected:
        resolve_organization(organization)

    assert str(rejected.value) == (
        "must be a name, such as myorg or myorg.us-1, or a host on gladly.com or gladly.qa"
    )


@pytest.mark.parametrize(
    "api_url",
    [
        "https://proxy.example",
        "https://proxy.example:8443",
        "https://proxy_1.example.:8443",
        f"https://{'x' * 63}.example",
        "http://127.0.0.1:8080",
        "http://127.8.9.10:1",
        "http://localhost:8080",
        "http://[::1]:8080",
    ],
)
def test_resolve_api_url_accepts_https_and_loopback(api_url: str) -> None:
    """HTTPS to any host and HTTP to a loopback address are allowed; a final slash is dropped."""
    assert resolve_api_url(api_url) == api_url
    assert resolve_api_url(f" {api_url}/ ") == api_url


@pytest.mark.parametrize(
    "api_url",
    [
        "http://proxy.example",
        "http://localhost.evil.com",
        "http://127.0.0.1.evil.com",
        "http://user@127.0.0.1",
        "https://user:pass@proxy.example",
        "https://proxy.example/path",
        "https://proxy.example?x=1",
        "https://proxy.example#x",
        "https://proxy.example:port",
        "https://proxy..example",
        "https://.example",
        f"https://{'x' * 64}.example",
        "https://proxy.example:99999",
        "https://proxy.example:",
        "https://proxy_.example\\.evil.com",
        "http://evil.com\\[::1]",
        "http://evil.com\\@127.0.0.1",
        "http://[::1]evil.com",
        "http://[::1]@evil.com",
        "http://[::1%25lo]",
        "http://127.0.0.1\t.evil.com",
        "http://127.0.0.1\n.evil.com",
        "http://127.0.0.1;evil.com",
        "http://127.1",
        "http://2130706433",
        "http://0177.0.0.1",
        "http://0x7f000001",
        "http:/127.0.0.1",
        "http:127.0.0.1",
        "//127.0.0.1",
        "https://[::g]",
        "https://[]",
        "https://%65vil.com",
        "https://[::1",
        "https://pro\u212ay.example",
        "proxy.example",
        "file:///etc/passwd",
        "https://",
    ],
)
def test_resolve_api_url_rejects_anything_else(api_url: str) -> None:
    """HTTP to another machine, a path, credentials or a missing host are rejected."""
    with pytest.raises(ValueError, match="must be a scheme, host and port"):
        resolve_api_url(api_url)


def test_resolve_base_url_prefers_api_url() -> None:
    """`api_url` replaces the organization's URL, but `organization` must still be valid."""
    proxy = "https://proxy.example"

    assert resolve_base_url({"organization": "myorg"}) == "https://myorg.gladly.com"
    assert resolve_base_url({"organization": "myorg", "api_url": proxy}) == proxy
    with pytest.raises(ValueError, match="must be a name"):
        resolve_base_url({"organization": "evil.com", "api_url": proxy})


URL_PIECES = st.sampled_from(
    [
        *("http://", "https://", "HTTP://", "http:", "//", "/", "\\", "@", ":", "[", "]", "?", "#", "%", "."),
        *("[::1]", "127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "evil.com", "gladly.com", "myorg", "us-1"),
        *(
            "8080",
            "%5b",
            "%00",
            "\t",
            "\r",
            "\n",
            " ",
            "\u212a",
            "\u3002",
            "\uff0e",
            "\x00",
            "xn--a",
            "_",
            "-",
        ),
        *string.ascii_lowercase[:4],
    ]
)


@settings(max_examples=1000)
@given(start=st.sampled_from(["http://", "https://", ""]), pieces=st.lists(URL_PIECES, max_size=5))
@example(start="https://", pieces=["evil.com"])
@example(start="http://", pieces=["[::1]", ":", "8080"])
@example(start="http://", pieces=["evil.com", "\\", "[::1]"])
@example(start="http://", pieces=["evil.com", "#", "@", "127.0.0.1"])
def test_accepted_urls_mean_the_same_to_the_http_library(start: str, pieces: list[str]) -> None:
    """urllib3 reads an accepted setting as it reads the resulting URL, and HTTP leads to loopback only."""
    text = start + "".join(pieces)
    try:
        url = resolve_api_url(text)
    except ValueError:
        return
    given_url, used = parse_url(text.strip()), parse_url(url)

    assert (given_url.scheme, given_url.host, given_url.port) == (used.scheme, used.host, used.port)
    assert used.auth is used.path is used.query is used.fragment is None
    assert used.scheme == "https" or used.host in {"localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"}


@settings(max_examples=1000)
@given(
    start=st.sampled_from(["https://", "myorg", "myorg.gladly.com"]), pieces=st.lists(URL_PIECES, max_size=5)
)
@example(start="myorg", pieces=[])
@example(start="https://", pieces=["myorg", ".", "gladly.com", "/", "a"])
def test_accepted_organizations_are_gladly_hosts(start: str, pieces: list[str]) -> None:
    """An accepted organization names the same Gladly host to urllib3, over HTTPS."""
    text = start + "".join(pieces)
    try:
        url = parse_url(resolve_organization(text))
    except ValueError:
        return
    host = parse_url(text.strip() if "://" in text else f"https://{text.strip()}").host

    assert url.scheme == "https"
    assert str(url.host).endswith((".gladly.com", ".gladly.qa"))
    assert host in {url.host, str(url.host).removesuffix(".gladly.com")}
