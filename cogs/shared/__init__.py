"""What several cogs use: looking up, answering, completing zones. None of these modules is a cog."""
