"""Phone numbers at rest: AES-GCM under a key with an id, so that keys can be changed without losing any."""

import base64
import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.errors import KeyMissing, SettingsError

_NONCE_BYTES: Final = 12
_REMEMBERED: Final = 4_096


class Vault:
    """Seals with the current key and opens with any key it holds."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """Take 16- or 32-byte keys by id; ids have no dot."""
        if current not in keys:
            raise SettingsError(f"there is no encryption key with the id {current!r}")
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = current
        # A number is sealed into each thing that is kept of its customer, and they lie beside its keyed hash:
        # the same sealed text for all of them tells nothing new.
        self._seal = lru_cache(_REMEMBERED)(self._sealed)
        self._open = lru_cache(_REMEMBERED)(self._opened)

    def seal(self, number: str) -> str:
        """Encrypt a number: `keyid.base64`."""
        return self._seal(number)

    def _sealed(self, number: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._keys[self._current].encrypt(nonce, number.encode(), None)
        return f"{self._current}.{base64.b64encode(sealed).decode()}"

    def open(self, sealed: str) -> str:
        """Decrypt a number. Raises KeyMissing where its key is missing or is not the one it was sealed by."""
        return self._open(sealed)

    def _opened(self, sealed: str) -> str:
        key_id, _, text = sealed.partition(".")
        if key_id not in self._keys:
            raise KeyMissing(f"numbers are sealed under the key {key_id!r}, which is not in the settings")
        raw = base64.b64decode(text)
        try:
            return self._keys[key_id].decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None).decode()
        except InvalidTag:
            raise KeyMissing(f"the key {key_id!r} is not the one that numbers were sealed under") from None

    def stale(self, sealed: str) -> bool:
        """Tell whether a number is sealed under an older key than the current one."""
        return not sealed.startswith(f"{self._current}.")
