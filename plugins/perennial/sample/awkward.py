"""The customers that a real shop has and a test set forgets. docs/reference/sample-data.md lists them with shares.

Each case changes people who have no other case, so that every one can be seen alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from perennial.sample.people import Person

Change = Callable[[Person, Person], Person]


@dataclass(frozen=True, kw_only=True)
class AwkwardCase:
    """A kind of trouble, the share of customers who bring it, and how a customer is changed to have it.

    The change is given the person and another one without trouble.
    """

    name: str
    share: float
    change: Change


def _with(**values: str | None) -> Change:
    return lambda person, _: person._replace(**values)  # type: ignore[arg-type] # never the id


def _first_name(*names: str | None) -> Change:
    """One of several names, chosen by the customer's id."""
    return lambda person, _: person._replace(first_name=names[int(person.customer_id) % len(names)])


CASES = (
    AwkwardCase(name="no first name", share=0.01, change=_with(first_name=None)),
    AwkwardCase(name="no email address", share=0.015, change=_with(email=None)),
    AwkwardCase(
        name="name of forty characters",
        share=0.002,
        change=_first_name(
            "Wolfeschlegelsteinhausenbergerdorffsmith", "Maria-Alexandrina-Theodora-Constantia-An"
        ),
    ),
    AwkwardCase(
        name="emoji in the name", share=0.003, change=_first_name("Zoë 🌸", "👩‍👧‍👦 Ruby", "Sam 😎")
    ),
    AwkwardCase(
        name="two accounts with one address",
        share=0.006,
        change=lambda person, other: person._replace(email=other.email),
    ),
    AwkwardCase(
        name="two accounts with one address in other case",
        share=0.004,
        change=lambda person, other: person._replace(email=(other.email or "").upper()),
    ),
    AwkwardCase(name="born on 1900-01-01", share=0.005, change=_with(birth_date="1900-01-01")),
    AwkwardCase(name="born in the future", share=0.002, change=_with(birth_date="2091-06-15")),
    AwkwardCase(
        name="mojibake", share=0.004, change=_first_name("JosÃ©", "RenÃ©e", "BjÃ¶rn", "Ð\x90Ð½Ð½Ð°")
    ),
    AwkwardCase(name="template expression as name", share=0.002, change=_first_name("{{7*7}}")),
    AwkwardCase(name="template block as name", share=0.002, change=_first_name("{% for %}")),
    AwkwardCase(
        name="markup as name", share=0.002, change=_first_name("<script>alert(1)</script>")
    ),
    AwkwardCase(name="the word NULL as name", share=0.004, change=_first_name("NULL", "null")),
    AwkwardCase(name="only spaces as name", share=0.002, change=_first_name("   ")),
    AwkwardCase(
        name="right-to-left override in the name", share=0.002, change=_first_name("Ann\u202eevil")
    ),
    AwkwardCase(
        name="address cut off",
        share=0.004,
        change=lambda person, _: person._replace(email=(person.email or "").split("@")[0] + "@"),
    ),
    AwkwardCase(
        name="space in the address",
        share=0.003,
        change=lambda person, _: person._replace(email=(person.email or "").replace(".", " ", 1)),
    ),
    AwkwardCase(
        name="landline",
        share=0.004,
        change=lambda person, _: person._replace(
            phone=f"+4420794{60000 + int(person.customer_id) % 1000}"
        ),
    ),
    AwkwardCase(
        name="phone too short",
        share=0.004,
        change=lambda person, _: person._replace(phone="555-01"),
    ),
    AwkwardCase(
        name="unknown zone", share=0.004, change=_with(timezone="America/Cincinnati-Downtown")
    ),
    AwkwardCase(name="no language", share=0.01, change=_with(language=None)),
    AwkwardCase(name="a language we do not write", share=0.005, change=_with(language="de")),
    AwkwardCase(
        name="lives in Kiritimati",
        share=0.002,
        change=_with(
            timezone="Pacific/Kiritimati", country="KI", region=None, postal_code=None, phone=None
        ),
    ),
    AwkwardCase(
        name="lives in Pago Pago",
        share=0.002,
        change=_with(
            timezone="Pacific/Pago_Pago", country="AS", region=None, postal_code="96799", phone=None
        ),
    ),
    AwkwardCase(
        name="lives in Madrid",
        share=0.005,
        change=_with(
            timezone="Europe/Madrid", country="ES", region="MD", postal_code="28013", phone=None
        ),
    ),
    AwkwardCase(
        name="lives in Moscow",
        share=0.004,
        change=_with(
            timezone="Europe/Moscow", country="RU", region="MOW", postal_code="101000", phone=None
        ),
    ),
)


def make_awkward(people: list[Person], rng: np.random.Generator) -> list[Person]:
    """The same people, some of them with one trouble each: at least one of each kind, as far as people last."""
    changed = list(people)
    order = rng.permutation(len(people)).tolist()
    for case in CASES:
        for _ in range(max(1, round(case.share * len(people)))):
            if len(order) < 2:
                return changed
            chosen = order.pop()
            changed[chosen] = case.change(people[chosen], people[order[0]])
            if "two accounts" in case.name:
                order.pop(0)  # the other account has its trouble already
    return changed
