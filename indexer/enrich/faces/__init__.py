"""Faces: detection, embeddings, clustering into people, portraits."""
