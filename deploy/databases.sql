-- Airflow's database is made by the image; the ledger has one of its own, so that each can be kept and restored alone.
create database ledger;
