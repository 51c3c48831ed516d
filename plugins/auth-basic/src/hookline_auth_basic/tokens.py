"""Access tokens: long random texts, kept as digests only. Who has one is its user, as far as the token goes."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from attrs import frozen

from hookline.entities import now_ms
from hookline.errors import InvalidValue, NotFound
from hookline.interfaces import Document
from hookline_auth_basic.accounts import NAMESPACE, Accounts
from hookline_auth_basic.levels import Level

PREFIX = "hookline_"
"""What every token starts with, so that scanners for secrets know one."""
DAY_MS = 86_400_000
MAX_LABEL = 250
_USE_NOTED_MS = 3_600_000
"""How exactly the last use of a token is known."""


@frozen
class Token:
    """What is known of a token.

    Attributes:
        id: its public name. label: what its user calls it.
        level: the most that it allows; MANAGE: all that its user may do.
        created, expires, used: milliseconds since the Unix epoch; `expires` and `used` None for never.
    """

    id: str
    user: str
    label: str = ""
    level: Level = Level.MANAGE
    created: int = 0
    expires: int | None = None
    used: int | None = None


class Tokens:
    """The tokens of the users of a store. Thread safe."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts, self._documents = accounts, accounts.documents

    def create(
        self, user: str, label: str = "", *, level: Level = Level.MANAGE, days: int | None = None
    ) -> tuple[str, Token]:
        """Make a token; return it, which nobody can do again, and what is known of it.

        Args:
            days: after which it is worthless; None: never.

        Raises:
            NotFound: there is no such user. InvalidValue: a label, a level or a time that cannot be.
        """
        if len(label) > MAX_LABEL:
            raise InvalidValue(f"The label of a token has at most {MAX_LABEL} characters, not {len(label)}.")
        if level < Level.READ:
            raise InvalidValue("A token allows READ, USE, EDIT or MANAGE at most.")
        if days is not None and not 1 <= days <= 36_500:
            raise InvalidValue(f"A token lasts 1 to 36500 days, not {days}.")
        self._accounts.get(user)
        text = PREFIX + secrets.token_urlsafe(32)
        now = now_ms()
        token = Token(secrets.token_hex(8), user, label, level, now, None if days is None else now + days * DAY_MS)
        self._documents.put_document(NAMESPACE, _key(text), _plain(token), expected_version=0)
        return text, token

    def find(self, text: str) -> Token | None:
        """Return what is known of a token that is valid, or None; its use is noted."""
        found = self._documents.get_document(NAMESPACE, _key(text)) if text.startswith(PREFIX) else None
        if found is None:
            return None
        token, now = _token(found), now_ms()
        if token.expires is not None and token.expires <= now:
            return None
        if token.used is None or now - token.used > _USE_NOTED_MS:
            self._note_use(found, now)
        return token

    def of(self, user: str) -> Sequence[Token]:
        """Return the tokens of a user, the oldest first."""
        found = [_token(each) for each in self._documents.list_documents(NAMESPACE, "tokens/")]
        return sorted((each for each in found if each.user == user), key=lambda token: (token.created, token.id))

    def revoke(self, user: str, token_id: str) -> None:
        """Make a token of a user worthless. Raises `NotFound`."""
        for each in self._documents.list_documents(NAMESPACE, "tokens/"):
            if (each.value["user"], each.value["id"]) == (user, token_id):
                self._documents.delete_document(NAMESPACE, each.key)
                return
        raise NotFound(f"The user {user[:128]!r} has no token {token_id[:64]!r}.")

    def _note_use(self, found: Document, now: int) -> None:
        from_now = {**found.value, "used": now}
        try:
            self._documents.put_document(NAMESPACE, found.key, from_now, expected_version=found.version)
        except Exception:  # noqa: BLE001 - it was used or revoked meanwhile, or nothing can be written: it is right still
            return


def _key(text: str) -> str:
    """A digest without a password's slowness: nobody can try 2^256 tokens."""
    return f"tokens/{hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"


def _token(found: Document) -> Token:
    return Token(**{**found.value, "level": Level[found.value["level"]]})


def _plain(token: Token) -> dict[str, Any]:
    named = ("id", "user", "label", "created", "expires", "used")
    return {**{name: getattr(token, name) for name in named}, "level": token.level.name}
