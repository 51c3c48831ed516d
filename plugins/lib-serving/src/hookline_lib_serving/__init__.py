"""Serving an ASGI application on this machine: addresses, and a server that stops without losing a request."""
