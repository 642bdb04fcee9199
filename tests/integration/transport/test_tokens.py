"""Tokens and certificates: who is let in, and every way of misuse that is not (security row 16, 19, 22)."""

from __future__ import annotations

import base64
import datetime
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.hub.ports import Client
from gateway.messages.codes import Role
from gateway.transport.settings import ExternalIssuer, TokenSettings, TransportSettings

from .desk import Desk
from .running_server import SECRET
from .small_places import NOON, SUPPLIER

TOKEN = "/oauth2/v2.0/token"
PEEK = "/v1.0/cim/timeseries"
CLIENT = "own-energy-supplier"
FORM = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}


def _status(desk: Desk, token: str, **headers: str) -> int:
    signed = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
    return desk.http.get(PEEK, headers=signed).status_code


def _claims(desk: Desk, **changes: Any) -> dict[str, Any]:
    settings = desk.services.settings.tokens
    claims = {
        "iss": settings.issuer,
        "aud": settings.audience,
        "azp": CLIENT,
        "roles": ["energysupplier"],
        "nbf": NOON,
        "exp": NOON + 3600,
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def _signed(desk: Desk, claims: dict[str, Any]) -> str:
    key = desk.services.issuer.key
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key, algorithms=["ES256"])


def test_a_client_gets_a_token_by_form_and_by_basic(desk: Desk) -> None:
    # GW-3
    for answer in (
        desk.http.post(TOKEN, data=FORM),
        desk.http.post(TOKEN, data={"grant_type": "client_credentials"}, auth=(CLIENT, SECRET)),
    ):
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        body = answer.json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
        assert _status(desk, body["access_token"]) == 204


@pytest.mark.sec_16
def test_a_token_says_what_it_must(desk: Desk) -> None:
    token = desk.http.post(TOKEN, data=FORM).json()["access_token"]
    keys = desk.http.get("/.well-known/jwks.json").json()["keys"]
    assert [sorted(key) for key in keys] == [["alg", "crv", "kid", "kty", "use", "x", "y"]], "public parts only"
    claims = jwt.decode(token, ECKey.import_key(keys[0]), algorithms=["ES256"]).claims
    assert (claims["azp"], claims["roles"], claims["exp"] - claims["nbf"]) == (CLIENT, ["energysupplier"], 3600)
    assert {"iss", "aud", "jti"} <= set(claims)


@pytest.mark.sec_16
@pytest.mark.parametrize(
    ("form", "auth", "status", "error"),
    [
        ({**FORM, "client_secret": "wrong"}, None, 401, "invalid_client"),
        ({**FORM, "client_id": "nobody"}, None, 401, "invalid_client"),
        ({**FORM, "client_id": ""}, None, 401, "invalid_client"),
        ({**FORM, "grant_type": "password"}, None, 400, "unsupported_grant_type"),
        ({"client_id": CLIENT, "client_secret": SECRET}, None, 400, "unsupported_grant_type"),
        ({**FORM, "client_id": [CLIENT, "nobody"]}, None, 400, "invalid_request"),
        (FORM, (CLIENT, SECRET), 400, "invalid_request"),
        ({"grant_type": "client_credentials", "client_id": "other"}, (CLIENT, SECRET), 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, ("nobody", SECRET), 401, "invalid_client"),
        ({f"field{n}": "x" for n in range(30)}, None, 400, "invalid_request"),
    ],
)
def test_no_token_for_a_wrong_form(
    desk: Desk, form: dict[str, Any], auth: tuple[str, str] | None, status: int, error: str
) -> None:
    basic = httpx.BasicAuth(*auth) if auth else httpx.USE_CLIENT_DEFAULT
    answer = desk.http.post(TOKEN, data=form, auth=basic)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_token_requests_of_another_type_or_size(desk: Desk) -> None:
    assert desk.http.post(TOKEN, json=FORM).status_code == 415
    assert desk.http.post(TOKEN, data={**FORM, "x": "y" * 20_000}).status_code == 413
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert desk.http.post(TOKEN, content=b"\xff\xfe=%ff", headers=form).status_code == 400
    assert desk.http.post(TOKEN, content=b"", headers={**form, "Authorization": "Basic !!"}).status_code == 400


@pytest.mark.sec_16
def test_a_client_without_a_secret_gets_no_token(desk: Desk) -> None:
    desk.exchange.clients["bare"] = Client("bare", SUPPLIER, Role.ENERGY_SUPPLIER)
    for secret in ("", "anything"):
        assert desk.http.post(TOKEN, data={**FORM, "client_id": "bare", "client_secret": secret}).status_code == 401


@pytest.mark.sec_16
@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "urn:elsewhere"},
        {"iss": None},
        {"aud": "urn:another"},
        {"aud": None},
        {"aud": ["urn:another"]},
        {"exp": NOON - 31},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 1e400},
        {"nbf": NOON + 31},
        {"nbf": None},
        {"azp": "nobody"},
        {"azp": None},
        {"azp": ["own-energy-supplier"]},
        {"roles": ["energysupplier", "gridoperator"]},
        {"roles": []},
        {"roles": "energysupplier"},
        {"roles": ["hero"]},
        {"roles": ["gridoperator"]},
        {"roles": [["energysupplier"]]},
        {"cnf": {"x5t#S256": "another"}},
        {"cnf": {"jwk": {}}},
        {"cnf": "x"},
    ],
)
def test_a_token_whose_claims_do_not_hold_is_401(desk: Desk, changes: dict[str, Any]) -> None:
    assert _status(desk, _signed(desk, _claims(desk, **changes))) == 401


@pytest.mark.sec_16
@pytest.mark.parametrize(
    "changes", [{"aud": ["urn:x", "urn:gridpost:hub:b2b"]}, {"exp": NOON - 29}, {"nbf": NOON + 29}]
)
def test_several_audiences_and_clocks_a_little_apart_are_good(desk: Desk, changes: dict[str, Any]) -> None:
    assert _status(desk, _signed(desk, _claims(desk, **changes))) == 204


@pytest.mark.sec_16
def test_a_token_ends_though_it_was_good_before(desk: Desk) -> None:
    token = desk.token(CLIENT)
    assert _status(desk, token) == 204
    desk.now = NOON + 3600 + 29
    assert _status(desk, token) == 204
    desk.now = NOON + 3600 + 30
    assert _status(desk, token) == 401


@pytest.mark.sec_16
def test_a_client_taken_away_is_out_at_once(desk: Desk) -> None:
    desk.exchange.clients["leaving"] = Client("leaving", SUPPLIER, Role.ENERGY_SUPPLIER)
    token = desk.token("leaving")
    assert _status(desk, token) == 204
    del desk.exchange.clients["leaving"]
    assert _status(desk, token) == 401


def _b64(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _forgeries(desk: Desk) -> dict[str, str]:
    key, claims = desk.services.issuer.key, _claims(desk)
    stranger = ECKey.generate_key("P-256", {"kid": str(key.kid)}, auto_kid=False)
    head, body, signature = _signed(desk, claims).split(".")
    widened = _b64({**claims, "roles": ["hub"]})
    return {
        "none": f"{_b64({'alg': 'none', 'kid': key.kid})}.{_b64(claims)}.",
        "None in another case": f"{_b64({'alg': 'nOnE', 'kid': key.kid})}.{_b64(claims)}.",
        "none with a signature": f"{_b64({'alg': 'none', 'kid': key.kid})}.{body}.{signature}",
        "signed with the public key as a secret": _signed_with_secret(key.as_pem(private=False), key.kid, claims),
        "signed by a stranger under our key id": jwt.encode({"alg": "ES256", "kid": key.kid}, claims, stranger),
        "signed by a stranger who sends the key along": jwt.encode(
            {"alg": "ES256", "kid": key.kid, "jwk": stranger.as_dict(private=False)}, claims, stranger
        ),
        "another body": f"{head}.{widened}.{signature}",
        "no signature": f"{head}.{body}.",
        "no key id": jwt.encode({"alg": "ES256"}, claims, key),
        "key id of a wrong type": f"{_b64({'alg': 'ES256', 'kid': ['a']})}.{body}.{signature}",
        "unknown critical header": f"{_b64({'alg': 'ES256', 'kid': key.kid, 'crit': ['x']})}.{body}.{signature}",
        "deep header": f"{_b64(b'[' * 5000)}.{body}.{signature}",
        "claims that are a list": _list_as_claims(desk),
        "not a token": "abc",
        "five parts": "a.b.c.d.e",
        "long": "a" * 20_000,
    }


def _list_as_claims(desk: Desk) -> str:
    key = desk.services.issuer.key
    return jws.serialize_compact({"alg": "ES256", "kid": key.kid}, b"[1]", key, algorithms=["ES256"])


def _signed_with_secret(secret: bytes, kid: str | None, claims: dict[str, Any]) -> str:
    signed = f"{_b64({'alg': 'HS256', 'kid': kid})}.{_b64(claims)}"
    return f"{signed}.{_b64(hmac.digest(secret, signed.encode(), 'sha256'))}"


@pytest.mark.sec_16
def test_no_forged_token_is_taken(desk: Desk) -> None:
    for name, token in _forgeries(desk).items():
        assert _status(desk, token) == 401, name


@pytest.mark.sec_16
@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "bearer x y", "Bearer\tx", "Bearer \u00e6.b.c"])
def test_other_credentials_are_401(desk: Desk, header: str) -> None:
    raw = [(b"Authorization", header.encode()), (b"Content-Type", b"application/json")]
    answer = desk.http.get(PEEK, headers=raw)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.sec_16
def test_two_tokens_at_once_are_401(desk: Desk) -> None:
    good = f"Bearer {desk.token(CLIENT)}"
    headers = [("Authorization", good), ("Authorization", good), ("Content-Type", "application/json")]
    assert desk.http.get(PEEK, headers=headers).status_code == 401


@pytest.mark.sec_20
def test_no_secret_and_no_token_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="gateway")
    caplog.set_level("DEBUG", logger="uvicorn")
    forged = _forgeries(desk)["another body"]
    _status(desk, forged)
    desk.http.post(TOKEN, data={**FORM, "client_secret": "hush-hush"})
    token = desk.bearer(CLIENT)
    desk.exchange.is_down = True
    desk.http.get(PEEK, headers={**token, "Content-Type": "application/json"})
    assert "store unavailable" in caplog.text, "the log is listened to"
    desk.exchange.is_down = False
    desk.http.get("/v1.0/cim/time%0d%0aseries%1b%E2%80%A8", headers={**token, "Content-Type": "application/json"})
    [line] = [record.getMessage() for record in caplog.records if record.name == "gateway.audit"]
    assert line.startswith("GET /v1.0/cim/time")
    assert f"by {SUPPLIER} as energy-supplier ({CLIENT}), reference id-" in line
    assert line.isprintable()
    assert forged not in caplog.text
    assert "hush-hush" not in caplog.text
    assert token["Authorization"].split()[1] not in caplog.text


OUTSIDE = "https://login.example/tenant"


@pytest.fixture(scope="module")
def outside_keys() -> dict[str, RSAKey]:
    return {kid: RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}, auto_kid=False) for kid in ("one", "two")}


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outside") / "jwks.json"


@pytest.fixture(scope="module")
def outside_desk(open_desk: Callable[[TransportSettings], Desk], key_file: Path) -> Desk:
    external = ExternalIssuer(OUTSIDE, "api://gridpost", key_file, ("RS256",))
    return open_desk(TransportSettings(tokens=TokenSettings(external=(external,))))


def _write_keys(path: Path, *keys: dict[str, Any]) -> None:
    path.write_text(json.dumps({"keys": keys}))


def _outside(desk: Desk, key: RSAKey | OctKey, alg: str = "RS256", **changes: Any) -> str:
    claims = _claims(desk, **{"iss": OUTSIDE, "aud": "api://gridpost", **changes})
    claims["nbf"], claims["exp"] = desk.now, desk.now + 3600
    return jwt.encode({"alg": alg, "kid": key.kid}, claims, key, algorithms=[alg])


@pytest.mark.sec_16
def test_an_external_issuer_counts_by_its_published_keys(
    outside_desk: Desk, outside_keys: dict[str, RSAKey], key_file: Path
) -> None:
    desk, one, two = outside_desk, outside_keys["one"], outside_keys["two"]
    assert _status(desk, _outside(desk, one)) == 401, "its keys are not there yet"
    secret = OctKey.import_key("a secret nobody should publish", {"kid": "oct"})
    _write_keys(
        key_file, dict(one.as_dict(private=False)), dict(secret.as_dict(private=True)), {"kty": "EC", "kid": "x"}
    )
    assert _status(desk, _outside(desk, one)) == 401, "asked again once a minute only"
    desk.now += 60
    assert _status(desk, _outside(desk, one)) == 204
    assert _status(desk, _outside(desk, secret, "HS256")) == 401
    assert _status(desk, _outside(desk, one, "PS256")) == 401, "an algorithm that is not pinned"
    assert _status(desk, _outside(desk, one, iss=desk.services.settings.tokens.issuer)) == 401
    assert _status(desk, _outside(desk, one, aud=desk.services.settings.tokens.audience)) == 401
    _write_keys(key_file, dict(two.as_dict(private=False)))
    desk.now += 60
    assert _status(desk, _outside(desk, two)) == 204, "keys roll over"
    key_file.write_text("{ broken")
    desk.now += 3600
    assert _status(desk, _outside(desk, two)) == 204, "the last known keys count while the file is broken"


@pytest.fixture(scope="module")
def certificate() -> bytes:
    return make_certificate(NOON)


def make_certificate(begins: int) -> bytes:
    """A self-signed certificate valid for a day, as DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a supplier")])
    start = datetime.datetime.fromtimestamp(begins, datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.DER)


def _thumbprint(certificate: bytes) -> str:
    return x509.load_der_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()


PEEK_SOAP = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b'<PeekMessageRequest xmlns="urn:www:datahub:dk:b2b:v01"/></s:Body></s:Envelope>'
)


def _soap(desk: Desk, headers: dict[str, str]) -> httpx.Response:
    return desk.http.post("/ebix", content=PEEK_SOAP, headers={"Content-Type": "text/xml", **headers})


def _registered(desk: Desk, certificate: bytes) -> None:
    client = Client("by-certificate", SUPPLIER, Role.BALANCE_RESPONSIBLE, thumbprint=_thumbprint(certificate))
    desk.exchange.clients[client.client_id] = client


def test_a_certificate_from_the_trusted_proxy_speaks_for_its_party(proxied_desk: Desk, certificate: bytes) -> None:
    # GW-3
    _registered(proxied_desk, certificate)
    standard = f":{base64.b64encode(certificate).decode()}:"
    assert _soap(proxied_desk, {"ClientCert": certificate.hex()}).status_code == 200
    assert _soap(proxied_desk, {"ClientCert": certificate.hex().upper()}).status_code == 200
    assert _soap(proxied_desk, {"Client-Cert": standard}).status_code == 200


@pytest.mark.sec_16
@pytest.mark.sec_22
def test_a_stolen_certificate_header_from_elsewhere_does_not_exist(desk: Desk, certificate: bytes) -> None:
    _registered(desk, certificate)
    for forwarded in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
        assert _soap(desk, {"ClientCert": certificate.hex(), **forwarded}).status_code == 401


@pytest.mark.sec_16
def test_certificates_that_do_not_count(proxied_desk: Desk, certificate: bytes) -> None:
    unknown = make_certificate(NOON)
    assert _soap(proxied_desk, {"ClientCert": unknown.hex()}).status_code == 401
    _registered(proxied_desk, certificate)
    both = {"ClientCert": certificate.hex(), "Client-Cert": f":{base64.b64encode(unknown).decode()}:"}
    for headers in (both, {"ClientCert": "zz"}, {"ClientCert": ""}, {"ClientCert": "ab" * 9000}):
        assert _soap(proxied_desk, headers).status_code == 401
    proxied_desk.now = NOON - 1
    assert _soap(proxied_desk, {"ClientCert": certificate.hex()}).status_code == 401, "not valid yet"
    proxied_desk.now = NOON + 86_400
    assert _soap(proxied_desk, {"ClientCert": certificate.hex()}).status_code == 401, "no longer valid"


@pytest.mark.sec_16
def test_a_token_asked_for_with_a_certificate_is_worth_nothing_without_it(
    proxied_desk: Desk, certificate: bytes
) -> None:
    shown = {"ClientCert": certificate.hex()}
    token = proxied_desk.http.post(TOKEN, data=FORM, headers=shown).json()["access_token"]
    assert _status(proxied_desk, token, **shown) == 204
    assert _status(proxied_desk, token) == 401
    assert _status(proxied_desk, token, ClientCert=make_certificate(NOON).hex()) == 401
