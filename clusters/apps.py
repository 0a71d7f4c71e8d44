"""Django's handle on the domain: its models live in the table prefix ``clusters_``."""

from django.apps import AppConfig


class ClustersConfig(AppConfig):
    """The domain."""

    name = "clusters"
    default_auto_field = "django.db.models.BigAutoField"
