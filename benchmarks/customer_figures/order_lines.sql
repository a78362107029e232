select
    draws.order_id,
    lines.line_no,
    lines.product_id,
    lines.quantity,
    lines.amount,
    draws.ordered_at as updated_at
from draws
join baskets using (household_no, basket_no)
join lines using (basket_id)
