"""Listeners: closing the records of executions whose process died."""
