-- The named cells of the RFM grid, by recency and by the mean of frequency and monetary, rounded half up.
--
-- The eleven names and their places are those in common use among marketers since Putler's guide to RFM analysis;
-- where its ranges overlap, each place was given to one name. In the order of the grid: rfm.sql counts places.
select *
from (
    values
        (5, 5, 'champions'), (5, 4, 'champions'), (5, 3, 'potential_loyal'), (5, 2, 'potential_loyal'), (5, 1, 'new'),
        (4, 5, 'loyal'), (4, 4, 'loyal'), (4, 3, 'potential_loyal'), (4, 2, 'potential_loyal'), (4, 1, 'promising'),
        (3, 5, 'loyal'), (3, 4, 'loyal'), (3, 3, 'needs_attention'), (3, 2, 'about_to_sleep'), (3, 1, 'about_to_sleep'),
        (2, 5, 'cannot_lose'), (2, 4, 'at_risk'), (2, 3, 'at_risk'), (2, 2, 'hibernating'), (2, 1, 'hibernating'),
        (1, 5, 'cannot_lose'), (1, 4, 'at_risk'), (1, 3, 'at_risk'), (1, 2, 'hibernating'), (1, 1, 'lost')
) as grid (recency_score, mean_score, rfm_cell)
order by recency_score, mean_score
