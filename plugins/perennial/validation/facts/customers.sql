-- Customers refer to nothing else.
select * from night_rows
