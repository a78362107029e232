"""Processes for tests that begin with everything imported, whatever threads a test run has open."""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from unittest import mock


def warm_fork(*modules: str) -> ForkServerContext:
    """Starts the server that forks; it imports the modules once, as far as it was not running yet.

    A plain fork copies the locks that other threads of the run hold, and waits for them for ever.
    What a process is to carry out must stand in a module of `tests`, where the server finds it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*modules])
    with mock.patch.dict(os.environ, {"PYTHONPATH": os.pathsep.join(sys.path)}):
        forkserver.ensure_running()
    return context
