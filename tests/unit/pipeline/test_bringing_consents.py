"""Consents from a file: right rows are kept with where they came from, wrong ones are put aside with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from perennial.errors import SourceError
from perennial.lake.duck import Engine
from perennial.lake.partitions import Lake, Partition
from perennial.ledger.store import Ledger
from perennial.model.datasets import CUSTOMER_FEATURES
from perennial.model.policy import DoubleOptIn, Policy
from perennial.model.words import ConsentSource, ConsentState
from perennial.pipeline.bringing_consents import Brought, Import, bring_in_consents
from shop_builder import DAY, NEW_YORK, TinyShop

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEAD = "customer_id,channel,topic,state,at,wording,proof\n"
RIGHT = "ann,email,offers,granted,2026-03-14,fair-2026,form 118\n"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(Lake(tmp_path / "lake")) as engine:
        tiny = TinyShop()
        tiny.customer("ann", email_key="x")
        tiny.customer("bob", email_key="x")
        tiny.features(engine)
        yield engine


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.migrate()
    yield ledger
    ledger.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "fair.csv"


def bring(engine: Engine, ledger: Ledger, file: Path, policy: Policy | None = None) -> Brought:
    given = Import(file=file, by="Bo", zone=NEW_YORK, now=NOW, policy=policy or Policy())
    features = Partition(dataset=CUSTOMER_FEATURES.name, day=DAY)
    return bring_in_consents(engine, ledger, given, known_on=features)


def test_a_right_row_is_kept_with_its_proof(engine: Engine, ledger: Ledger, file: Path) -> None:
    file.write_text(HEAD + RIGHT)

    assert bring(engine, ledger, file) == Brought(taken=1)

    (word,) = ledger.consent_history("ann")
    assert (word.state, word.how) == (ConsentState.GRANTED, ConsentSource.IMPORT)
    assert (word.wording, word.proof, word.recorded_at) == ("fair-2026", "form 118", NOW)
    assert word.at == datetime(2026, 3, 14, tzinfo=NEW_YORK)


def test_without_a_proof_the_file_the_line_and_the_name_are_kept(
    engine: Engine, ledger: Ledger, file: Path
) -> None:
    file.write_text(
        "customer_id,channel,topic,state,at\nann,EMAIL, offers ,granted,2026-03-14T09:00:00+02:00\n"
    )

    bring(engine, ledger, file)

    (word,) = ledger.consent_history("ann")
    assert word.proof == "fair.csv, line 2, by Bo"
    assert word.at == datetime(2026, 3, 14, 7, tzinfo=UTC)


def test_a_word_of_one_account_is_the_persons(engine: Engine, ledger: Ledger, file: Path) -> None:
    """Case 43."""
    file.write_text(HEAD + RIGHT.replace("ann", "bob"))

    bring(engine, ledger, file)

    assert ledger.consent_history("ann")[0].customer_id == "bob"


def test_the_same_file_again_changes_nothing(engine: Engine, ledger: Ledger, file: Path) -> None:
    file.write_text(HEAD + RIGHT + RIGHT.replace("email", "sms"))
    bring(engine, ledger, file)
    before = ledger.consent_history("ann")

    assert bring(engine, ledger, file).taken == 2
    assert ledger.consent_history("ann") == before


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("eve,email,offers,granted,2026-03-14,,", "no such customer on the last night"),
        (",email,offers,granted,2026-03-14,,", "no such customer on the last night"),
        ("ann,fax,offers,granted,2026-03-14,,", "channel is none of email, sms, whatsapp"),
        ("ann,email,news,granted,2026-03-14,,", "topic is none of offers, loyalty, feedback"),
        ("ann,email,offers,yes,2026-03-14,,", "state is none of granted, withdrawn"),
        ("ann,email,offers,granted,14.03.2026,,", "at is no date or time"),
        ("ann,email,offers,granted,2026-11-22,,", "at lies in the future"),
        (f"ann,email,offers,granted,2026-03-14,{'v' * 65},", "wording is longer than 64"),
        (f"ann,email,offers,granted,2026-03-14,,{'p' * 256}", "proof is longer than 255"),
        ("ann,email,offers,granted,2026-03-14,,a\0b", "proof is longer than 255 signs or cannot"),
        ("ann,email,offers,granted,2026-03-14,,,more", "more fields than columns"),
        ("ann,email", "topic is none of"),
    ],
)
def test_a_wrong_row_is_put_aside_and_the_others_are_taken(
    engine: Engine, ledger: Ledger, file: Path, row: str, reason: str
) -> None:
    """Case 44."""
    file.write_text(f"{HEAD}{RIGHT}{row}\n{RIGHT.replace('offers', 'loyalty')}")

    brought = bring(engine, ledger, file)

    (aside,) = brought.aside
    assert (brought.taken, aside.line) == (2, 3)
    assert aside.reason.startswith(reason)
    assert len(ledger.consent_history("ann")) == 2


def test_a_byte_order_mark_and_quoted_newlines_do_no_harm(
    engine: Engine, ledger: Ledger, file: Path
) -> None:
    """Case 44."""
    file.write_text(
        f'{HEAD}ann,email,offers,granted,2026-03-14,"two\nlines",\n{RIGHT}', encoding="utf-8-sig"
    )

    brought = bring(engine, ledger, file)

    assert (brought.taken, [aside.line for aside in brought.aside]) == (1, [3])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Missing: customer_id, channel, topic, state, at"),
        (b"customer_id,channel,topic,state\n", "Missing: at"),
        (HEAD.strip().encode() + b",email\n", "Missing: none; not known: 1"),
        (b"at," + HEAD.encode(), "each once and no others"),
        (HEAD.encode() + b"ann,\xff\n", "no CSV file in UTF-8"),
        (HEAD.encode() + b'ann,"a"b\n', "no CSV file in UTF-8"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    engine: Engine, ledger: Ledger, file: Path, content: bytes, why: str
) -> None:
    """Case 44."""
    file.write_bytes(content)

    with pytest.raises(SourceError, match=why):
        bring(engine, ledger, file)

    assert ledger.consent_history("ann") == []


def test_a_file_that_is_not_there_is_named(engine: Engine, ledger: Ledger, file: Path) -> None:
    with pytest.raises(SourceError, match=r"fair\.csv cannot be read: No such file"):
        bring(engine, ledger, file)


def test_a_long_file_is_taken_in_pieces(engine: Engine, ledger: Ledger, file: Path) -> None:
    rows = "".join(
        f"ann,email,offers,granted,2026-03-14T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02},,\n"
        for n in range(5_001)
    )
    file.write_text(HEAD + rows)

    assert bring(engine, ledger, file).taken == 5_001
    assert len(ledger.consent_history("ann")) == 5_001


@pytest.mark.parametrize(
    ("row", "pending"),
    [
        pytest.param("ann,email,offers,granted,2026-11-02", True, id="a new yes"),
        pytest.param("ann,email,offers,granted,2026-10-31", False, id="before the rule"),
        pytest.param("ann,sms,offers,granted,2026-11-02", False, id="another channel"),
        pytest.param("ann,email,offers,withdrawn,2026-11-02", False, id="a no"),
    ],
)
def test_a_yes_that_must_be_confirmed_is_pending(
    engine: Engine, ledger: Ledger, file: Path, row: str, *, pending: bool
) -> None:
    file.write_text(f"customer_id,channel,topic,state,at\n{row}\n")
    rule = DoubleOptIn(starts_on=date(2026, 11, 1), countries=frozenset({"US"}))

    brought = bring(engine, ledger, file, Policy(double_opt_in=rule))

    (word,) = ledger.consent_history("ann")
    assert (brought.taken, brought.pending) == (1, int(pending))
    assert (word.state is ConsentState.PENDING) == pending


def test_nobody_brings_in_what_is_pending(engine: Engine, ledger: Ledger, file: Path) -> None:
    file.write_text("customer_id,channel,topic,state,at\nann,email,offers,pending,2026-03-14\n")

    (aside,) = bring(engine, ledger, file).aside
    assert aside.reason == "state is none of granted, withdrawn"
