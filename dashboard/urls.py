"""Every address, in sidebar order."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, include, path, register_converter

from dashboard.compose_sorts import PROJECT, STACK, Sort
from dashboard.socket import LiveSocket
from dashboard.terminal import terminal
from dashboard.views import (
    act,
    allowed,
    audit,
    build,
    build_files,
    clean,
    cluster,
    compose,
    compose_change,
    compose_hook,
    compose_source,
    compose_versions,
    confirm,
    connect,
    convert,
    demo,
    deploy,
    files,
    health,
    home,
    image_search,
    jobs,
    joining,
    kinds,
    life,
    lists,
    log_searches,
    logs,
    namespaces,
    palette,
    patterns,
    people,
    ports,
    pull_secret,
    registries,
    registry_copy,
    repositories,
    resources,
    run,
    setup,
    ship,
    ship_targets,
    transfers,
    yaml,
    yaml_check,
)


def compose_paths(where: str, sort: Sort) -> list[URLPattern]:
    """The pages of one sort of Compose text."""
    views = (
        ("", compose.compose),
        ("check", compose.check),
        ("values", compose.values),
        ("versions", compose_versions.versions),
        ("compare", compose_versions.compare),
        ("back", compose_versions.back),
    )
    return [
        path(f"{where}{name}/" if name else where, view, {"sort": sort}, name=f"{sort.route}_{name}".rstrip("_"))
        for name, view in views
    ]


class KindName:
    """The name of a kind: "pod", or for what a cluster describes by itself "widgets.example.com"."""

    regex = r"[a-z0-9][-a-z0-9.]{0,252}"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    to_url = to_python


register_converter(KindName, "kind")

urlpatterns = [
    path("", home.home, name="home"),
    path("workloads/", lists.rows, name="workloads"),
    path("list/<kind:table>/", lists.rows, name="list"),
    path("list/<kind:table>/ids/", lists.ids, name="list_ids"),
    path("kinds/", kinds.kinds, name="kinds"),
    path("builds/", build.builds, name="builds"),
    path("builds/new/", build.new, name="build_new"),
    path("builds/files/", build_files.files, name="build_files"),
    path("builds/<slug:key>/", build.build, name="build"),
    path("builds/<slug:key>/output/", build.output, name="build_output"),
    *compose_paths("compose/", PROJECT),
    path("compose/scale/", compose_change.scale, name="compose_scale"),
    path("compose/images/", compose_change.images, name="compose_images"),
    path("compose/update/", compose_change.update, name="compose_update"),
    path("compose/source/", compose_source.source, name="compose_source"),
    path("compose/source/state/", compose_source.state, name="compose_source_state"),
    path("compose/source/check/", compose_source.check, name="compose_source_check"),
    path("compose/source/remove/", compose_source.remove, name="compose_source_remove"),
    path("hooks/compose/<slug:hook>/", compose_hook.hook, name="compose_hook"),
    *compose_paths("stacks/", STACK),
    path("registries/", registries.registries, name="registries"),
    path("registries/add/", registries.add, name="registry_add"),
    path("registries/search/", image_search.image_search, name="image_search"),
    path("registries/pull-secret/", pull_secret.pull_secret, name="pull_secret"),
    path("registries/<slug:slug>/", repositories.registry, name="registry"),
    path("registries/<slug:slug>/state/", registries.state, name="registry_state"),
    path("registries/<slug:slug>/edit/", registries.edit, name="registry_edit"),
    path("registries/<slug:slug>/remove/", registries.remove, name="registry_remove"),
    path("registries/<slug:slug>/tags/<path:name>/", repositories.repository, name="repository"),
    path("registries/<slug:slug>/tag/<path:name>/", repositories.tag, name="registry_tag"),
    path("registries/<slug:slug>/runs/<path:name>/", repositories.runs, name="registry_runs"),
    path("registries/<slug:slug>/copy/<path:name>/", registry_copy.copy, name="registry_copy"),
    path("registries/<slug:slug>/delete/<path:name>/", repositories.delete, name="registry_delete"),
    path("images/pull/", transfers.pull, name="pull"),
    path("images/push/", transfers.push, name="push"),
    path("images/load/", transfers.load, name="load"),
    path("images/load/piece/", transfers.load_piece, name="load_piece"),
    path("images/save/", transfers.save, name="save"),
    path("images/newer/", transfers.newer, name="newer"),
    path("images/names/", transfers.names, name="image_names"),
    path("images/life/", life.life, name="image_life"),
    path("images/roll-out/", life.roll_out, name="roll_out"),
    path("images/roll-out/text/", life.roll_out_text, name="roll_out_text"),
    path("images/roll-out/pull/", life.roll_out_pull, name="roll_out_pull"),
    path("activity/", home.activity, name="activity"),
    path("demo/", demo.demo, name="demo"),
    path("demo/fault/", demo.fault, name="demo_fault"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<slug:key>/", jobs.job, name="job"),
    path("jobs/<slug:key>/cancel/", jobs.cancel, name="job_cancel"),
    path("people/", people.people, name="people"),
    path("people/add/", people.add, name="person_add"),
    path("people/<int:number>/", people.person, name="person"),
    path("people/<int:number>/grant/", people.grant, name="person_grant"),
    path("people/<int:number>/revoke/<int:grant>/", people.revoke, name="person_revoke"),
    path("people/<int:number>/switch/", people.switch, name="person_switch"),
    path("people/<int:number>/link/", people.link, name="person_link"),
    path("people/<int:number>/remove/", people.remove, name="person_remove"),
    path("audit/", audit.audit, name="audit"),
    path("audit/check/", audit.check, name="audit_check"),
    path("clusters/connect/", connect.connect, name="connect"),
    path("clusters/connect/take/", connect.take, name="connect_take"),
    path("clusters/connect/paste/", connect.paste, name="connect_paste"),
    path("clusters/<slug:slug>/edit/", connect.edit, name="cluster_edit"),
    path("clusters/<slug:slug>/namespaces/", namespaces.choose, name="cluster_namespaces"),
    path("clusters/<slug:slug>/remove/", connect.remove, name="cluster_remove"),
    path("palette/", palette.palette, name="palette"),
    path("clusters/<slug:cluster>/", cluster.cluster, name="cluster"),
    path("clusters/<slug:cluster>/check/", cluster.check_again, name="cluster_check"),
    path("clusters/<slug:cluster>/yaml/", yaml.yaml, name="yaml"),
    path("clusters/<slug:cluster>/yaml/check/", yaml_check.check, name="yaml_check"),
    path("clusters/<slug:cluster>/<kind:kind>/<path:key>/", resources.resource, name="resource"),
    path("logs/", log_searches.logs, name="logs"),
    path("logs/keep/", log_searches.keep, name="log_keep"),
    path("logs/forget/<int:number>/", log_searches.forget, name="log_forget"),
    path("logs/download/", logs.download, name="log_download"),
    path("files/", files.browse, name="files"),
    path("files/download/", files.download, name="file_download"),
    path("files/upload/", files.upload, name="file_upload"),
    path("ports/", ports.ports, name="ports"),
    path("ports/open/", ports.open_one, name="port_open"),
    path("ports/end/", ports.end, name="port_end"),
    path("patterns/", patterns.patterns, name="patterns"),
    path("act/", act.act, name="act"),
    path("act/refused/", allowed.refused, name="act_refused"),
    path("ship/", ship.ship, name="ship"),
    path("ship/pull/", ship_targets.pullable, name="ship_pull"),
    path("ship/dry-run/", ship_targets.dry_run, name="ship_dry_run"),
    path("ship/load/", ship_targets.load, name="ship_load"),
    path("convert/", convert.convert, name="convert"),
    path("convert/<slug:target>/", convert.download, name="convert_download"),
    path("join/", joining.join, name="join"),
    path("join/hosts/", joining.hosts, name="join_hosts"),
    path("deploy/", deploy.deploy, name="deploy"),
    path("run/<slug:kind>/", run.run, name="run"),
    path("services/new/", run.run, {"kind": "swarm-service"}, name="service_new"),
    path("clean/<slug:cluster>/<slug:kind>/<slug:what>/<path:key>/", clean.clean, name="clean"),
    path("setup/", setup.first_account, name="setup"),
    path("welcome/<str:person>/<str:token>/", people.welcome, name="welcome"),
    path("account/confirm/", confirm.confirm, name="confirm"),
    path("account/", include("allauth.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]

websocket_urlpatterns: list[Any] = [
    path("live/", LiveSocket.as_asgi()),
    path("terminal/", terminal),  # type: ignore[arg-type]  # an ASGI application
]
