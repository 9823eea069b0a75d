"""Tests of the bot over real sockets, and the loopback Discord that they use: a small imitation on 127.0.0.1."""
