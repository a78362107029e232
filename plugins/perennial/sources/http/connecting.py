"""Makes the adapter of a shop's API, with the key that it asks for."""

from __future__ import annotations

import time
from collections.abc import Callable

from pydantic import SecretStr
from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from perennial.errors import SourceError
from perennial.sources.http.api import Api
from perennial.sources.http.api_key import ApiKey
from perennial.sources.http.api_map import ApiShop, Kind
from perennial.sources.http.client import ApiClient, Patience


def connect(
    shop: ApiShop,
    key: ApiKey,
    *,
    patience: Patience | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Api:
    """The adapter of a shop's API; `pause` waits so many seconds.

    Raises:
        SourceError: the key is missing or refused.
    """

    def client(name: str, url: str, auth: AuthBase | None) -> ApiClient:
        return ApiClient(name, url, auth, patience=patience, pause=pause)

    match shop.kind:
        case Kind.ECWID:
            from perennial.sources.http.ecwid import Ecwid

            bearer = f"Bearer {_secret(key, _ECWID_SECRET)}"
            auth = _HeaderAuth("Authorization", bearer)
            url = f"{shop.url}/api/v3/{shop.store}"
            return Ecwid(client(Ecwid.name, url, auth))
        case Kind.WOOCOMMERCE:
            from perennial.sources.http.woocommerce import WooCommerce

            secret = _secret(key, _WOOCOMMERCE_SECRET)
            pair = HTTPBasicAuth(_key(key, _WOOCOMMERCE_KEY), secret)
            return WooCommerce(client(WooCommerce.name, shop.url, pair))
        case Kind.SHOPIFY:
            from perennial.sources.http.shopify import Shopify

            token = _shopify_token(key, client(Shopify.name, shop.url, None))
            auth = _HeaderAuth("X-Shopify-Access-Token", token)
            return Shopify(client(Shopify.name, shop.url, auth), shop.version)


class _HeaderAuth(AuthBase):
    """A token in a header; being an auth, it is not replaced by what a .netrc file holds."""

    def __init__(self, header: str, value: str) -> None:
        self._header = header
        self._value = value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers[self._header] = self._value
        return request


def _shopify_token(key: ApiKey, client: ApiClient) -> str:
    """The token of an app that has one, else one that lasts a day, for its client id and secret."""
    secret = _secret(key, _SHOPIFY_SECRET)
    if key.key is None or not key.key.get_secret_value():
        return secret
    path = "/admin/oauth/access_token"
    body = {
        "client_id": key.key.get_secret_value(),
        "client_secret": secret,
        "grant_type": "client_credentials",
    }
    try:
        said = client.post(path, body, lambda _: None).data
    finally:
        client.close()
    token = said.get("access_token") if isinstance(said, dict) else None
    if not isinstance(token, str) or not token:
        raise client.fail(path, "the answer holds no `access_token`.")
    return token


def _secret(key: ApiKey, what: str) -> str:
    return _filled(key.secret, f"PERENNIAL_SOURCE_API_SECRET is not set: {what}")


def _key(key: ApiKey, what: str) -> str:
    return _filled(key.key, f"PERENNIAL_SOURCE_API_KEY is not set: {what}")


def _filled(value: SecretStr | None, problem: str) -> str:
    if value is None or not value.get_secret_value():
        raise SourceError(problem)
    return value.get_secret_value()


_ECWID_SECRET = "Ecwid's secret token, secret_…, belongs there."  # noqa: S105 - a sentence
_WOOCOMMERCE_KEY = "WooCommerce's consumer key, ck_…, belongs there."
_WOOCOMMERCE_SECRET = "WooCommerce's consumer secret, cs_…, belongs there."  # noqa: S105 - a sentence
_SHOPIFY_SECRET = (
    "Shopify's access token, shpat_…, belongs there; or the app's client secret, with its client id in"  # noqa: S105 - a sentence
    " PERENNIAL_SOURCE_API_KEY."
)
