"""Django's handle on the web part."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The web."""

    name = "dashboard"
    default_auto_field = "django.db.models.BigAutoField"
