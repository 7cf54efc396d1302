"""Which addresses the sandbox sends to, and which it refuses whatever they are called."""

import asyncio
from ipaddress import ip_address, ip_network

import pytest

from sandbox.outgoing import AddressRefused, Outgoing, is_public
from sandbox.settings import Level, Settings

PUBLIC = "93.184.215.14"
LOCAL = Settings(port=8080, public_url="http://127.0.0.1:8080")
HOSTED = Settings(
    port=8080, host="0.0.0.0", public_url="https://sandbox.example.nhs.uk", level=Level.PLATFORM
)


def refusal(settings: Settings, url: str, workspace: str | None = None) -> str | None:
    """Why an address is refused; None where it is not."""
    try:
        asyncio.run(Outgoing.of(settings).check(url, workspace))
    except AddressRefused as problem:
        return str(problem)
    return None


class Names(dict[str, list[str]]):
    """What names resolve to; any other resolves to `anything`, or not at all."""

    anything: list[str] | None = None


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    known = Names()

    async def resolve(host: str, _port: int) -> list[object]:
        found = known.get(host, known.anything)
        if found is None:
            raise AddressRefused(f"the name {host} does not resolve")
        return [ip_address(each) for each in found]

    monkeypatch.setattr("sandbox.outgoing._resolve", resolve)
    return known


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/events",
        "http://127.8.9.10/",
        "https://localhost/events",
        "http://[::1]:9000/",
        "http://[::ffff:127.0.0.1]:9000/",
        "http://127.0.0.1:8080/w/mine/receiver/v1/events",
    ],
)
def test_on_ones_own_machine_loopback_is_reached(url: str) -> None:
    assert refusal(LOCAL, url, "mine") is None


NOWHERE = [
    "http://192.168.0.1/events",
    "http://10.0.0.1/",
    "http://0.0.0.0/",
    "http://0.0.0.0:9000/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://127.0.0.1@example.org/",
    "http://user:pass@127.0.0.1/",
    "http://@127.0.0.1/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:80x/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.0.01/",
    "http://127.0.0.1./",
    "http://localhost./",
    "http://%31%32%37.0.0.1/",
    "http://127。0。0。1/",
    "http://①②⑦.0.0.1/",
    "http://[::1%25lo]/",
    "http://[::1/",
    "http://[127.0.0.1]/",
    "http:///events",
    "http:127.0.0.1/",
    "//127.0.0.1/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "unix:///run/docker.sock",
    "javascript:alert(1)",
    "http://127.0.0.1\\@example.org/",
    "http://127.0.0.1/\r\nX-Injected: 1",
    "http://127.0.0.1/ events",
    "http://127.0.0.1/#fragment",
    "http://127.0.0.1:9000/" + "a" * 2048,
    "",
]


@pytest.mark.parametrize("url", NOWHERE)
def test_hostile_addresses_are_refused(url: str, names: Names) -> None:
    # Whatever is taken for a name has a public address: the form alone is against it.
    names.anything = [PUBLIC]
    names["localhost"] = ["127.0.0.1"]

    assert refusal(LOCAL, url)
    assert refusal(HOSTED, url.replace("http:", "https:"))


@pytest.mark.parametrize(
    "url",
    [
        "http://supplier.example.org/events",
        "http://localhost.example.org/",
        "http://127.0.0.1.example.org/",
    ],
)
def test_on_ones_own_machine_no_name_is_asked_for_but_localhost(url: str, names: Names) -> None:
    names.anything = ["127.0.0.1"]

    assert "is a name" in str(refusal(LOCAL, url))


@pytest.mark.parametrize(
    "settings", [LOCAL, HOSTED, Settings(port=8080, allowed_networks=(ip_network("0.0.0.0/0"),))]
)
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/control/v1/workspaces",
        "http://localhost:8080/control/v1/reset",
        "http://127.9.9.9:8080/",
        "http://[::ffff:127.0.0.1]:8080/control/v1/reset",
        "http://127.0.0.1:8080/w/mine/receiver/v1/../../../control/v1/reset",
        "http://127.0.0.1:8080/w/other/receiver/v1/events",
        "https://sandbox.example.nhs.uk/control/v1/reset",
    ],
)
def test_the_sandbox_does_not_call_itself(settings: Settings, url: str, names: Names) -> None:
    names["localhost"] = ["127.0.0.1"]

    assert refusal(settings, url, "mine")


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["172.16.0.1"],
        ["192.168.1.1"],
        ["100.64.0.1"],
        ["100.100.100.200"],
        ["169.254.169.254"],
        ["168.63.129.16"],
        ["192.0.0.192"],
        ["198.18.0.1"],
        ["0.0.0.0"],
        ["224.0.0.1"],
        ["240.0.0.1"],
        ["255.255.255.255"],
        ["::"],
        ["::1"],
        ["::127.0.0.1"],
        ["fe80::1"],
        ["fec0::1"],
        ["fd00:ec2::254"],
        ["ff02::1"],
        ["::ffff:10.0.0.1"],
        ["::ffff:0:127.0.0.1"],
        ["64:ff9b::a9fe:a9fe"],
        ["64:ff9b:1::7f00:1"],
        ["2002:7f00:1::"],
        ["2002:a9fe:a9fe::1"],
        ["2001:0:7f00:1::f5ff:fffe"],
        ["2600::5efe:10.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
    ],
)
def test_what_a_name_resolves_to_is_checked_and_not_told(
    addresses: list[str], names: Names
) -> None:
    names["supplier.example.org"] = addresses

    told = refusal(HOSTED, "https://supplier.example.org/events")

    assert told
    assert not any(address in told for address in addresses)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_a_hosted_sandbox_sends_to_public_addresses_over_https(address: str, names: Names) -> None:
    names["supplier.example.org"] = [address]

    assert is_public(ip_address(address))
    assert refusal(HOSTED, "https://supplier.example.org/events") is None
    assert refusal(HOSTED, "https://supplier.example.org:8443/events") is None
    assert refusal(HOSTED, "https://xn--spplier-n2a.example.org/") == (
        "the name xn--spplier-n2a.example.org does not resolve"
    )
    assert "use https" in str(refusal(HOSTED, "http://supplier.example.org/events"))
    assert "port 22" in str(refusal(HOSTED, "https://supplier.example.org:22/events"))


def test_a_network_that_is_allowed_is_reached_over_plain_http_and_nothing_beside_it(
    names: Names,
) -> None:
    settings = Settings(level=Level.PLATFORM, allowed_networks=(ip_network("10.20.0.0/16"),))
    names |= {"test-net.example.org": ["10.20.3.4"], "public.example.org": ["93.184.215.14"]}

    assert refusal(settings, "http://test-net.example.org:25/events") is None
    assert refusal(settings, "http://10.20.255.255/") is None
    assert refusal(settings, "http://10.21.0.0/")
    assert "use https" in str(refusal(settings, "http://public.example.org/"))
    assert refusal(settings, "https://public.example.org/") is None
