"""All settings, in one place, from the environment. docs/settings.md lists PILOTHOUSE_*; a test keeps it so."""

from __future__ import annotations

import os
import re
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from clusters import exec_plugins

ROOT = Path(__file__).resolve().parent.parent


def _text(name: str, default: str = "") -> str:
    return os.environ.get(f"PILOTHOUSE_{name}", default)


def _flag(name: str) -> bool:
    return _text(name).lower() in {"1", "yes", "true", "on"}


# --- Where we keep things -------------------------------------------------------------------------------------------
# The folder of the database and the keys. Everything that must be backed up is in it.
DATA = Path(_text("DATA") or ROOT / ".data").resolve()
try:
    DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
    (DATA / ".writable").touch()
except OSError as error:
    sys.exit(f"Pilothouse cannot keep its data in {DATA}: {error.strerror}. Set PILOTHOUSE_DATA to a folder of yours.")

# The address people use. Its scheme, host and port are the only origin that may open our websockets.
URL = _text("URL", "http://127.0.0.1:8000").rstrip("/")
_origin = urlsplit(URL)
HTTPS = _origin.scheme == "https"

# Where the server listens.
BIND = _text("BIND", f"127.0.0.1:{_origin.port or 8000}")


def _keys(name: str) -> tuple[Path, list[str]]:
    """The file PILOTHOUSE_<name>_FILE, or one made once and kept beside (never in) the database; and its lines."""
    path = Path(_text(f"{name}_FILE") or DATA / f"{name.lower().replace('_', '-')}").absolute()
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    keys = [*filter(None, map(str.strip, path.read_text().splitlines()))]
    if not keys or min(map(len, keys)) < 32:
        raise ImproperlyConfigured(f"The key in {path} is too short: it needs at least 32 random characters.")
    return path, keys


# Signs sessions and tokens. PILOTHOUSE_SECRET_KEY_FILE names another file.
SECRET_KEY, *SECRET_KEY_FALLBACKS = _keys("SECRET_KEY")[1]
# Encrypts what is secret at rest (connections, second factors). PILOTHOUSE_MASTER_KEY_FILE names another file. One key
# a line: the first one seals, all of them open (see clusters/connect/keys.py and manage.py rotate_keys).
MASTER_KEY_PATH, _masters = _keys("MASTER_KEY")
if {SECRET_KEY, *SECRET_KEY_FALLBACKS} & {*_masters}:
    raise ImproperlyConfigured("The secret key and the master key must be two different keys.")

# Deploy-time switches: nobody can turn them off in the page.
READ_ONLY = _flag("READ_ONLY")  # nobody acts on any cluster
NO_TERMINAL = _flag("NO_TERMINAL")  # nobody opens a terminal
NO_DEMO = _flag("NO_DEMO")  # the demonstration is not offered

# Comma-separated networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.
TRUSTED_PROXIES = [part.strip() for part in _text("TRUSTED_PROXIES").split(",") if part.strip()]

# Unix sockets that may be connected beside the usual ones, comma-separated.
DOCKER_SOCKETS = [part.strip() for part in _text("DOCKER_SOCKETS").split(",") if part.strip()]

# The program that deploys Compose projects; empty: the plugin or the program "docker-compose" that is found.
COMPOSE = _text("COMPOSE").strip()

# The commands that kubeconfigs may name to sign in; see clusters/exec_plugins.py.
try:
    EXEC_PLUGINS = exec_plugins.read(_text("EXEC_PLUGINS"))
except ValueError as error:
    raise ImproperlyConfigured(f"PILOTHOUSE_EXEC_PLUGINS: {error}") from error

# Git servers in private networks from which builds and projects may be fetched, comma-separated: "git.lan:3000", "http://git.lan".
GIT_HOSTS = [part.strip().lower() for part in _text("GIT_HOSTS").split(",") if part.strip()]


def _forward_domain(said: str) -> str:
    """The domain (and port) below which open ports of pods have their names; "" where there is none."""
    if said == "none":
        return ""
    if not said:
        local = _origin.hostname in {"127.0.0.1", "localhost", "::1"}
        said = "localhost" if local and not HTTPS else ""
    elif not HTTPS and said.partition(":")[0] != "localhost":
        # Without https a page may set cookies for the names beside its own, ours among them.
        raise ImproperlyConfigured("PILOTHOUSE_FORWARD_DOMAIN needs an address (PILOTHOUSE_URL) with https://.")
    if said and not re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?(:[0-9]{1,5})?", said):
        raise ImproperlyConfigured("PILOTHOUSE_FORWARD_DOMAIN is not a domain, like forward.example.org.")
    return f"{said}:{_origin.port}" if said and _origin.port and ":" not in said else said


# Below this domain each open port of a pod gets a random name. Where nothing is said: localhost, on this machine alone.
FORWARD_DOMAIN = _forward_domain(_text("FORWARD_DOMAIN").lower())
FORWARD_OFF = _text("FORWARD_DOMAIN").lower() == "none"  # nobody opens any

# --- Django ---------------------------------------------------------------------------------------------------------
DEBUG = False
ALLOWED_HOSTS = sorted(
    {_origin.hostname or "127.0.0.1"}
    | ({"127.0.0.1", "localhost"} if _origin.hostname in {"127.0.0.1", "localhost"} else set())
)
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "clusters",
    "dashboard",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "dashboard.middleware.PagesPacked",  # padding and masked tokens keep their length from telling secrets
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "dashboard.middleware.headers",
    "dashboard.middleware.own_pages",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "dashboard.visible.middleware",  # inside what counts the bytes of an answer
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dashboard.middleware.people",
]
ROOT_URLCONF = "dashboard.urls"
ASGI_APPLICATION = "dashboard.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "dashboard.page.looks",
                "dashboard.accounts.frame",
            ],
            "builtins": ["dashboard.templatetags.pilothouse"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
        },
    }
]
# postgresql://user:password@host:5432/name, with libpq's own options behind "?" (sslmode, passfile). Empty: a file.
DATABASE_URL = _text("DATABASE_URL")


def _postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in {"postgresql", "postgres"} or not parts.hostname or not name:
        raise ImproperlyConfigured("PILOTHOUSE_DATABASE_URL is not like postgresql://user:password@host:5432/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "HOST": parts.hostname,
        "PORT": str(parts.port or 5432),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "OPTIONS": {"connect_timeout": 5, **dict(parse_qsl(parts.query))},
    }


DATABASES: dict[str, dict[str, Any]] = {
    "default": _postgresql(DATABASE_URL)
    if DATABASE_URL
    else {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA / "pilothouse.sqlite3",
        # A file, like the real one: a database in memory locks whole tables where this one waits for its turn.
        "TEST": {"NAME": DATA / "test.sqlite3"},
        "OPTIONS": {
            # A read that becomes a write fails at once in a deferred transaction; FULL keeps every acknowledged row.
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }
}
# In the database: it holds the counts of wrong passwords, which all processes share and a restart must not forget.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "clusters_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "static" / "dist"
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 << 20  # a YAML text of 1 MiB, and the one that its editor got
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- People and sessions --------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "dashboard.accounts.Adapter"
ACCOUNT_FORMS = {"change_password": "dashboard.password_forms.ChangeForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True  # until SESSION_COOKIE_AGE, not until the browser is closed
# Wrong passwords: counted per person and address, then per address alone. Kept in the database, so that they are
# shared by all processes and survive a restart.
ACCOUNT_RATE_LIMITS = {"login_failed": "40/10m/ip,5/10m/key"}
# Whoever signed in, or confirmed that it is them, longer ago than this is asked again before a sensitive change.
CONFIRM_SECONDS = 15 * 60
# A second factor. A passkey is enough by itself: it is the device and what unlocks it.
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ADAPTER = "dashboard.passkeys.Adapter"
MFA_FORMS = {
    "add_webauthn": "dashboard.passkeys.AddForm",
    "edit_webauthn": "dashboard.passkeys.EditForm",
    "login_webauthn": "dashboard.passkeys.LoginForm",
    "authenticate_webauthn": "dashboard.passkeys.AuthenticateForm",
}
MFA_TOTP_ISSUER = "Pilothouse"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "pilothouse_session"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "pilothouse_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [URL]

# --- What a browser may do with our pages ---------------------------------------------------------------------------
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A proxy in front ends TLS and sends plain requests on; and what else lives under our domain is not ours to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": _text("LOG_LEVEL", "WARNING").upper()},
}
