"""Updates, the table of fields and the fold: what a server's ledger means. Pure."""
