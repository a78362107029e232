"""One Airflow DAG for each file in campaigns/: wait for the day's audiences, plan, ask, send, account.

A file with mistakes appears as a DAG that says what they are; the other campaigns run on.
"""

from perennial.campaigns.reading import read_campaign
from perennial.errors import CampaignError
from perennial.orchestration import broken_campaign_dag, campaign_dag
from perennial.steps.services import approval_limit, campaign_files, shard_count, shop_zone

for path in campaign_files():
    try:
        dag = campaign_dag(
            read_campaign(path, conditions=False),
            zone=shop_zone(),
            shards=shard_count(),
            approval_limit=approval_limit(),
        )
    except CampaignError as error:
        dag = broken_campaign_dag(path.stem, error)
    globals()[dag.dag_id] = dag
