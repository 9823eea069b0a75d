"""Deliveries to Discord: how each kind is planned and rendered, and how it is sent.

No message is sent twice without a note that it may be a repeat.
"""
