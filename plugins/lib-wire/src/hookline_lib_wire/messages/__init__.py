"""Requests and responses as structs, one module a noun; field names are those on the wire."""
