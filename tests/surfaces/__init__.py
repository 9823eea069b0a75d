"""Tests, on random ledgers, that every line people read has the dates and sources of exactly the facts it states.

A *surface* is a kind of message, such as a card, an answer or a digest. A *page* is one message of it.
"""
