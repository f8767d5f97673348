"""Audits of the lake's zones: checks, what they look at, and what becomes of what they find."""
