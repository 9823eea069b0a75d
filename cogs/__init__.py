"""Handlers of commands, components and gateway events: one cog per command group.

Every cog has the same order: commands with their autocompletion, component handlers, event handlers, and then the
private methods that these share. The docstring of a command is its description in Discord.
"""
