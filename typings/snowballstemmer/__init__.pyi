"""The part of snowballstemmer that the bot uses; the package has no types of its own."""

class Stemmer:
    def stemWord(self, word: str) -> str: ...  # noqa: N802

def stemmer(lang: str) -> Stemmer: ...
