"""Passkeys and the question whether it is still you, in a real browser with a virtual authenticator."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import in_both_themes
from tests.server import PASSWORD, Server

pytestmark = pytest.mark.browser
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
MAKE_ADMIN = """
from django.contrib.auth import get_user_model
from clusters.models import Grant
from clusters.kinds.base import Role
user = get_user_model().objects.create_user(username="{name}", password="{password}")
Grant.objects.create(user=user, role=Role.ADMIN)
"""
AGE = """
from django.contrib.sessions.backends.db import SessionStore
from allauth.usersessions.models import UserSession
for one in UserSession.objects.filter(user__username="{name}"):
    session = SessionStore(one.session_key)
    session["confirmed"] = 1
    session.save()
"""


@pytest.fixture
def someone(server: Server, request: pytest.FixtureRequest) -> str:
    """An administrator of this test's own: what is done to the account is nobody else's."""
    name = f"pia{abs(hash(request.node.name)) % 10**8}"
    server.manage(MAKE_ADMIN.format(name=name, password=PASSWORD))
    return name


@pytest.fixture
def device(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A browser with a passkey device. Passkeys are bound to a name, so it is used at localhost, not at 127.0.0.1."""
    context = browser.new_context(base_url=f"http://localhost:{server.port}", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    yield context
    context.close()


def with_authenticator(context: BrowserContext) -> Page:
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    line.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    page.errors = errors  # type: ignore[attr-defined]
    return page


def sign_in(page: Page, name: str) -> None:
    page.goto("/account/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/account/login/" not in url)


def is_in(page: Page, name: str) -> None:
    expect(page.get_by_role("button", name=f"Signed in as {name}")).to_be_visible()


def sign_out(page: Page) -> None:
    page.goto("/account/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/login/**")


def add_passkey(page: Page, *, alone: bool = True) -> None:
    page.goto("/account/2fa/")
    page.get_by_role("link", name="Add").click()
    page.get_by_label("Sign in with it alone").set_checked(alone)
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()


def test_a_passkey_is_added_and_signs_in_alone(device: BrowserContext, someone: str) -> None:
    page = with_authenticator(device)
    sign_in(page, someone)
    add_passkey(page)
    page.goto("/account/2fa/")
    expect(page.get_by_text("My laptop")).to_be_visible()
    sign_out(page)
    page.goto("/account/login/?next=/audit/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/audit/")
    is_in(page, someone)
    assert page.errors == []  # type: ignore[attr-defined]


def test_a_passkey_that_is_no_sign_in_of_its_own_is_asked_for_after_the_password(
    device: BrowserContext, someone: str
) -> None:
    page = with_authenticator(device)
    sign_in(page, someone)
    is_in(page, someone)
    add_passkey(page, alone=False)
    sign_out(page)
    sign_in(page, someone)
    page.get_by_role("heading", name="One more step").wait_for()
    page.goto("/people/")  # half signed in is not signed in
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use your passkey").click()
    is_in(page, someone)


def test_somebody_elses_device_signs_nobody_in(
    device: BrowserContext, browser: Browser, server: Server, someone: str
) -> None:
    page = with_authenticator(device)
    sign_in(page, someone)
    add_passkey(page)
    other = browser.new_context(base_url=f"http://localhost:{server.port}")
    stranger = with_authenticator(other)
    stranger.goto("/account/login/")
    stranger.get_by_role("button", name="Sign in with a passkey").click()
    expect(stranger.locator("pass-key .errors")).to_be_visible(timeout=60_000)
    assert "/account/login/" in stranger.url
    other.close()


def test_at_a_bare_address_it_is_said_that_there_are_no_passkeys(page_for: Callable[..., Page]) -> None:
    page = page_for("vera")
    page.goto("/account/2fa/")
    expect(page.get_by_text("this address has none")).to_be_visible()
    expect(page.get_by_role("link", name="Open http://localhost")).to_be_visible()


def test_the_passkey_says_that_it_is_still_them_and_the_form_goes_on(
    device: BrowserContext, server: Server, someone: str
) -> None:
    page = with_authenticator(device)
    sign_in(page, someone)
    add_passkey(page)
    server.manage(AGE.format(name=someone))
    page.goto("/people/")
    page.get_by_label("Username").fill(f"{someone}-friend")
    page.locator('form[action="/people/add/"]').get_by_role("button").click()
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", name=f"{someone}-friend")).to_be_visible()


def test_over_a_dialog_the_question_loses_nothing_that_was_typed(
    device: BrowserContext, server: Server, someone: str
) -> None:
    page = with_authenticator(device)
    sign_in(page, someone)
    is_in(page, someone)
    server.manage(AGE.format(name=someone))
    page.goto("/people/")
    page.evaluate(
        """() => {
          const host = document.getElementById("dialog-host");
          host.innerHTML = `<dialog aria-label="Add"><form hx-post="/people/add/" hx-target="#dialog-host"><input name="name" aria-label="Who"><button>Do</button></form></dialog>`;
          window.htmx.process(host);
        }"""
    )
    dialog = page.get_by_role("dialog", name="Add")
    dialog.get_by_label("Who").fill(f"{someone}-typed")
    dialog.get_by_role("button", name="Do").click()
    question = page.get_by_role("dialog", name="Is it still you?")
    question.get_by_label("Your password").fill("wrong")
    question.get_by_role("button", name="Go on").click()
    expect(question.get_by_text("This is not your password.")).to_be_visible()
    expect(dialog.get_by_label("Who")).to_have_value(f"{someone}-typed")
    question.get_by_label("Your password").fill(PASSWORD)
    question.get_by_role("button", name="Go on").click()
    expect(question).to_have_count(0)
    page.goto("/people/")
    expect(page.get_by_role("link", name=f"{someone}-typed")).to_be_visible()


def test_signed_out_everywhere_else_means_at_once(
    device: BrowserContext, browser: Browser, server: Server, someone: str
) -> None:
    page = with_authenticator(device)
    sign_in(page, someone)
    is_in(page, someone)
    elsewhere = browser.new_context(base_url=f"http://localhost:{server.port}")
    other = elsewhere.new_page()
    sign_in(other, someone)
    is_in(other, someone)
    page.goto("/account/sessions/")
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_role("button", name="Sign out everywhere else")).to_have_count(0)
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    is_in(page, someone)
    elsewhere.close()


def test_axe_finds_nothing_on_account_pages(device: BrowserContext, server: Server, someone: str) -> None:
    page = with_authenticator(device)
    page.goto("/account/login/")
    page.locator("pass-key:not([hidden])").wait_for()
    found = in_both_themes(page)
    sign_in(page, someone)
    add_passkey(page)
    found += in_both_themes(page)
    for where in ("2fa/", "2fa/webauthn/add/", "2fa/totp/activate/", "2fa/recovery-codes/generate/", "sessions/",
                  "password/change/", "logout/", "confirm/"):  # fmt: skip
        page.goto(f"/account/{where}")
        found += in_both_themes(page)
    assert found == []
