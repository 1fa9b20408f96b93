"""Roots to changes: what is on disk against what is stored."""
