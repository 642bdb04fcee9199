"""The transport's small parts: error codes, secrets, media types, keys."""

from __future__ import annotations

import asyncio
import hashlib
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from lxml import etree
from starlette.datastructures import Headers

from gateway.messages.codes import Dialect
from gateway.messages.findings import Finding
from gateway.transport.client_secrets import hash_secret, new_secret, secret_matches
from gateway.transport.error_bodies import EBIX_CODES, clean_text, ebix_code, error_body
from gateway.transport.keys import KEY_FILE, AddressKeys, signing_key
from gateway.transport.media_types import accepted_types, stated_dialect
from gateway.transport.settings import TokenSettings


def test_every_synchronous_code_has_its_ebix_name() -> None:
    # dk-messages §5
    by_ebix: dict[str, list[str]] = {}
    for code, ebix in EBIX_CODES.items():
        by_ebix.setdefault(ebix, []).append(code)
    assert by_ebix == {
        "B2B-002": ["00001", "00402"],
        "B2B-003": ["00101", "00201", "00305"],
        "B2B-005": ["00302"],
        "B2B-006": ["00401", "00403"],
        "B2B-007": ["00301"],
        "B2B-008": ["00002"],
        "B2B-009": ["00102", "00202", "00205"],
        "B2B-010": ["00003"],
        "B2B-011": ["00303", "00304"],
    }
    assert ebix_code("E86") == "E86"
    assert ebix_code("malformed") == "B2B-005"


@pytest.mark.parametrize("dialect", Dialect)
def test_an_error_body_is_readable_whatever_the_text(dialect: Dialect) -> None:
    hostile = "".join(map(chr, [*range(0x300), 0x2028, 0x2029, 0xD800, 0xDFFF, 0xFEFF, 0xFFFE, 0xFFFF, 0x10FFFF]))
    body = error_body((Finding(hostile[:20], hostile, target=hostile),), dialect)
    if dialect is Dialect.CIM_JSON:
        assert json.loads(body)["Error"]["Message"] == clean_text(hostile)
    else:
        assert etree.fromstring(body).tag == "Error"


def test_clean_text_keeps_what_people_write_and_drops_what_terminals_obey() -> None:
    assert clean_text("Målepunkt 57 \u2013 “ukendt” €\t\U0001f50c") == "Målepunkt 57 \u2013 “ukendt” €\t\U0001f50c"
    assert clean_text("a\x1b[2J\u202eb\u2028c\x00") == "a\ufffd[2J\ufffdb\ufffdc\ufffd"


def test_secrets_are_kept_as_hashes_and_told_apart() -> None:
    secret = new_secret()
    stored = hash_secret(secret)
    assert secret not in stored
    assert stored != hash_secret(secret), "each with a salt of its own"
    assert secret_matches(secret, stored)
    for wrong in ("", secret[:-1], secret + "x", "\ud800"):
        assert not secret_matches(wrong, stored)
    assert not secret_matches("", ""), "a client without a secret is never proved by one"
    assert not secret_matches(secret, "plain text")


def test_an_unknown_client_costs_what_a_known_one_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    # security row 19
    stored = hash_secret("known")
    secret_matches("warm up", "")
    asked: list[tuple[object, ...]] = []
    scrypt = hashlib.scrypt

    def noting(password: bytes, **cost: Any) -> bytes:
        asked.append((cost["n"], cost["r"], cost["p"], cost["dklen"], len(cost["salt"])))
        return scrypt(password, **cost)

    monkeypatch.setattr(hashlib, "scrypt", noting)
    for secret_hash in (stored, "", "not a hash"):
        secret_matches("known", secret_hash)
    assert len(asked) == 3
    assert len(set(asked)) == 1


@pytest.mark.parametrize(
    ("headers", "dialect"),
    [
        ([("content-type", "APPLICATION/XML ; charset=x")], Dialect.CIM_XML),
        ([("content-type", "text/plain"), ("accept", "application/xml")], None),
        ([("content-type", "application/xml"), ("content-type", "application/json")], None),
        ([("content-type", "application/ebix"), ("accept", "application/json")], Dialect.EBIX_XML),
        ([("accept", "application/json;q=0.1, application/ebix;q=0.2")], Dialect.EBIX_XML),
        ([("accept", "application/json;q=0")], None),
        ([("accept", "application/json;q=high")], None),
        ([("accept", "*/*")], None),
        ([], None),
    ],
)
def test_the_dialect_a_request_states(headers: list[tuple[str, str]], dialect: Dialect | None) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    assert stated_dialect(Headers(raw=raw)) is dialect


def test_accepted_types_come_best_first() -> None:
    accept = Headers({"accept": "text/csv;q=0.3, application/json, text/html;q=0.9"})
    assert accepted_types(accept) == ["application/json", "text/html", "text/csv"]


def test_clocks_may_not_be_further_apart_than_a_minute() -> None:
    with pytest.raises(ValueError, match="60"):
        TokenSettings(skew=61)


def test_the_signing_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    assert signing_key(tmp_path).thumbprint() == key.thumbprint()
    assert key.kid == key.thumbprint()
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_processes_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    code = "import sys, pathlib, gateway.transport.keys as k; print(k.signing_key(pathlib.Path(sys.argv[1])).kid)"
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert len({process.communicate()[0] for process in started}) == 1
    assert all(process.returncode == 0 for process in started)


def test_keys_behind_an_address() -> None:
    """Fetched once, kept while the issuer is out of reach, asked for an unknown key at most once a minute."""
    key = ECKey.generate_key("P-256", {"kid": "one"}, auto_kid=False)
    weak = {"kty": "RSA", "kid": "weak", "e": "AQAB", "n": "w" * 171}  # 1024 bits
    published = {"keys": [key.as_dict(private=False), weak, {"kty": "oct", "kid": "two", "k": "c2VjcmV0"}, {"kid": 7}]}
    answers = [httpx.Response(200, json=published), httpx.Response(500), httpx.Response(200, content=b"[" * 99)]
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return answers[len(asked) - 1]

    async def find_all() -> list[bool]:
        source = AddressKeys("https://login.example/keys", httpx.MockTransport(answer))
        times = [("one", 0), ("weak", 1), ("weak", 60), ("one", 3659), ("one", 3660), ("two", 3661)]
        return [await source.find(kid, now) is not None for kid, now in times]

    assert asyncio.run(find_all()) == [True, False, False, True, True, False]
    assert asked == ["https://login.example/keys"] * 3


def test_keys_are_fetched_over_https_only() -> None:
    with pytest.raises(ValueError, match="https"):
        AddressKeys("http://login.example/keys")
