"""What there is once: how the first person gets in, and what tells the master key of this database."""

from __future__ import annotations

from django.db import models


class Setup(models.Model):
    """One row: how the first person gets in. ``digest`` is the hash of the token that was printed last."""

    digest = models.CharField(max_length=64, blank=True)
    expires = models.DateTimeField(null=True)
    wrong = models.PositiveSmallIntegerField(default=0)  # wrong tokens since it was printed
    done = models.BooleanField(default=False)  # once true it stays true: set-up never opens again

    def __str__(self) -> str:
        return "done" if self.done else "open"


class KeyCheck(models.Model):
    """One row, sealed: it opens with the master key of this database, and with no other."""

    sealed = models.BinaryField(editable=False)

    def __str__(self) -> str:
        return "the key of this database"
