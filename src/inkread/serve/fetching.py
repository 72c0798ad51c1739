"""Pictures from elsewhere, by address: only from hosts that the operator listed, never from a private network.

The address that is connected to is the one that was checked, so that a name which resolves differently the second time
(DNS rebinding) gains nothing; every redirect is checked like the first address.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

from inkread.errors import SourceNotFound, SourceTooLarge, SourceUnreadable
from inkread.serve.bodies import Upload, safe_name
from inkread.serve.problems import BadRequest, Forbidden
from inkread.serve.settings import ServerSettings

__all__ = ["Fetcher", "is_public"]

MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)


def is_public(address: str) -> bool:
    """Whether ``address``, an IP address, lies in the public internet.

    Examples
    --------
    >>> is_public("93.184.215.14"), is_public("10.0.0.1"), is_public("::ffff:127.0.0.1"), is_public("169.254.169.254")
    (True, False, False, False)
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        # Addresses that carry an IPv4 address are judged by it: mapped, 6to4, Teredo, and NAT64's prefix.
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        if found in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


class Fetcher:
    """Fetches pictures from the hosts that the settings list.

    Parameters
    ----------
    settings
        The hosts, the time and the size.
    is_allowed
        Which IP addresses may be connected to.
    """

    def __init__(self, settings: ServerSettings, *, is_allowed: Callable[[str], bool] = is_public) -> None:
        self._settings = settings
        self._is_allowed = is_allowed

    async def fetch(self, url: object) -> Upload:
        """The picture at ``url``.

        Raises
        ------
        Forbidden
            If its host, or one that it redirects to, is not listed or lies in a private network.
        SourceError
            If it cannot be fetched, or is too large.
        """
        address = self._checked(url)
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=self._settings.url_timeout_s)
        connector = aiohttp.TCPConnector(resolver=_resolver(self._is_allowed), use_dns_cache=False, force_close=True)
        try:
            async with aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session:
                for _ in range(MOST_REDIRECTS + 1):
                    async with session.get(address, allow_redirects=False) as answer:
                        if answer.status not in _REDIRECTS:
                            return await self._content(answer, address)
                        address = self._checked(urljoin(address, answer.headers.get("Location", "")))
        except TimeoutError as error:
            raise SourceUnreadable(
                f"the picture did not come within {self._settings.url_timeout_s:g} s", source="<url>"
            ) from error
        except aiohttp.ClientError as error:
            if isinstance(error.__cause__, _NotAllowedError) or isinstance(
                getattr(error, "os_error", None), _NotAllowedError
            ):
                raise Forbidden("the host's address lies in a private network", source="<url>") from error
            raise SourceUnreadable(f"the picture cannot be fetched: {type(error).__name__}", source="<url>") from error
        raise SourceUnreadable(f"the picture's address redirects more than {MOST_REDIRECTS} times", source="<url>")

    def _checked(self, url: object) -> str:
        if not isinstance(url, str):
            raise BadRequest('a body of JSON is {"url": "https://…"}')
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError as error:
            raise BadRequest("the url is no web address") from error
        if parts.scheme not in ("http", "https") or not host or parts.username is not None:
            raise BadRequest("a url begins with https:// or http://, names a host, and holds no user")
        listed = {name.lower() for name in self._settings.url_hosts}
        if host not in listed and f"{host}:{port}" not in listed:
            raise Forbidden(
                "pictures are fetched only from hosts that the operator listed (INKREAD_URL_HOSTS); "
                "send the picture itself",
                source="<url>",
            )
        # The connector asks the resolver about names only.
        if _is_address(host) and not self._is_allowed(host):
            raise Forbidden("the host's address lies in a private network", source="<url>")
        return url

    async def _content(self, answer: Any, address: str) -> Upload:
        if answer.status in (404, 410):
            raise SourceNotFound("there is nothing at the url", source="<url>")
        if answer.status != 200:
            raise SourceUnreadable(f"the url answers with status {answer.status}", source="<url>")
        most = self._settings.max_body_bytes
        content = bytearray()
        async for part in answer.content.iter_chunked(2**16):
            content += part
            if len(content) > most:
                raise SourceTooLarge(f"the picture is larger than the limit of {most / 1e6:g} MB", source="<url>")
        return Upload(name=safe_name(urlsplit(address).path) or "<url>", content=bytes(content))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class _NotAllowedError(OSError):
    """A name resolves to an address that may not be connected to."""


def _resolver(is_allowed: Callable[[str], bool]) -> Any:
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Resolver(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=socket.AF_UNSPEC)
            addresses = [(int(kind), str(address[0])) for kind, _, _, _, address in found]
            # One private address among several is as good as all: refuse them together.
            if not addresses or not all(is_allowed(address) for _, address in addresses):
                raise _NotAllowedError(f"{host} may not be connected to")
            return [
                ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
                for kind, address in addresses
            ]

        async def close(self) -> None:
            pass

    return Resolver()
