#!/usr/bin/env bash
# Loads the sample shop and runs its last two nights, so that every campaign has somebody to write to, whatever the hour.
# It sends nothing, and runs where Perennial's environment is.
set -euo pipefail

days=$(python - <<'PYTHON'
from datetime import datetime, timedelta
from perennial.steps.services import shop_zone
today = datetime.now(shop_zone()).date()
print(today - timedelta(days=1), today)
PYTHON
)
read -r yesterday today <<<"$days"
# Other profiles refuse to put a sample where a shop belongs.
PERENNIAL_PROFILE=demo perennial sample --shift-to "$today"
perennial night --day "$yesterday" --until "$today"
