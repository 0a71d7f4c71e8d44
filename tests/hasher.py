"""The hasher of passwords in tests: the real one, as light as it can be."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class LightArgon2(Argon2PasswordHasher):
    """Argon2id that costs next to nothing."""

    time_cost, memory_cost, parallelism = 1, 8, 1
