"""Passwords: what may be one, and how it is kept: an Argon2id hash, which takes 64 MB and about 50 ms to compute."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hookline.errors import InvalidValue

SHORTEST, LONGEST = 12, 1024
_hasher = PasswordHasher()


def hashed(password: str, name: str) -> str:
    """Return what is kept of a new password of a user. Raises `InvalidValue` where it is too easy to guess."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidValue(f"A password has {SHORTEST} to {LONGEST} characters, not {len(password)}.")
    if password.casefold() == name.casefold() or len(set(password)) < 4:
        raise InvalidValue("This password is too easy to guess: it is the user's name, or made of 3 characters.")
    return _hasher.hash(password)


@cache
def of_nobody() -> str:
    """Return the hash that passwords of users who are not there are compared with: made once, beforehand."""
    return _hasher.hash(secrets.token_urlsafe(32))


def matches(kept: str | None, password: str) -> bool:
    """Return whether a password is the one that is kept; without one, False after the time that it takes to see."""
    try:
        right = _hasher.verify(of_nobody() if kept is None else kept, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None and len(password) <= LONGEST


def is_outdated(kept: str) -> bool:
    """Return whether a hash was made with settings that are weaker than those of today."""
    return _hasher.check_needs_rehash(kept)
