"""Small tables as shops have them, and proposals for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perennial.sources.files.file_table import FileTable
from perennial.sources.looking import SourceTable
from perennial.sources.proposing.expressions import Speech
from perennial.sources.proposing.proposal import Proposal, propose

ATable = Callable[..., SourceTable]
Proposed = Callable[..., Proposal]


@pytest.fixture
def a_table() -> ATable:
    """Makes a table of lines with `;` between values; an empty value is none."""

    def make(name: str, columns: str, *rows: str, files: FileTable | None = None) -> SourceTable:
        names = columns.split(";")
        said = [dict(zip(names, [v or None for v in row.split(";")], strict=True)) for row in rows]
        return SourceTable(name=name, columns=tuple(names), rows=tuple(said), files=files)

    return make


@pytest.fixture
def proposed() -> Proposed:
    """Proposes for a shop in Madrid that counts in euros."""

    def make(*tables: SourceTable, speech: Speech = Speech.FILES) -> Proposal:
        return propose(tables, speech, currency="EUR", timezone="Europe/Madrid")

    return make


@pytest.fixture
def kunden(a_table: ATable) -> SourceTable:
    return a_table(
        "kunden",
        "KundenNr;Vorname;Nachname;E-Mail-Adresse;Handynummer;Geburtsdatum;angelegt am;geändert am",
        "007;Jürgen;Groß;j@post.example;0171 5550100;31.12.1980;01.02.2024 10:00;05.02.2024 11:30",
        "008;Anja;Weiß;a@post.example;0171 5550101;01.05.1991;13.02.2024 10:00;14.02.2024 11:30",
        files=FileTable(path="kunden.csv", delimiter=";"),
    )


@pytest.fixture
def bestellungen(a_table: ATable) -> SourceTable:
    return a_table(
        "bestellungen",
        "Bestellnummer;Kunde;Bestelldatum;Bestellstatus;Gesamtbetrag;Rabatt;geändert am",
        "A-1;007;20.02.2024 09:00;geliefert;1.234,50;0,00;23.02.2024 09:00",
        "A-2;008;21.02.2024 09:00;storniert;10,00;1,50;23.02.2024 09:00",
        files=FileTable(path="bestellungen.csv", delimiter=";", decimal=","),
    )
