-- Counts what was begun. The last statement of its transaction, because others wait for this row until the commit.
update ledger set begun = begun + :begun
