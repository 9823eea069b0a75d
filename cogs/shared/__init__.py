"""Functions that several cogs use. No module here is a cog."""
