"""Questions in plain words: what their words mean, which time they ask about, and what they are after. Pure."""
