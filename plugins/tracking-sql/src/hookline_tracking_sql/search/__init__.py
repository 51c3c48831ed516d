"""Searches: the core's syntax tree as SQLAlchemy expressions, values as bound parameters."""
