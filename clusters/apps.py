"""Django's handle on the domain: its models live in the table prefix ``clusters_``."""

from django.apps import AppConfig


class ClustersConfig(AppConfig):
    """The domain."""

    name = "clusters"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """From now on, a change to anybody's rights is noticed."""
        from clusters import actors

        actors.watch_changes()
