"""Folders of photos to measure on: real JPEG structure and Exif, each file other bytes, as large as asked for."""

from __future__ import annotations

import io
import random
from pathlib import Path

import piexif
from PIL import Image, ImageDraw


def make_tree(folder: Path, count: int, size: int, per_folder: int = 100) -> list[Path]:
    """`count` JPEGs of about `size` bytes in folders of `per_folder`."""
    random_bytes = random.Random(size)
    head, tail = _jpeg()
    paths = []
    for number in range(count):
        place = folder / f"{number // per_folder:04d}"
        place.mkdir(parents=True, exist_ok=True)
        # Filling goes where the picture's data lies. No 0xFF, which would be a marker there.
        filling = random_bytes.randbytes(max(size - len(head) - len(tail), 16)).replace(b"\xff", b"\xfe")
        path = place / f"IMG_{number:05d}.jpg"
        path.write_bytes(head + filling + tail)
        paths.append(path)
    return paths


def _jpeg() -> tuple[bytes, bytes]:
    """A photo with the Exif of a camera, cut where filling can go in: before its end marker."""
    image = Image.new("RGB", (640, 480), (70, 110, 150))
    draw = ImageDraw.Draw(image)
    for step in range(40):
        draw.ellipse((step * 9, step * 5, 640 - step * 7, 480 - step * 3), outline=(step * 6, 200, 255 - step * 5))
    exif = piexif.dump(
        {
            "0th": {
                piexif.ImageIFD.Make: "Canon",
                piexif.ImageIFD.Model: "Canon EOS R5",
                piexif.ImageIFD.Orientation: 1,
            },
            "Exif": {
                piexif.ExifIFD.DateTimeOriginal: "2023:05:17 18:30:00",
                piexif.ExifIFD.OffsetTimeOriginal: "+02:00",
                piexif.ExifIFD.ExposureTime: (1, 250),
                piexif.ExifIFD.FNumber: (28, 10),
                piexif.ExifIFD.ISOSpeedRatings: 400,
                piexif.ExifIFD.FocalLength: (50, 1),
                piexif.ExifIFD.LensModel: "RF50mm F1.8 STM",
                piexif.ExifIFD.MakerNote: bytes(range(256)) * 40,
            },
            "GPS": {
                piexif.GPSIFD.GPSLatitudeRef: "N",
                piexif.GPSIFD.GPSLatitude: ((48, 1), (51, 1), (30, 1)),
                piexif.GPSIFD.GPSLongitudeRef: "E",
                piexif.GPSIFD.GPSLongitude: ((2, 1), (17, 1), (40, 1)),
            },
            "thumbnail": None,
        }
    )
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, exif=exif)
    data = buffer.getvalue()
    return data[:-2], data[-2:]
