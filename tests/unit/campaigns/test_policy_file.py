"""policy.yaml says who may be written to, and every mistake in it is shown in its place."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from perennial.campaigns.policy_file import read_policy
from perennial.campaigns.policy_schema import policy_schema, reference_text, schema_text
from perennial.errors import PolicyError
from perennial.model.policy import ContentMix, DoubleOptIn, Hours, Limit, Place, Policy, YearDay
from perennial.model.warm_up import WarmUp
from perennial.model.words import Channel
from perennial.settings import PROJECT

SHIPPED = PROJECT / "policy.yaml"
A_RULE = "quiet_hours:\n  rules:\n    - name: a law\n      from: 2026-01-01\n"
HOURS = '      opens: "10:00"\n      closes: "18:00"\n'


def policy_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def read(tmp_path: Path, text: str) -> Policy:
    return read_policy(policy_file(tmp_path, text), campaigns=["win_back", "birthday"])


def faults_of(tmp_path: Path, text: str) -> list[str]:
    path = policy_file(tmp_path, text)
    with pytest.raises(PolicyError) as caught:
        read_policy(path, campaigns=["win_back", "birthday"])
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def test_the_policy_of_the_repository_is_read() -> None:
    policy = read_policy(SHIPPED)

    assert policy.global_holdout == Decimal("0.05")
    assert policy.caps.promotional_per_week == 3
    assert policy.quiet_hours.closes == time(20)
    assert policy.sunset_after is None
    assert policy.budget.limits("win_back") == {}


@pytest.mark.parametrize(
    ("region", "day", "hours"),
    [
        (None, date(2026, 6, 14), Hours(time(12), time(17))),
        ("OH", date(2026, 6, 10), Hours(time(8), time(21))),
        ("FL", date(2026, 6, 10), Hours(time(8), time(20))),
        ("OK", date(2026, 6, 10), Hours(time(8), time(20))),
        ("CT", date(2026, 6, 10), Hours(time(9), time(20))),
        ("TX", date(2026, 6, 13), Hours(time(9), time(21))),
        ("TX", date(2026, 6, 14), Hours(time(12), time(21))),
        ("RI", date(2026, 6, 12), Hours(time(9), time(18))),
        ("RI", date(2026, 6, 13), Hours(time(10), time(17))),
    ],
)
def test_the_repository_ships_the_rules_for_texts_in_the_united_states(
    region: str | None, day: date, hours: Hours
) -> None:
    place = Place(("America/New_York",), "US", region)
    rules = [
        rule.hours
        for rule in read_policy(SHIPPED).quiet_hours.rules
        if rule.concerns(place, Channel.SMS) and rule.holds_on(day) and rule.hours
    ]

    assert Hours(max(h.opens for h in rules), min(h.closes for h in rules)) == hours


def test_the_laws_about_texts_leave_emails_alone() -> None:
    place = Place(("America/Chicago",), "US", "TX")

    assert not [
        rule.name
        for rule in read_policy(SHIPPED).quiet_hours.rules
        if rule.concerns(place, Channel.EMAIL)
    ]


def test_what_is_left_out_has_the_defaults_of_the_model(tmp_path: Path) -> None:
    assert read(tmp_path, "caps: {promotional_per_day: 1}\n") == Policy()


def test_everything_that_can_be_written_is_read(tmp_path: Path) -> None:
    policy = read(
        tmp_path,
        """\
caps: {promotional_per_day: 2, promotional_per_week: 5, days_between_surveys: 30, discounts_per_30_days: 1,
       content_mix: {messages: 4, discounts: 2}}
global_holdout: 2.5%
sunset_after: 365d
double_opt_in: {countries: [DE, AT], from: 2027-01-01, expires_after: 5d}
soft_opt_in: {GB: {days: 730}, NO: {days: 365}}
quiet_hours:
  opens: 08:00
  closes: "21:30"
  rules:
    - name: France
      country: FR
      regions: [IDF]
      channels: [sms]
      weekdays: [sunday]
      holidays: ["12-25", 2027-04-05]
      from: 2026-01-01
      until: "2027-12-31"
budget:
  money: 900
  sms_segments: 60000
  campaigns:
    win_back: {money: "12.50"}
""",
    )
    (rule,) = policy.quiet_hours.rules

    assert policy.caps.discounts_per_30_days == 1
    assert policy.caps.content_mix == ContentMix(messages=4, discounts=2)
    assert policy.global_holdout == Decimal("0.025")
    assert policy.sunset_after == timedelta(days=365)
    assert policy.double_opt_in == DoubleOptIn(
        countries=frozenset({"DE", "AT"}),
        starts_on=date(2027, 1, 1),
        expires_after=timedelta(days=5),
    )
    assert policy.soft_opt_in == {"GB": timedelta(days=730), "NO": timedelta(days=365)}
    assert (policy.quiet_hours.opens, policy.quiet_hours.closes) == (time(8), time(21, 30))
    assert rule.hours is None
    assert rule.ends_on == date(2027, 12, 31)
    assert rule.holidays == {YearDay(12, 25), date(2027, 4, 5)}
    assert rule.weekdays == {6}
    assert policy.budget.limits("win_back") == {
        "*": Limit(money=Decimal(900), sms_segments=60_000),
        "win_back": Limit(money=Decimal("12.50")),
    }
    assert set(policy.budget.limits("birthday")) == {"*"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1:1: the file is empty. Begin with `caps:`."),
        ("capz: {}\n", "1:1: unknown field 'capz'. Did you mean 'caps'?"),
        (
            "caps: {promotional_per_dya: 1}\n",
            "1:8: unknown field 'promotional_per_dya'. Did you mean 'promotional_per_day'?",
        ),
        ("caps: 3\n", "1:7: 'caps' must hold names and values."),
        (
            "caps:\n  content_mix: {messages: 2, discounts: 2}\n",
            "2:41: 'discounts' must be fewer than `messages`, 2: otherwise it says nothing.",
        ),
        (
            "caps:\n  content_mix: {messages: 4, discounts: 2, within: 500d}\n",
            "2:52: 'within' must be from 1d to 400d.",
        ),
        (
            "caps:\n  content_mix: {mesages: 4, discounts: 2}\n",
            "2:17: unknown field 'mesages'. Did you mean 'messages'?",
        ),
        ("double_opt_in: {countries: [DE]}\n", "1:16: 'from' is missing."),
        (
            "double_opt_in: {from: 2027-01-01, expires_after: 12h}\n",
            "1:50: 'expires_after' must be from 2d to 60d",
        ),
        (
            "soft_opt_in: {UK: {days: 730}}\n",
            "1:19: 'UK' must be a country in two capital letters, such as US, not 'UK'. Write GB.",
        ),
        (
            "soft_opt_in:\n  gb: {days: 730}\n",
            "2:7: 'gb' must be a country in two capital letters, such as US, not 'gb'. Write GB.",
        ),
        (
            "soft_opt_in: {GB: 730}\n",
            "1:19: 'GB' must hold names and values. Its fields are: days.",
        ),
        (
            "soft_opt_in: {GB: {days: 0}}\n",
            "1:26: 'days' must be a whole number from 1 to 3,650, not 0.",
        ),
        (
            "soft_opt_in: {GB: {day: 30}}\n",
            "1:20: unknown field 'day'. Did you mean 'days'?",
        ),
        ("soft_opt_in: {GB: {}}\n", "1:19: 'days' is missing."),
        (
            "caps: {promotional_per_day: -1}\n",
            "1:29: 'promotional_per_day' must be a whole number from 0 to 100, not -1.",
        ),
        (
            "global_holdout: 0.05\n",
            "1:17: 'global_holdout' must be a share such as 10%, not 0.05.",
        ),
        ("sunset_after: 1\n", "1:15: 'sunset_after' must be a length of time"),
        ('quiet_hours: {opens: "25:00"}\n', "1:22: 'opens' must be a time of day"),
        (
            'quiet_hours: {opens: "21:00"}\n',
            "'closes' must be later than `opens`: from 21:00 to 20:00 no message could ever leave.",
        ),
        (A_RULE, "'name' must say when: give it hours, or the weekdays and holidays"),
        (A_RULE + '      opens: "10:00"\n', "5:14: 'opens' must stand with `closes`."),
        (
            A_RULE + '      opens: "10:00"\n      closes: "09:00"\n',
            "6:15: 'closes' must be later than `opens`",
        ),
        (
            A_RULE + HOURS + "      regions: [FL]\n",
            "7:16: 'regions' must stand with `country`.",
        ),
        (
            A_RULE + HOURS + "      country: us\n",
            "7:16: 'country' must be a country in two capital letters, such as US, not 'us'. Write US.",
        ),
        (
            A_RULE + HOURS + "      country: US\n      regions: [Florida]\n",
            "8:17: 'regions' must be a region's code in capital letters, such as FL, not 'Florida'.",
        ),
        (
            A_RULE + HOURS + "      weekdays: [sundy]\n",
            "7:18: unknown weekday 'sundy'. Did you mean 'sunday'?",
        ),
        (
            A_RULE + HOURS + "      channels: [smss]\n",
            "7:18: unknown channel 'smss'. Did you mean 'sms'?",
        ),
        (
            A_RULE + HOURS + '      holidays: ["25.12."]\n',
            "7:18: 'holidays' must be a date such as 2027-04-05, or 12-25 for every year, not '25.12.'.",
        ),
        (
            A_RULE + HOURS + '      holidays: ["13-01"]\n',
            "7:18: 'holidays' must be a date of the year, month before day; '13-01' is none.",
        ),
        (
            A_RULE + HOURS + "      until: 2025-12-31\n",
            "7:14: 'until' must not be before `from`, 2026-01-01.",
        ),
        (
            "quiet_hours:\n  rules:\n    - name: a law\n" + HOURS,
            "3:7: 'from' is missing.",
        ),
        (
            "quiet_hours:\n  rules:\n    - name: a law\n      form: 2026-01-01\n" + HOURS,
            "4:7: unknown field 'form'. Did you mean 'from'?",
        ),
        (
            "budget: {money: 2.505}\n",
            "1:17: 'money' must be an amount of money, not 2.505. Put it in quotes",
        ),
        (
            "budget: {campaigns: {winback: {money: 5}}}\n",
            "1:22: unknown field 'winback'. Did you mean 'win_back'?",
        ),
        (
            "budget: {campaigns: {win_back: {mony: 5}}}\n",
            "1:33: unknown field 'mony'. Did you mean 'money'?",
        ),
        ("caps: [1\n", "is missing for what begins here."),
    ],
)
def test_a_mistake_is_shown_in_its_place_with_what_to_write(
    tmp_path: Path, text: str, fault: str
) -> None:
    found = faults_of(tmp_path, text)

    assert any(fault in one for one in found), found
    assert all(re.match(r"\d+:\d+: ", one) for one in found)


def test_every_mistake_is_shown_at_once(tmp_path: Path) -> None:
    text = "capz: {}\nglobal_holdout: much\nbudget: {sms_segments: few}\n"

    assert len(faults_of(tmp_path, text)) == 3


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"policy\.yaml: the file cannot be read: No such file"):
        read_policy(tmp_path / "policy.yaml")


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_a_list_of_mistakes(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    try:
        read_policy(path)
    except PolicyError as error:
        assert error.faults  # noqa: PT017 - either is right


def test_the_schema_for_editors_takes_the_policy_that_ships() -> None:
    jsonschema.validate(YAML(typ="safe", pure=True).load(SHIPPED) | _plain(), policy_schema())


def _plain() -> dict[str, object]:
    """The quiet hours with dates as text: editors read YAML as JSON."""
    text = re.sub(r"(\d{4}-\d\d-\d\d)", r'"\1"', SHIPPED.read_text(encoding="utf-8"))
    return {"quiet_hours": YAML(typ="safe", pure=True).load(text)["quiet_hours"]}


@pytest.mark.parametrize(
    ("name", "made"),
    [("policy.schema.json", schema_text()), ("docs/reference/policy.md", reference_text())],
    ids=["schema", "page"],
)
def test_the_files_that_are_made_from_the_types_are_up_to_date(name: str, made: str) -> None:
    assert (PROJECT / name).read_text(encoding="utf-8") == made, "run `make reference`"


def test_the_brake_is_read_and_slows_before_it_stops(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("brake: {slow_from: 0.2%, stop_from: 0.4%, at_least: 500}\n", encoding="utf-8")
    brake = read_policy(path).brake
    path.write_text("brake: {slow_from: 0.5%}\n", encoding="utf-8")

    assert (brake.slow_from, brake.stop_from) == (Decimal("0.002"), Decimal("0.004"))
    assert (brake.at_least, brake.slow_to) == (500, Decimal("0.25"))
    with pytest.raises(PolicyError, match="slows before it stops"):
        read_policy(path)


def test_new_senders_are_read_by_their_domain(tmp_path: Path) -> None:
    text = "warm_up:\n  news.example.com: {from: 2026-11-01, emails_per_day: [500, 500, 2000]}\n  b.example: {from: 2027-01-01}\n"

    warm_up = read(tmp_path, text).warm_up

    assert warm_up["news.example.com"] == WarmUp(
        starts_on=date(2026, 11, 1), emails_per_day=(500, 500, 2000)
    )
    assert warm_up["b.example"].emails_on(date(2027, 1, 3)) == 200


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("shop@news.example: {from: 2026-11-01}", "Leave out what stands before the @"),
        ("news.example: {emails_per_day: [50]}", "from"),
        ("news.example: {from: 2026-11-01, emails_per_day: [50, 40]}", "a ramp rises"),
        ("news.example: {from: 2026-11-01, emails_per_day: []}", "1 to 120 numbers"),
        ("news.example: {from: 2026-11-01, emails_per_day: [50, many]}", "a whole number"),
    ],
)
def test_a_ramp_that_cannot_be_meant_is_told(tmp_path: Path, text: str, fault: str) -> None:
    (told,) = faults_of(tmp_path, f"warm_up:\n  {text}\n")

    assert fault in told
    assert told.startswith("2:")
