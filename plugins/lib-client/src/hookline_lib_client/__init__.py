"""Asking a tracking server over HTTP, for the plugins that do."""
