-- Brings a month's sums in line with its messages.
update spending set
    money = (
        select coalesce(sum(costs.money), 0)
        from costs
        where costs.month = spending.month
          and (spending.whose = '*' or costs.campaign = spending.whose)
    ),
    segments = (
        select coalesce(sum(costs.segments), 0)
        from costs
        where costs.month = spending.month
          and (spending.whose = '*' or costs.campaign = spending.whose)
    )
where month = :month
