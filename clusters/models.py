"""What we keep: the clusters and registries, who may what, what was done, what takes long and what changed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from clusters.kinds.base import Role

PLATFORMS = [("docker", "Docker"), ("swarm", "Swarm"), ("kubernetes", "Kubernetes")]
COLOURS = [(name, name.capitalize()) for name in ("grey", "blue", "green", "yellow", "red", "violet")]


class Cluster(models.Model):
    """Anything we connect to: a Docker host, a Swarm or a Kubernetes cluster."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    driver = models.CharField(max_length=20)  # "docker", "kubernetes", "demo"
    platform = models.CharField(max_length=12, choices=PLATFORMS)
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)  # nothing secret
    secret = models.BinaryField(default=b"", editable=False)  # encrypted; read through connect.secrets only
    colour = models.CharField(max_length=10, choices=COLOURS, default="grey")
    production = models.BooleanField(default=False)  # asks for the name before what cannot be undone
    read_only = models.BooleanField(default=False)  # nobody acts, whatever their role
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Registry(models.Model):
    """Where images are kept, and how we and the engines sign in there."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    host = models.CharField(max_length=260, unique=True)  # as in names of images: "registry.example.com:5000"
    user = models.CharField(max_length=200, blank=True)  # "" is nobody: without signing in
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)  # nothing secret
    secret = models.BinaryField(default=b"", editable=False)  # encrypted; read through connect.secrets only
    operators_push = models.BooleanField(default=False)  # else only administrators push with these credentials
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """Who has which role where. No row, no right."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants")
    role = models.SmallIntegerField(choices=[(int(role), role.name.lower()) for role in Role if role])
    cluster = models.ForeignKey(Cluster, null=True, blank=True, on_delete=models.CASCADE)  # null: all of them
    namespaces: models.JSONField[list[str], list[str]] = models.JSONField(default=list)  # empty: all of them
    rights: models.JSONField[list[str], list[str]] = models.JSONField(default=list)  # "run", "build", "exec", …
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.user} is {Role(self.role).name.lower()} on {self.cluster or 'every cluster'}"


class AccessRevision(models.Model):
    """One row: a number that is replaced whenever anybody's rights, account or session changes (see actors.py)."""

    number = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.number)


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


class AuditEntry(models.Model):
    """Who did what and how it ended: an intent before the call, an outcome after it. Rows are only ever added.

    Each row carries the hash of the one before, so that an edit, a removal or a swap can be found.
    """

    at = models.DateTimeField()
    request = models.CharField(max_length=32, db_index=True)  # ties the outcome to its intent
    stage = models.CharField(max_length=8)  # "intent", "outcome", "denied"
    actor = models.CharField(max_length=150)  # the user's name, kept when the user is gone
    address = models.CharField(max_length=64, blank=True)
    cluster = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=80, blank=True)
    namespace = models.CharField(max_length=253, blank=True)
    name = models.CharField(max_length=253, blank=True)
    uid = models.CharField(max_length=128, blank=True)
    verb = models.CharField(max_length=40)
    result = models.CharField(max_length=20, blank=True)  # "done", "failed", "unknown"
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.kind} {self.name}"


class Job(models.Model):
    """Something that takes long. Its end is truthful: done, failed, unknown, cancelled, or interrupted by a restart."""

    key = models.CharField(max_length=32, unique=True, validators=[RegexValidator(r"^[0-9a-f]{32}$")])
    title = models.CharField(max_length=200)
    verb = models.CharField(max_length=40)
    cluster = models.ForeignKey(Cluster, null=True, on_delete=models.SET_NULL)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    state = models.CharField(max_length=12, default="running")
    reason = models.TextField(blank=True)  # why it failed, in plain words
    result: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    started = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.title


class JobLine(models.Model):
    """One line a job said. Progress of one thing overwrites its own line (``slot``)."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    text = models.TextField()
    level = models.CharField(max_length=8, default="info")
    done = models.BigIntegerField(null=True)  # of something that is counted (bytes of a layer), how much
    total = models.BigIntegerField(null=True)  # of how much; 0 while that is not known

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "number"], name="one_line_per_number")]

    def __str__(self) -> str:
        return self.text


class Build(models.Model):
    """One build of an image: what was asked, how each step went, what came of it. Secrets are not in it."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="build")
    tag = models.CharField(max_length=300, db_index=True)
    settings: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)  # BuildForm.kept
    dockerfile = models.TextField()
    steps: models.JSONField[list[Any], list[Any]] = models.JSONField(default=list)  # as graph.Step.frame gives them
    output: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)  # lines by step
    warnings: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    failure: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)  # words.Failure
    image = models.CharField(max_length=100, blank=True)  # its id
    size = models.BigIntegerField(null=True)
    seconds = models.FloatField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.tag


class Moment(models.Model):
    """One recorded change of the past; outlives the cluster's own events."""

    at = models.DateTimeField(db_index=True)
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    kind = models.CharField(max_length=80)
    namespace = models.CharField(max_length=253, blank=True)
    name = models.CharField(max_length=253)
    uid = models.CharField(max_length=128)
    what = models.CharField(max_length=40)  # "scaled", "failing", "recovered", "new version"
    words = models.CharField(max_length=300)
    level = models.SmallIntegerField(default=6)  # kinds.base.Level after it
    detail: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return self.words


class Undo(models.Model):
    """What somebody applied and may take back: as it was before, sealed. Forgotten when it is done, and after a day."""

    key = models.CharField(max_length=32, unique=True)
    at = models.DateTimeField(db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    uids = models.TextField()  # of the objects, each between spaces
    sealed = models.BinaryField(editable=False)
    size = models.PositiveIntegerField()  # bytes of what is sealed

    class Meta:
        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.cluster} {self.at}"


class LogSearch(models.Model):
    """A view of logs that somebody keeps by name: whose, what is looked for, how far back. Nobody else sees it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="log_searches")
    name = models.CharField(max_length=80)
    address = models.TextField()  # the page's own, with all of its state
    kept = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "name"], name="one_log_search_of_a_name")]

    def __str__(self) -> str:
        return self.name


class ComposeVersion(models.Model):
    """One text of a Compose project that somebody deployed, with its values; sealed, for it may hold secrets."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    project = models.CharField(max_length=63)
    number = models.PositiveIntegerField()  # of that project on that cluster, from 1
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL)  # how it went
    note = models.CharField(max_length=200, blank=True)  # what else than another text it was about
    sealed = models.BinaryField(editable=False)

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "project", "number"], name="one_compose_version_of_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.number}"


class ComposeSource(models.Model):
    """A git address that a Compose project is deployed from whenever it changes, and what came of it the last time."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE)
    project = models.CharField(max_length=63)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)  # whose rights count
    url = models.CharField(max_length=1000)
    branch = models.CharField(max_length=201, blank=True)  # or a tag; "": the main branch of that server
    path = models.CharField(max_length=300)  # of the Compose file
    ca = models.TextField(blank=True)  # the authority of the server's certificate, in PEM form
    minutes = models.PositiveIntegerField(default=0)  # between two looks; 0: not by the clock
    hook = models.CharField(max_length=32, blank=True, db_index=True)  # in the address of its webhook; "": it has none
    sealed = models.BinaryField(editable=False)  # the token, the values, and what signs the webhook
    checked = models.DateTimeField(null=True)
    commit = models.CharField(max_length=64, blank=True)  # the last one that was tried
    state = models.CharField(max_length=10, blank=True)  # "", "same", "deployed", "failed"; "wrong": that commit is
    words = models.TextField(blank=True)  # why it failed
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL)  # the last deployment

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cluster", "project"], name="one_compose_source_of_a_project")
        ]

    def __str__(self) -> str:
        return f"{self.project} from {self.url}"


class ComposeDelivery(models.Model):
    """A call of a webhook that was taken: none is taken twice."""

    source = models.ForeignKey(ComposeSource, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64)  # of its id, or of what it said
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "digest"], name="one_compose_delivery_of_a_digest")
        ]

    def __str__(self) -> str:
        return self.digest
