from __future__ import annotations

import hashlib
import uuid

import shortuuid
from hypothesis import given
from hypothesis import strategies as st

from indexer import ids


def test_an_asset_id_is_a_version_8_uuid_of_its_content() -> None:
    digest = hashlib.sha256(b"photo").digest()
    text = ids.asset_id(digest)
    assert ids.ASSET_ID.fullmatch(text)
    value = shortuuid.decode(text.removeprefix("asset_"))
    assert value.version == 8
    assert value.variant == uuid.RFC_4122
    kept = ~(0xF << 76 | 0x3 << 62)
    assert value.int & kept == int.from_bytes(digest[:16], "big") & kept
    assert ids.asset_id(digest) == text


@given(st.binary(min_size=32, max_size=32))
def test_ids_are_written_as_shortuuid_writes_them(digest: bytes) -> None:
    text = ids.asset_id(digest).removeprefix("asset_")
    assert shortuuid.encode(shortuuid.decode(text)) == text


def test_a_counter_gives_other_ids() -> None:
    digest = hashlib.sha256(b"photo").digest()
    assert len({ids.asset_id(digest, counter) for counter in range(100)}) == 100


def test_a_device_id_does_not_tell_the_machine() -> None:
    assert ids.device_id("0123456789abcdef").startswith("device_")
    assert "0123" not in ids.device_id("0123456789abcdef")
