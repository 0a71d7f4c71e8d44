"""The database itself refuses to change or remove an audit row."""

from django.db import migrations

TABLE = "clusters_auditentry"
SQLITE = [
    f"""CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE}
        BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"""
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    f"""CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the audit is only added to'; END $$""",
    f"""CREATE TRIGGER {TABLE}_only_added_to BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()""",
]
UNDO_SQLITE = [f"DROP TRIGGER IF EXISTS {TABLE}_no_{verb}" for verb in ("update", "delete")]
UNDO_POSTGRESQL = [f"DROP TRIGGER IF EXISTS {TABLE}_only_added_to ON {TABLE}", f"DROP FUNCTION IF EXISTS {TABLE}_refuse()"]


def _run(editor, sqlite, postgresql):
    for statement in postgresql if editor.connection.vendor == "postgresql" else sqlite:
        editor.execute(statement)


def protect(apps, editor):
    _run(editor, SQLITE, POSTGRESQL)


def unprotect(apps, editor):
    _run(editor, UNDO_SQLITE, UNDO_POSTGRESQL)


class Migration(migrations.Migration):
    dependencies = [("clusters", "0001_initial")]
    operations = [migrations.RunPython(protect, unprotect)]
