"""The bot over real sockets: a small Discord on 127.0.0.1 and the tests that need one."""
