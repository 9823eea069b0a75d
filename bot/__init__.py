"""The program behind the commands: ledger, services, deliveries and what people read."""

__version__ = "0.1.0"
