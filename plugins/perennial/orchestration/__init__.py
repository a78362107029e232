"""The pipeline as Airflow runs it: its functions become the tasks of DAGs.

A task holds no logic: it works out the day, calls one pipeline function, and hands on counts and hashes, never
people. Any task may be killed, retried or cleared at any time; what it did is recognised in the lake and the ledger.
"""

from perennial.orchestration.campaigns import broken_campaign_dag, campaign_dag
from perennial.orchestration.connections import connected
from perennial.orchestration.nightly import nightly_dag
from perennial.orchestration.reading import read_dags

__all__ = ["broken_campaign_dag", "campaign_dag", "connected", "nightly_dag", "read_dags"]
