"""The program behind the commands: ledger, services, deliveries and what people read."""
