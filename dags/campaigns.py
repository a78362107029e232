"""One Airflow DAG for each file in campaigns/: wait for the day's audiences, plan, ask, send, account.

A file with mistakes appears as a DAG that says what they are; the other campaigns run on.
"""

from perennial.campaigns.reading import read_campaign
from perennial.errors import CampaignError
from perennial.orchestration import broken_campaign_dag, campaign_dag
from perennial.settings import read_settings
from perennial.steps.services import campaign_files, shop_zone

settings = read_settings()
zone = shop_zone(settings)

for path in campaign_files(settings):
    try:
        dag = campaign_dag(
            read_campaign(path, conditions=False),
            zone=zone,
            shards=settings.shards,
            approval_limit=settings.approve_above,
        )
    except CampaignError as error:
        dag = broken_campaign_dag(path.stem, error)
    globals()[dag.dag_id] = dag
