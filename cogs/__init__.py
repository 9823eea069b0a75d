"""What people press: one file per command group."""
