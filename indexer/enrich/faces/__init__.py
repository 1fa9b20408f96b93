"""Faces: where they are, what they look like, whose they are."""
