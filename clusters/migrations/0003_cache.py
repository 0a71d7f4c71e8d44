"""The table of Django's database cache (see CACHES in the settings)."""

from django.core.management import call_command
from django.db import migrations


def create(apps, editor):
    call_command("createcachetable", database=editor.connection.alias, verbosity=0)


def drop(apps, editor):
    editor.execute("DROP TABLE IF EXISTS clusters_cache")


class Migration(migrations.Migration):
    dependencies = [("clusters", "0002_audit_is_only_added_to")]
    operations = [migrations.RunPython(create, drop)]
