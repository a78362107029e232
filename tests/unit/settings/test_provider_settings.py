"""A transport has what it needs, keys stay secret, and no trial reaches real people."""

from __future__ import annotations

import pytest

from perennial.bootstrap import Installation
from perennial.errors import SettingsError
from perennial.model.words import Channel
from perennial.settings import Settings, read_settings

LONG = "x" * 32
LOCAL = "http://127.0.0.1:8025"
SENDGRID = {"EMAIL_TRANSPORT": "sendgrid", "SENDGRID_API_KEY": "SG.canary"}
TWILIO = {
    "SMS_TRANSPORT": "twilio",
    "TWILIO_ACCOUNT_SID": "AC0",
    "TWILIO_AUTH_TOKEN": "canary",
    "TWILIO_MESSAGING_SERVICE": "MG0",
}
STAGING = {"PROFILE": "staging", "SECRET": LONG}
PRODUCTION = {"PROFILE": "production", "SECRET": LONG}


def settings_of(monkeypatch: pytest.MonkeyPatch, *parts: dict[str, str]) -> Settings:
    for part in parts:
        for name, value in part.items():
            monkeypatch.setenv(f"PERENNIAL_{name}", value)
    return read_settings()


def test_everything_that_a_transport_lacks_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transports = {"EMAIL_TRANSPORT": "sendgrid", "SMS_TRANSPORT": "twilio"}
    with pytest.raises(SettingsError) as refused:
        settings_of(monkeypatch, transports, PRODUCTION, {"SENDGRID_API_KEY": ""})
    for name in ("sendgrid_api_key", "twilio_account_sid", "twilio_auth_token", "twilio_from"):
        assert name in str(refused.value)


def test_a_transport_that_is_not_chosen_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_of(monkeypatch, STAGING, {"SENDGRID_HOST": "ftp://nowhere"})


LIVE = ("https://api.sendgrid.com", "https://api.eu.sendgrid.com")


@pytest.mark.parametrize("host", [*LIVE, "https://emulator.internal", "http://api.sendgrid.com"])
def test_the_demo_talks_to_this_machine_only(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """Case 46."""
    with pytest.raises(SettingsError, match="sendgrid_host"):
        settings_of(monkeypatch, SENDGRID, {"SENDGRID_HOST": host, "SENDGRID_SANDBOX": "true"})


@pytest.mark.parametrize("host", [*LIVE, "https://API.SendGrid.com:443/", "https://sendgrid.com."])
def test_staging_writes_to_nobody_by_sendgrid(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """Case 46."""
    with pytest.raises(SettingsError, match="real people"):
        settings_of(monkeypatch, STAGING, SENDGRID, {"SENDGRID_HOST": host})


def test_staging_may_use_the_sandbox_of_sendgrid(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_of(monkeypatch, STAGING, SENDGRID, {"SENDGRID_SANDBOX": "true"})


@pytest.mark.parametrize(
    "sender",
    [{}, {"TWILIO_FROM": "+15005550006"}, {"TWILIO_FROM": "+4930", "TWILIO_MESSAGING_SERVICE": ""}],
    ids=["service", "service and test number", "number"],
)
def test_staging_writes_to_nobody_by_twilio(
    monkeypatch: pytest.MonkeyPatch, sender: dict[str, str]
) -> None:
    """Case 46."""
    with pytest.raises(SettingsError, match="real people"):
        settings_of(monkeypatch, STAGING, TWILIO, sender)


def test_staging_may_use_the_test_credentials_of_twilio(monkeypatch: pytest.MonkeyPatch) -> None:
    test_number = {"TWILIO_FROM": "+15005550006", "TWILIO_MESSAGING_SERVICE": ""}
    assert settings_of(monkeypatch, STAGING, TWILIO, test_number)


@pytest.mark.parametrize(
    "profile", [{}, STAGING, PRODUCTION], ids=["demo", "staging", "production"]
)
def test_an_emulator_on_this_machine_is_always_welcome(
    monkeypatch: pytest.MonkeyPatch, profile: dict[str, str]
) -> None:
    local = {"SENDGRID_HOST": LOCAL, "TWILIO_HOST": LOCAL}
    assert settings_of(monkeypatch, profile, SENDGRID, TWILIO, local)


@pytest.mark.parametrize("host", ["http://api.sendgrid.com", "http://10.0.0.1", "api.sendgrid.com"])
def test_a_key_never_leaves_the_machine_without_tls(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    with pytest.raises(SettingsError, match="https://"):
        settings_of(monkeypatch, PRODUCTION, SENDGRID, TWILIO, {"SENDGRID_HOST": host})


def test_production_sends_for_real(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(monkeypatch, PRODUCTION, SENDGRID, TWILIO)
    assert settings.sendgrid_host == "https://api.sendgrid.com"
    assert settings.twilio_host == "https://api.twilio.com"


@pytest.mark.parametrize("key", ["SG.canary\n", "SG canary", "SG.кanary"])
def test_a_key_that_was_pasted_badly_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """Case 47."""
    with pytest.raises(SettingsError, match="sendgrid_api_key") as refused:
        settings_of(monkeypatch, PRODUCTION, SENDGRID, TWILIO, {"SENDGRID_API_KEY": key})
    assert "anary" not in str(refused.value)


def test_keys_are_masked_wherever_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 47."""
    settings = settings_of(monkeypatch, PRODUCTION, SENDGRID, TWILIO)
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert "canary" not in text


def test_a_channel_that_nobody_uses_needs_no_transport(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(monkeypatch, PRODUCTION, SENDGRID)
    assert set(Installation(settings).providers()) == {Channel.EMAIL}


def test_nothing_is_carried_where_none_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(monkeypatch, {"SMS_TRANSPORT": "none"})
    assert set(Installation(settings).providers()) == {Channel.EMAIL, Channel.WHATSAPP}


def test_outside_production_every_channel_goes_to_the_mailbox_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    providers = Installation(settings_of(monkeypatch, STAGING)).providers()
    assert {channel: p.name for channel, p in providers.items()} == dict.fromkeys(
        Channel, "mailbox"
    )


@pytest.mark.parametrize("sender", ["+15551234567", "whatsapp:+15551234567"])
def test_whatsapp_leaves_from_a_number_of_its_own_or_by_the_service(
    monkeypatch: pytest.MonkeyPatch, sender: str
) -> None:
    chosen = PRODUCTION | TWILIO | {"SMS_TRANSPORT": "none", "WHATSAPP_TRANSPORT": "twilio"}
    assert settings_of(monkeypatch, chosen)
    own = {"TWILIO_MESSAGING_SERVICE": "", "TWILIO_WHATSAPP_FROM": sender}
    providers = Installation(settings_of(monkeypatch, chosen, own)).providers()
    assert {channel: p.name for channel, p in providers.items()} == {
        Channel.WHATSAPP: "twilio_whatsapp"
    }


def test_whatsapp_without_a_sender_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = TWILIO | {"SMS_TRANSPORT": "none", "WHATSAPP_TRANSPORT": "twilio"}
    missing = {"TWILIO_HOST": LOCAL, "TWILIO_MESSAGING_SERVICE": "", "TWILIO_FROM": "+1555"}
    with pytest.raises(SettingsError, match="twilio_whatsapp_from"):
        settings_of(monkeypatch, chosen, missing)


def test_staging_writes_to_nobody_on_whatsapp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case 46."""
    chosen = {"WHATSAPP_TRANSPORT": "twilio", "SMS_TRANSPORT": "none"}
    test_number = {"TWILIO_FROM": "+15005550006", "TWILIO_WHATSAPP_FROM": "+15005550006"}
    with pytest.raises(SettingsError, match="real people"):
        settings_of(monkeypatch, STAGING, TWILIO, chosen, test_number)


def test_rates_and_requests_at_once_reach_the_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"TWILIO_CONCURRENCY": "30", "TWILIO_RATE": "12", "TWILIO_WHATSAPP_RATE": "80"}
    chosen = {"WHATSAPP_TRANSPORT": "twilio", "TWILIO_HOST": LOCAL}
    providers = Installation(settings_of(monkeypatch, TWILIO, chosen, limits)).providers()
    sms, whatsapp = providers[Channel.SMS], providers[Channel.WHATSAPP]
    assert (sms.rate, whatsapp.rate) == (12, 80)
    assert sms.batch_size * sms.concurrency <= 30
    assert whatsapp.batch_size * whatsapp.concurrency <= 30


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"SMS_TRANSPORT": "smtp"}, "smtp carries no sms"),
        (TWILIO | {"EMAIL_TRANSPORT": "twilio", "TWILIO_HOST": LOCAL}, "twilio carries no email"),
        (SENDGRID | {"SMS_TRANSPORT": "sendgrid", "SENDGRID_HOST": LOCAL}, "sendgrid carries no"),
        ({"WHATSAPP_TRANSPORT": "smtp"}, "smtp carries no whatsapp"),
    ],
)
def test_a_transport_carries_only_its_own_channel(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], named: str
) -> None:
    installation = Installation(settings_of(monkeypatch, variables))
    with pytest.raises(SettingsError, match=named):
        installation.providers()


def test_a_variable_that_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = dict.fromkeys((name.upper() for name in Settings.model_fields), "")
    assert settings_of(monkeypatch, empty) == Settings()
    assert settings_of(monkeypatch, {"SENDGRID_ASM_GROUP": ""}).sendgrid_asm_group is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("SENDGRID_BATCH", value) for value in ("0", "1001", "-1", "many")),
        *(("SENDGRID_RATE", value) for value in ("0", "-2")),
        ("SENDGRID_CONCURRENCY", "0"),
    ],
)
def test_what_sendgrid_could_not_keep_to_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=name.lower()):
        settings_of(monkeypatch, {name: value})


def test_how_much_and_how_fast_sendgrid_is_given_is_a_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = {"SENDGRID_BATCH": "500", "SENDGRID_RATE": "12.5", "SENDGRID_CONCURRENCY": "3"}
    chosen = settings_of(monkeypatch, SENDGRID, limits, {"SENDGRID_HOST": LOCAL})
    provider = Installation(chosen).providers()[Channel.EMAIL]
    assert (provider.batch_size, provider.rate, provider.concurrency) == (500, 12.5, 3)


CONNECTIONS = {
    "EMAIL_TRANSPORT": "sendgrid",
    "SENDGRID_CONNECTION": "sendgrid",
    "SMS_TRANSPORT": "twilio",
    "TWILIO_CONNECTION": "twilio",
    "TWILIO_MESSAGING_SERVICE": "MG0",
}


@pytest.mark.parametrize("profile", [{}, STAGING, PRODUCTION], ids=["demo", "staging", "live"])
def test_a_connection_stands_for_a_key_and_a_host_until_it_is_looked_up(
    monkeypatch: pytest.MonkeyPatch, profile: dict[str, str]
) -> None:
    assert settings_of(monkeypatch, CONNECTIONS, profile).sendgrid_connection == "sendgrid"


@pytest.mark.parametrize("own", [SENDGRID, {**TWILIO, "EMAIL_TRANSPORT": "mailbox"}])
def test_a_connection_beside_a_key_opens_no_way_to_real_people(
    monkeypatch: pytest.MonkeyPatch, own: dict[str, str]
) -> None:
    """Case 46."""
    with pytest.raises(SettingsError, match="_host: api"):
        settings_of(monkeypatch, CONNECTIONS, own)


def test_each_mistake_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_of(monkeypatch, {"EMAIL_TRANSPORT": "sendgrid", "SMS_TRANSPORT": "twilio"})
    starts = [line.split(":")[0] for line in str(refused.value).splitlines()]
    assert starts == [
        "sendgrid_api_key",
        "twilio_account_sid, twilio_auth_token, twilio_messaging_service or twilio_from",
        "sendgrid_host",
        "twilio_host",
    ]
