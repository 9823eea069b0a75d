"""The part of PyStemmer that the bot uses; the package has no types of its own."""

class Stemmer:
    def __init__(self, algorithm: str, maxCacheSize: int = 10000) -> None: ...  # noqa: N803
    def stemWord(self, word: str) -> str: ...  # noqa: N802
