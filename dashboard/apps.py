"""Django's handle on the web part."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """The web."""

    name = "dashboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """From now on, who signs in and out is recorded."""
        from dashboard import accounts

        accounts.watch_sign_ins()
