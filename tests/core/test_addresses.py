"""The addresses that pages may be sent to: no private one, in any spelling of its host."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.paging.addresses import (
    INSIDE,
    NO_HTTPS,
    host_of,
    is_inside,
    is_this_machine,
    number_of,
    problem_with,
)

METADATA = int(IPv4Address("169.254.169.254"))


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        str(METADATA),
        hex(METADATA),
        "0xa9.0xfe.0xa9.0xfe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "0x7f.1",
        "0.0.0.0",  # noqa: S104  # refused here
        "0",
        "224.0.0.1",
        "metadata",
        "db.internal",
        "db.internal.",
        "printer.local",
        "PRINTER.LOCAL",
        "a.localhost",
        "[::169.254.169.254]",
        "[::a9fe:a9fe]",
        "[::ffff:0:169.254.169.254]",
        "[64:ff9b:1::a9fe:a9fe]",
        "[2001:0:a9fe:a9fe::]",
        "[fec0::1]",
        "%31%36%39.254.169.254",
        "169.254.169.254%2eexample.com",
        "169.254.169.08",
        "0xa9fe.0xa9fe",
        "printer.lan",
        "wiki.corp",
        "wiki.intranet",
        "a.home.arpa",
        "a.private.",
        "a.localdomain",
        "wiki.%69nternal",
        "a.9a",
    ],
)
def test_a_host_inside_is_refused(host: str) -> None:
    assert problem_with(f"https://{host}/latest/meta-data/") == INSIDE


@pytest.mark.parametrize(
    "address",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://ana:secret@hooks.example.com/",
        "https://hooks.example.com@evil.example.com/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/",
        "https:///path",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\u00fc",
        "hooks.example.com",
        "https://\u200b.example.com/",
        "https://hooks.example.com/\x7f",
        "https://hooks.example.com\\evil.example.com/",
        "https://[2606:4700::1111/",
        "https://hooks.example.com\\@evil.example.com/",
        "",
    ],
)
def test_an_address_without_https_is_refused(address: str) -> None:
    assert problem_with(address) == NO_HTTPS


@pytest.mark.parametrize(
    "host",
    [
        "hooks.example.com",
        "hooks.example.com.",
        "local.example.com",
        "8.8.8.8",
        "[2606:4700::1111]",
        "[64:ff9b::808:808]",
        "[2002:808:808::]",
        "[::ffff:8.8.8.8]",
        "0x-1.com",
    ],
)
def test_hosts_outside_are_taken(host: str) -> None:
    for port in ("", ":1", ":8443"):
        assert problem_with(f"https://{host}{port}/hook?x=1") is None


@pytest.mark.parametrize(
    ("host", "number"),
    [
        ("255.255.255.254", "255.255.255.254"),
        ("8.8.2056", "8.8.8.8"),
        ("8.526344", "8.8.8.8"),
        ("010.0x8.8.8", "8.8.8.8"),
        ("0377.0377.0377.1", "255.255.255.1"),
        ("0x.0.0.01", "0.0.0.1"),
        ("8.8.8.8%eth0", "8.8.8.8"),
        ("127.0.0.1%a%b", "127.0.0.1"),
    ],
)
def test_a_host_is_read_as_the_number_that_a_resolver_reads(host: str, number: str) -> None:
    assert number_of(host) == IPv4Address(number)


@pytest.mark.parametrize(
    "host",
    [
        "0x-1",
        "0x+1",
        "0x_1",
        "1_0",
        "-1",
        "08",
        "4294967296",
        "1.16777216",
        "256.1",
        "1.1.1.1.0",
        "1..1",
        "1" * 5000,
        "1" + "\u0661",
    ],
)
def test_a_host_that_ends_like_a_number_and_is_none_is_inside(host: str) -> None:
    assert number_of(host) is None
    assert is_inside(host)


def test_only_the_dots_at_the_end_of_a_name_do_not_count() -> None:
    assert is_inside("printer.LAN..")
    assert not is_inside("printer.LANX")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"])
def test_this_machine_is_accepted_only_on_request(host: str) -> None:
    assert problem_with(f"https://{host}:9001/2018-06-01/runtime") == INSIDE
    assert problem_with(f"http://{host}:9001/2018-06-01/runtime") == NO_HTTPS
    for scheme in ("http", "https"):
        assert problem_with(f"{scheme}://{host}:9001/hook", this_machine=True) is None
    assert problem_with(f"ftp://{host}:9001/hook", this_machine=True) == NO_HTTPS


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.0.0.2", True), ("::1", True), ("10.0.0.1", False), ("a.localhost", False)],
)
def test_whether_a_host_is_this_machine(host: str, *, expected: bool) -> None:
    assert is_this_machine(host) is expected


def test_no_other_private_host_is_allowed_where_this_machine_is() -> None:
    assert problem_with("https://10.0.0.1/hook", this_machine=True) == INSIDE
    assert problem_with("http://hooks.example.com/", this_machine=True) == NO_HTTPS
    assert problem_with("https://hooks.example.com/", this_machine=True) is None


@given(some.ip_addresses(v=4))
def test_every_spelling_of_an_ipv4_address_is_that_address(found: IPv4Address) -> None:
    number = int(found)
    spellings = {
        str(found),
        str(number),
        hex(number),
        f"[::ffff:{found}]".strip("[]"),
        oct(number).replace("0o", "0"),
    }
    assert {is_inside(host) for host in spellings} == {not found.is_global or found.is_multicast}


@given(some.text(max_size=60))
def test_any_text_is_a_problem_or_an_address(text: str) -> None:
    assert problem_with(text) in {None, NO_HTTPS, INSIDE}
    assert host_of(text).isascii()


def test_a_link_shows_the_host_it_leads_to() -> None:
    assert host_of("https://wiki.example.com@evil.example.com/runbook") == "evil.example.com"
    assert host_of("https://w\u0456ki.example.com/") == "w\\u0456ki.example.com"
    for unreadable in ("https://[", "mailto:ana@example.com", ""):
        assert host_of(unreadable) == "an unreadable address"
