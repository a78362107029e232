"""A policy in whole sentences, for whoever has to answer for it: English, Spanish, Russian."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent

from perennial.campaigns.policy_words import CHANNELS, SENTENCES, WEEKDAYS
from perennial.model.policy import DoubleOptIn, HoursRule, Limit, Policy, YearDay

LANGUAGES = tuple(SENTENCES)


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """Some of a policy's sentences, under one heading."""

    heading: str
    sentences: Sequence[str]


def tell_policy(policy: Policy, language: str, currency: str) -> tuple[str, tuple[Chapter, ...]]:
    """The title, and the chapters in the order in which they matter; `language` is one of LANGUAGES."""
    teller = _Teller(language, currency)
    chapters = (
        ("who", teller.who(policy)),
        ("how_often", teller.how_often(policy)),
        ("when", teller.when(policy)),
        ("how_much", teller.how_much(policy)),
    )
    told = [
        Chapter(heading=teller.say(name), sentences=tuple(sentences))
        for name, sentences in chapters
    ]
    return teller.say("title"), tuple(chapter for chapter in told if chapter.sentences)


class _Teller:
    """Speaks one language."""

    def __init__(self, language: str, currency: str) -> None:
        self._language = language
        self._currency = currency
        self._locale = Locale.parse("en_GB" if language == "en" else language)

    def say(self, name: str, /, **values: object) -> str:
        """A sentence; one with an `n` in the plural form that the language has for it."""
        sentence = SENTENCES[self._language][name]
        if not isinstance(sentence, str):
            number = values.get("n")
            form = self._locale.plural_form(number if isinstance(number, int) else 0)
            sentence = sentence.get(form, sentence.get("other", sentence.get("many", "")))
        shown = {
            key: format_decimal(value, locale=self._locale) if isinstance(value, int) else value
            for key, value in values.items()
        }
        return sentence.format(**shown)

    def who(self, policy: Policy) -> Iterator[str]:
        yield self.say("consent")
        if policy.double_opt_in:
            yield self._double_opt_in(policy.double_opt_in)
        if policy.soft_opt_in:
            yield self._soft_opt_in(policy)
        if policy.sunset_after:
            yield self.say("sunset", n=policy.sunset_after.days)
        if policy.global_holdout:
            yield self.say("holdout", share=self._share(policy.global_holdout))

    def _share(self, share: Decimal) -> str:
        return format_percent(share, locale=self._locale, decimal_quantization=False)

    def _double_opt_in(self, rule: DoubleOptIn) -> str:
        names = [self._locale.territories.get(c, c) for c in sorted(rule.countries)]
        place = f" ({', '.join(names)})" if names else ""
        days = self.say("days", n=rule.expires_after.days)
        return self.say("double_opt_in", place=place, start=self._date(rule.starts_on), days=days)

    def _soft_opt_in(self, policy: Policy) -> str:
        """Where and for how long after an order, and until when: from then on a yes there has to be confirmed."""
        rule, places = policy.double_opt_in, []
        for country, lasts in sorted(policy.soft_opt_in.items()):
            days = self.say("days", n=lasts.days)
            if rule and rule.concerns(country):
                days = self.say("soft_opt_in_until", days=days, start=self._date(rule.starts_on))
            name = self._locale.territories.get(country, country)
            places.append(self.say("soft_opt_in_place", country=name, days=days))
        return self.say("soft_opt_in", places="; ".join(places))

    def how_often(self, policy: Policy) -> Iterator[str]:
        caps = policy.caps
        if caps.promotional_per_day and caps.promotional_per_week:
            yield self.say("per_day", n=caps.promotional_per_day)
            yield self.say("per_week", n=caps.promotional_per_week)
        else:
            yield self.say("none")
        if caps.discounts_per_30_days is not None:
            most = caps.discounts_per_30_days
            yield self.say("discounts", n=most) if most else self.say("no_discounts")
        if mix := caps.content_mix:
            discounts = self.say("with_discount", n=mix.discounts)
            span = self.say("days", n=mix.within.days)
            yield self.say("mix", n=mix.messages, discounts=discounts, days=span)
        if caps.days_between_surveys:
            yield self.say("surveys", n=caps.days_between_surveys)
        brake = policy.brake
        yield self.say(
            "brake",
            slow=self._share(brake.slow_from),
            stop=self._share(brake.stop_from),
            days=self.say("days", n=brake.within.days),
        )
        for domain, warm_up in sorted(policy.warm_up.items()):
            yield self.say(
                "warm_up",
                domain=domain,
                start=self._date(warm_up.starts_on),
                first=warm_up.emails_per_day[0],
                last=warm_up.emails_per_day[-1],
                days=self.say("days", n=len(warm_up.emails_per_day)),
            )

    def when(self, policy: Policy) -> Iterator[str]:
        hours = policy.quiet_hours
        yield self.say("hours", opens=f"{hours.opens:%H:%M}", closes=f"{hours.closes:%H:%M}")
        if hours.rules:
            yield self.say("places")
        for rule in hours.rules:
            yield self._rule(rule)

    def how_much(self, policy: Policy) -> Iterator[str]:
        budget = policy.budget
        if budget.together != Limit():
            yield self.say("together", limit=self._limit(budget.together))
        for name, limit in budget.campaigns.items():
            if limit != Limit():
                yield self.say("campaign", name=name, limit=self._limit(limit))
        if budget.together != Limit() or budget.campaigns:
            yield self.say("beyond")

    def _rule(self, rule: HoursRule) -> str:
        channels = [CHANNELS[self._language][c] for c in sorted(rule.channels)]
        given = {
            "name": rule.name,
            "messages": format_list(
                channels or [CHANNELS[self._language][None]], locale=self._locale
            ),
            "place": self._place(rule),
            "days": self._days(rule),
        }
        if rule.hours is None:
            sentence = self.say("closed", **given)
        else:
            opens, closes = (f"{at:%H:%M}" for at in rule.hours)
            sentence = self.say("rule", **given, opens=opens, closes=closes)
        return f"{sentence} {self._duration(rule)}"

    def _place(self, rule: HoursRule) -> str:
        if rule.country is None:
            return ""
        country = self._locale.territories.get(rule.country, rule.country)
        regions = ", ".join(sorted(rule.regions))
        return f" ({country}: {regions})" if regions else f" ({country})"

    def _days(self, rule: HoursRule) -> str:
        said = []
        if rule.weekdays:
            names = [WEEKDAYS[self._language][day] for day in sorted(rule.weekdays)]
            said.append(self.say("weekdays", days=format_list(names, locale=self._locale)))
        if rule.holidays:
            dates = [self._holiday(day) for day in sorted(rule.holidays, key=_by_calendar)]
            said.append(self.say("dates", days=format_list(dates, locale=self._locale)))
        joint = self.say("and" if rule.hours else "nor")
        return f" {joint.join(said)}" if said else ""

    def _holiday(self, day: date | YearDay) -> str:
        if isinstance(day, date):
            return self.say("date", date=self._date(day))
        shown = format_skeleton("MMMMd", date(2028, day.month, day.day), locale=self._locale)
        return self.say("date", date=shown)

    def _date(self, day: date) -> str:
        # The abbreviation of the year, г., would meet the full stop.
        return re.sub(r"\sг\.$", " года", format_date(day, "long", self._locale))

    def _duration(self, rule: HoursRule) -> str:
        start = self._date(rule.starts_on)
        if rule.ends_on is None:
            return self.say("since", start=start)
        return self.say("between", start=start, end=self._date(rule.ends_on))

    def _limit(self, limit: Limit) -> str:
        money = (
            None
            if limit.money is None
            else format_currency(limit.money, self._currency, locale=self._locale)
        )
        segments = (
            None if limit.sms_segments is None else self.say("segments", n=limit.sms_segments)
        )
        if money and segments:
            return self.say("limits", money=money, segments=segments)
        return money or segments or ""


def _by_calendar(day: date | YearDay) -> tuple[int, int, int]:
    return (0, *day) if isinstance(day, YearDay) else (day.year, day.month, day.day)
