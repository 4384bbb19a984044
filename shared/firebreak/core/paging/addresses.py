"""Addresses that pages may be sent to: https, and a host on the public Internet."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

NO_HTTPS = "an https address"
INSIDE = "an https address of a host outside: not this machine, a private network or link-local"

# Names that DNS never delegates, or that are used inside all the same (RFC 6761, 6762, 8375, 9476).
_LOCAL_NAMES = frozenset(
    {"alt", "arpa", "corp", "home", "internal", "intranet", "lan", "local", "localdomain", "localhost"}
    | {"onion", "private"}
)
# IANA has given out no other addresses of IPv6 (RFC 4291): old ways to write IPv4 in IPv6 are outside of it.
_GLOBAL = {4: ip_network("0.0.0.0/0"), 6: ip_network("2000::/3")}
# One part of an IPv4 address as inet_aton reads it: hexadecimal, octal or decimal.
_PART = re.compile(r"0x[0-9a-f]*|0[0-7]*|[1-9][0-9]{0,9}")
# IPv4 in IPv6 by other ways than ::ffff:0:0/96, which `ipv4_mapped` knows: NAT64 (RFC 6052).
_NAT64 = int(IPv6Address("64:ff9b::")) >> 32


def problem_with(address: str, *, this_machine: bool = False) -> str | None:
    """The reason why pages cannot be sent there, as what the address should be; None when they can.

    `this_machine` allows this machine with either scheme, for receivers under test: in Lambda the
    runtime's own API listens there.
    """
    try:
        parts = urlsplit(address)
        known = parts.port is None or parts.port > 0
    except ValueError:
        return NO_HTTPS
    plain = address.isascii() and address.isprintable() and " " not in address
    if not (known and plain and parts.hostname) or "@" in parts.netloc or "\\" in address:
        return NO_HTTPS
    if this_machine and is_this_machine(parts.hostname):
        return None if parts.scheme in {"http", "https"} else NO_HTTPS
    if parts.scheme != "https":
        return NO_HTTPS
    return INSIDE if is_inside(parts.hostname) else None


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine in its usual notation; in others it counts as any host inside."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_inside(host: str) -> bool:
    """Whether a host, by name or number in any notation, is not on the public Internet."""
    host = host.rstrip(".").casefold()
    if (found := number_of(host)) is not None:
        return not found.is_global or found.is_multicast or found not in _GLOBAL[found.version]
    last = host.rpartition(".")[2]
    # A host that ends in a number is no name in DNS: some resolver may take it for an address all the same.
    return "." not in host or "%" in host or last in _LOCAL_NAMES or last[:1].isdigit()


def number_of(host: str) -> IPv4Address | IPv6Address | None:
    """The host as a number, if it is one; IPv4 inside of IPv6 is IPv4."""
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return _old_spelling(host)
    if isinstance(found, IPv6Address):
        if int(found) >> 32 == _NAT64:
            return IPv4Address(int(found) & 0xFFFFFFFF)
        return found.ipv4_mapped or found.sixtofour or found
    return found


def _old_spelling(host: str) -> IPv4Address | None:
    """IPv4 as inet_aton reads it: one to four parts, decimal, octal or hexadecimal, the last one the rest."""
    parts = host.split(".")
    if len(parts) > 4 or not all(map(_PART.fullmatch, parts)):  # noqa: PLR2004  # bytes
        return None
    *first, last = map(_as_int, parts)
    if any(one > 255 for one in first) or last >= 256 ** (4 - len(first)):  # noqa: PLR2004  # a byte
        return None
    return IPv4Address(sum(one << (24 - 8 * n) for n, one in enumerate(first)) + last)


def _as_int(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)


def host_of(address: str) -> str:
    """The host that an address really leads to, in ASCII: a link must not hide it behind a word."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        host = ""
    return host.encode("ascii", "backslashreplace").decode() or "an unreadable address"
