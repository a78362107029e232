"""The corpus of defects, whole."""

from __future__ import annotations

from defects import (
    of_consents,
    of_customers,
    of_nights_of_orders,
    of_order_lines,
    of_orders,
    of_points_entries,
    of_products,
)
from defects.entries import Defect

CORPUS: tuple[Defect, ...] = tuple(
    defect
    for module in (
        of_customers,
        of_products,
        of_orders,
        of_nights_of_orders,
        of_order_lines,
        of_points_entries,
        of_consents,
    )
    for defect in module.ENTRIES.all
)
