"""Parts that several cogs use: looking up records, answering, completing zones. None of these modules is a cog."""
