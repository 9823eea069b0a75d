"""Commands and components: one file per command group."""
