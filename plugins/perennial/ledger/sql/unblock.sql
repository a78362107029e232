-- A message that is claimed for a day's plan is not blocked in it any more.
with candidates as ($candidates)
delete from blocks
where (key, day) in (select key, day from candidates)
