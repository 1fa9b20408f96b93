"""Nearest neighbors in three dimensions, in NumPy alone.

The points are halved repeatedly into blocks of neighbors. A query measures the points of the blocks whose bounding
spheres are nearest, and of more blocks while those could hold a nearer point.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_BLOCK = 32
_BLOCKS_AT_FIRST = 4
_QUERIES_AT_ONCE = 512
# Distances to blocks are computed from products, with an error of up to this; those to points from differences.
_SLACK = 1e-6


class Nearest:
    """An index of points (n × 3) for repeated queries."""

    def __init__(self, points: Floats) -> None:
        blocks = _halved(points)
        self._points = np.vstack((points, np.full((1, 3), np.inf)))
        # Blocks are padded with the point at infinity.
        self._blocks = np.full((len(blocks), _BLOCK), len(points), dtype=np.int64)
        for row, block in zip(self._blocks, blocks, strict=True):
            row[: len(block)] = block
        self._centers = np.array([points[block].mean(axis=0) for block in blocks])
        self._squares = _squares(self._centers)
        self._radii = np.array(
            [_squares(points[block] - center).max() ** 0.5 for block, center in zip(blocks, self._centers, strict=True)]
        )

    def query(self, points: Floats, count: int) -> tuple[Floats, Indices]:
        """The distances and indices (each m × count) of the points nearest to each of m points, nearest first. count:
        at most n."""
        distances, indices = np.empty((len(points), count)), np.empty((len(points), count), dtype=np.int64)
        for start in range(0, len(points), _QUERIES_AT_ONCE):
            rows = np.arange(start, min(start + _QUERIES_AT_ONCE, len(points)))
            gaps = self._gaps(points[rows])
            blocks = max(_BLOCKS_AT_FIRST, -(-count // _BLOCK) + 1)
            while len(rows):
                distances[rows], indices[rows] = self._nearest_of(points[rows], gaps, blocks, count)
                # Blocks that could hold a nearer point than the last one found: if not all were measured, repeat.
                reaching = (gaps < distances[rows, -1:]).sum(axis=1)
                unsure = reaching > blocks
                rows, gaps, blocks = rows[unsure], gaps[unsure], int(reaching.max(initial=0))
        return distances, indices

    def _gaps(self, points: Floats) -> Floats:
        """The least possible distance (points × blocks) of each block from each point."""
        gaps: Floats = points @ (-2 * self._centers.T)
        gaps += _squares(points)[:, None] + self._squares
        np.sqrt(np.maximum(gaps, 0, out=gaps), out=gaps)
        gaps -= self._radii + _SLACK
        return gaps

    def _nearest_of(self, points: Floats, gaps: Floats, blocks: int, count: int) -> tuple[Floats, Indices]:
        """The `count` nearest points of the nearest blocks."""
        if blocks < len(self._blocks):
            candidates = self._blocks[gaps.argpartition(blocks)[:, :blocks]].reshape(len(points), -1)
        else:
            candidates = np.broadcast_to(self._blocks.ravel(), (len(points), self._blocks.size))
        squares = _squares(self._points.take(candidates, axis=0) - points[:, None])
        rows = np.arange(len(points))[:, None]
        if count < squares.shape[1]:
            best = np.argpartition(squares, count - 1)[:, :count]
            candidates, squares = candidates[rows, best], squares[rows, best]
        order = squares.argsort()
        return np.sqrt(squares[rows, order]), candidates[rows, order]


def _squares(vectors: Floats) -> Floats:
    squares: Floats = np.einsum("...i,...i->...", vectors, vectors)
    return squares


def _halved(points: Floats) -> list[Indices]:
    """The indices of the points, in blocks of neighbors; all but one are full."""
    waiting, blocks = [np.arange(len(points))], list[Indices]()
    while waiting:
        group = waiting.pop()
        if len(group) <= _BLOCK:
            blocks.append(group)
            continue
        along = points[group]
        values = along[:, np.ptp(along, axis=0).argmax()]
        middle = -(-len(group) // _BLOCK) // 2 * _BLOCK
        order = np.argpartition(values, middle)
        waiting += [group[order[middle:]], group[order[:middle]]]
    return blocks
