from __future__ import annotations

import re

from perennial.sample.awkward import CASES
from perennial.settings import PROJECT

TABLE_ROW = re.compile(r"^\| ([^|]+) \| ([\d.]+) % \|", re.MULTILINE)


def test_the_reference_lists_every_awkward_case_with_its_share() -> None:
    page = (PROJECT / "docs" / "reference" / "sample-data.md").read_text(encoding="utf-8")
    awkward = page.split("## The awkward ones")[1].split("## ")[0]
    assert dict(TABLE_ROW.findall(awkward)) == {c.name: f"{c.share * 100:g}" for c in CASES}
