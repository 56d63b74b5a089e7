"""The base URL of requests."""

from __future__ import annotations

import pytest

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
