"""Airflow executes what lies in plugins/; the library must neither be executed nor shadow anything."""

from __future__ import annotations

import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "plugins" / "perennial"

pytestmark = pytest.mark.airflow


def _stems() -> dict[str, Path]:
    return {
        path.stem: path for path in PACKAGE.rglob("*.py") if path.stem not in {"__init__", "env"}
    }


def test_the_plugin_loader_finds_none_of_our_modules() -> None:
    from airflow._shared.module_loading import find_path_from_directory

    found = list(find_path_from_directory(str(PACKAGE.parent), ".airflowignore"))

    assert not [path for path in found if str(PACKAGE) in path and path.endswith(".py")]


def test_no_module_bears_the_name_of_a_standard_module() -> None:
    stems = _stems()

    assert len(stems) > 50
    assert not {stem: path for stem, path in stems.items() if stem in sys.stdlib_module_names}


def test_no_module_bears_the_name_of_an_installed_package() -> None:
    installed = set(packages_distributions()) - {"perennial"}

    assert "great_expectations" in installed
    assert not {stem: path for stem, path in _stems().items() if stem in installed}
