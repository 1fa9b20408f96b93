"""Makes the photos and films of this folder: a trip to three cities in April 2024, as phones and cameras leave it.

    python sample_media/make.py

Everything is drawn here; nobody's photos are in it. Needs what the indexer needs. The results are kept beside this
script, so that nobody has to run it.
"""

from __future__ import annotations

import io
import math
import random
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import piexif
import pillow_heif
from PIL import Image, ImageChops, ImageDraw, ImageFilter

HERE = Path(__file__).parent
WIDE, HIGH = 1200, 800
Colour = tuple[int, int, int]
Points = list[tuple[float, float]]


# Drawing: each scene is painted at twice its size and shrunk, which smooths every edge.


class Scene:
    """A picture in the making. Coordinates are 0..1200 by 0..800, whatever it is painted at."""

    def __init__(self, top: Colour, bottom: Colour, seed: int) -> None:
        self.random = random.Random(seed)
        gradient = Image.linear_gradient("L").resize((WIDE * 2, HIGH * 2))
        self.image = Image.composite(
            Image.new("RGB", gradient.size, bottom), Image.new("RGB", gradient.size, top), gradient
        )
        self.draw = ImageDraw.Draw(self.image)

    def polygon(self, points: Points, fill: Colour) -> None:
        self.draw.polygon([(x * 2, y * 2) for x, y in points], fill=fill)

    def box(self, x: float, y: float, width: float, height: float, fill: Colour) -> None:
        self.draw.rectangle((x * 2, y * 2, (x + width) * 2, (y + height) * 2), fill=fill)

    def disc(self, x: float, y: float, radius: float, fill: Colour) -> None:
        self.draw.ellipse(((x - radius) * 2, (y - radius) * 2, (x + radius) * 2, (y + radius) * 2), fill=fill)

    def line(self, points: Points, width: float, fill: Colour) -> None:
        self.draw.line([(x * 2, y * 2) for x, y in points], fill=fill, width=max(round(width * 2), 1), joint="curve")

    def glow(self, x: float, y: float, radius: float, colour: Colour) -> None:
        light = Image.new("RGB", (WIDE // 2, HIGH // 2))
        ImageDraw.Draw(light).ellipse(
            ((x - radius) / 2, (y - radius) / 2, (x + radius) / 2, (y + radius) / 2), fill=colour
        )
        light = light.filter(ImageFilter.GaussianBlur(radius / 5)).resize(self.image.size)
        self.image = ImageChops.screen(self.image, light)
        self.draw = ImageDraw.Draw(self.image)

    def hills(self, level: float, height: float, colour: Colour) -> None:
        phases = [self.random.uniform(0, 6.3) for _ in range(4)]
        ridge = [
            (x, level - height * sum(math.sin(x / (260 / (i + 1)) + p) / (i + 1) for i, p in enumerate(phases)) / 2)
            for x in range(0, WIDE + 10, 10)
        ]
        self.polygon([*ridge, (WIDE, HIGH), (0, HIGH)], colour)

    def water(self, level: float, shade: Colour) -> None:
        """Mirrors what is above the level, in ripples."""
        above = self.image.crop((0, 0, WIDE * 2, round(level * 2)))
        depth = HIGH * 2 - round(level * 2)
        mirrored = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((WIDE * 2, depth))
        mirrored = Image.blend(mirrored, Image.new("RGB", mirrored.size, shade), 0.45)
        for row in range(0, depth, 4):
            shift = round(math.sin(row / 17) * 6 + math.sin(row / 5) * 3)
            strip = mirrored.crop((0, row, WIDE * 2, row + 4))
            self.image.paste(ImageChops.offset(strip, shift, 0), (0, round(level * 2) + row))
        self.draw = ImageDraw.Draw(self.image)

    def done(self) -> Image.Image:
        small = self.image.resize((WIDE, HIGH), Image.Resampling.LANCZOS)
        self.random.seed(7)
        grain = Image.frombytes("L", (WIDE // 2, HIGH // 2), self.random.randbytes(WIDE * HIGH // 4))
        grain = grain.resize((WIDE, HIGH)).convert("RGB")
        return Image.blend(small, grain, 0.025)


def eiffel(scene: Scene, x: float, base: float, height: float, colour: Colour) -> None:
    def half_width(part: float) -> float:  # the legs' curve, 0 at the top
        return height * (0.012 + 0.20 * part**2.2)

    for side in (-1, 1):
        outer = [(x + side * half_width(t / 40), base - height * (1 - t / 40)) for t in range(41)]
        inner = [
            (x + side * half_width(t / 40) * (0.2 if t < 22 else 0.55), base - height * (1 - t / 40))
            for t in range(40, -1, -1)
        ]
        scene.polygon([*outer, *inner], colour)
    for part in (0.36, 0.62, 0.80):
        width = half_width(part) * 1.25
        scene.box(x - width, base - height * (1 - part), width * 2, height * 0.018, colour)
    for step in range(10):
        low, high = 0.64 + step * 0.03, 0.67 + step * 0.03
        for side in (-1, 1):
            scene.line(
                [
                    (x + side * half_width(low), base - height * (1 - low)),
                    (x + side * half_width(high) / 2, base - height * (1 - high)),
                ],
                1.5,
                colour,
            )
    scene.line([(x, base - height), (x, base - height * 1.07)], 2.5, colour)


def roofs(scene: Scene, level: float, colour: Colour, lit: Colour | None) -> None:
    x = -20.0
    while x < WIDE:
        width, height = scene.random.uniform(40, 95), scene.random.uniform(40, 110)
        scene.box(x, level - height, width, height + 4, colour)
        scene.polygon(
            [(x - 3, level - height), (x + width / 2, level - height - 24), (x + width + 3, level - height)], colour
        )
        if lit:
            for row in range(int(height // 22)):
                for column in range(int(width // 18)):
                    if scene.random.random() < 0.45:
                        scene.box(x + 7 + column * 18, level - height + 8 + row * 22, 7, 11, lit)
        x += width + scene.random.uniform(0, 6)


def bridge(scene: Scene, level: float, colour: Colour) -> None:
    scene.box(0, level - 26, WIDE, 26, colour)
    for start in range(-60, WIDE, 240):
        scene.polygon([(start, level), (start + 24, level), (start + 24, level + 70), (start, level + 70)], colour)
        arch = [(start + 24 + 216 * t / 20, level + 60 - 62 * math.sin(math.pi * t / 20)) for t in range(21)]
        scene.polygon(
            [(start + 24, level - 4), (start + 240, level - 4), (start + 240, level + 60), *reversed(arch)], colour
        )


def paris_evening(shift: float = 0) -> Image.Image:
    scene = Scene((44, 40, 92), (250, 168, 104), 1)
    scene.glow(820, 470, 240, (255, 190, 110))
    scene.disc(820, 470, 34, (255, 232, 190))
    roofs(scene, 560, (58, 44, 70), None)
    eiffel(scene, 420 + shift, 562, 470, (36, 28, 52))
    roofs(scene, 600, (34, 27, 48), (255, 204, 120))
    scene.water(610, (48, 40, 78))
    return scene.done()


def paris_morning() -> Image.Image:
    scene = Scene((122, 176, 226), (244, 236, 220), 2)
    for x, y, r in ((210, 150, 46), (260, 140, 60), (320, 156, 44), (830, 220, 40), (880, 208, 56), (940, 224, 36)):
        scene.disc(x, y, r, (250, 250, 252))
    roofs(scene, 480, (176, 160, 150), (120, 140, 160))
    scene.hills(520, 14, (96, 140, 84))
    bridge(scene, 545, (206, 192, 166))
    scene.water(612, (90, 134, 140))
    return scene.done()


def torii(scene: Scene, x: float, base: float, height: float, colour: Colour) -> None:
    width, post = height * 1.05, height * 0.085
    for side in (-1, 1):
        scene.polygon(
            [
                (x + side * width * 0.36 - post / 2, base - height),
                (x + side * width * 0.36 + post / 2, base - height),
                (x + side * width * 0.40 + post / 2, base),
                (x + side * width * 0.40 - post / 2, base),
            ],
            colour,
        )
    scene.box(x - width * 0.44, base - height * 0.74, width * 0.88, height * 0.07, colour)
    scene.polygon(
        [
            (x - width * 0.62, base - height * 1.06),
            (x, base - height * 1.0),
            (x + width * 0.62, base - height * 1.06),
            (x + width * 0.58, base - height * 0.90),
            (x, base - height * 0.88),
            (x - width * 0.58, base - height * 0.90),
        ],
        colour,
    )


def kyoto_gates() -> Image.Image:
    scene = Scene((40, 66, 52), (128, 150, 96), 3)
    for _ in range(90):
        x, r = scene.random.uniform(0, WIDE), scene.random.uniform(30, 90)
        scene.disc(
            x, scene.random.uniform(-20, 330), r, tuple(scene.random.randint(c - 18, c + 18) for c in (58, 96, 60))
        )  # type: ignore[arg-type]
    scene.polygon([(470, 470), (730, 470), (1120, HIGH), (80, HIGH)], (154, 146, 132))
    for step in range(9):
        near = 1.42**step
        red = min(110 + step * 17, 236)
        torii(scene, 600, 470 + 11 * near, 44 * near, (red, 50 + step * 3, 30))
    return scene.done()


def kyoto_pagoda(season: Colour = (244, 186, 204)) -> Image.Image:
    scene = Scene((150, 190, 224), (250, 232, 224), 4)
    scene.hills(520, 120, (148, 170, 188))
    scene.hills(590, 80, (104, 138, 130))
    for storey in range(5):
        y, half = 640 - storey * 82, 150 - storey * 20
        scene.box(640 - half * 0.62, y - 60, half * 1.24, 62, (118, 62, 50))
        scene.polygon(
            [
                (640 - half - 44, y - 50),
                (640 - half * 0.6, y - 82),
                (640 + half * 0.6, y - 82),
                (640 + half + 44, y - 50),
                (640 + half + 54, y - 60),
                (640 + half + 40, y - 42),
                (640 - half - 40, y - 42),
                (640 - half - 54, y - 60),
            ],
            (62, 52, 58),
        )
    scene.line([(640, 232), (640, 150)], 4, (62, 52, 58))
    scene.hills(690, 26, (92, 116, 72))
    for _ in range(260):
        x, y = scene.random.gauss(150, 130), scene.random.gauss(300, 120)
        scene.disc(
            x, y, scene.random.uniform(8, 26), tuple(min(255, scene.random.randint(c - 14, c + 10)) for c in season)
        )  # type: ignore[arg-type]
    scene.line([(130, HIGH), (150, 520), (120, 380)], 22, (70, 50, 46))
    return scene.done()


def sydney_harbour(boat: float = 0) -> Image.Image:
    scene = Scene((52, 128, 204), (212, 234, 244), 5)
    arch = [(560 + 600 * t / 40, 500 - 250 * math.sin(math.pi * t / 40)) for t in range(41)]
    scene.line(arch, 12, (74, 84, 96))
    scene.line([(x, y + 46) for x, y in arch[4:37]], 6, (74, 84, 96))
    for x, y in arch[4:37:2]:
        scene.line([(x, y), (x, 474)], 2.5, (92, 102, 114))
    scene.box(480, 470, 720, 16, (84, 92, 104))
    for x in (548, 1150):
        scene.box(x, 380, 40, 170, (190, 172, 142))
    scene.hills(560, 20, (86, 122, 86))
    for x, scale in ((90, 0.8), (150, 1.0), (225, 1.25), (310, 1.05), (385, 0.8)):
        tip = (x + 62 * scale, 560 - 190 * scale)
        left = [(x + 62 * scale * t / 12, 560 - 190 * scale * math.sin(t / 12 * math.pi / 2)) for t in range(13)]
        right = [(tip[0] + 44 * scale * t / 12, tip[1] + 190 * scale * (t / 12) ** 1.7) for t in range(13)]
        scene.polygon([*left, *right], (246, 243, 234))
        scene.line([tip, (x + 50 * scale, 560)], 2, (206, 202, 192))
    scene.box(60, 552, 400, 18, (198, 178, 152))
    scene.water(570, (30, 92, 132))
    x = 700 + boat
    scene.polygon([(x, 660), (x + 150, 660), (x + 130, 692), (x + 16, 692)], (30, 96, 70))
    scene.box(x + 22, 634, 100, 26, (244, 228, 160))
    scene.box(x + 46, 612, 50, 22, (244, 244, 240))
    return scene.done()


def sydney_night() -> Image.Image:
    scene = Scene((8, 12, 40), (60, 44, 92), 6)
    for _ in range(150):
        scene.disc(
            scene.random.uniform(0, WIDE), scene.random.uniform(0, 380), scene.random.uniform(0.5, 1.6), (226, 228, 250)
        )
    x = 0.0
    while x < WIDE:
        width, height = scene.random.uniform(50, 110), scene.random.uniform(120, 360)
        scene.box(x, 600 - height, width, height, (20, 22, 48))
        for row in range(int(height // 16)):
            for column in range(int(width // 14)):
                if scene.random.random() < 0.4:
                    scene.box(
                        x + 5 + column * 14,
                        606 - height + row * 16,
                        6,
                        8,
                        scene.random.choice([(255, 214, 130), (190, 220, 255), (255, 240, 200)]),
                    )
        x += width + scene.random.uniform(2, 12)
    scene.glow(600, 600, 200, (90, 60, 120))
    scene.water(604, (14, 16, 48))
    return scene.done()


def screenshot() -> Image.Image:
    """A phone's map of the walk: flat colours, as screens have them."""
    image = Image.new("RGB", (540, 1100), (236, 232, 222))
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, 520), (540, 380), (540, 520), (0, 660)], fill=(168, 206, 232))
    shapes = random.Random(8)
    for _ in range(60):
        x, y = shapes.randrange(0, 540, 60), shapes.randrange(90, 1100, 55)
        draw.rectangle(
            (x + 6, y + 6, x + 52, y + 46), fill=shapes.choice([(222, 216, 204), (206, 224, 190), (244, 240, 232)])
        )
    route = [(70, 1010), (130, 900), (120, 780), (250, 700), (270, 560), (330, 430), (320, 300), (440, 220)]
    draw.line(route, fill=(66, 110, 235), width=9, joint="curve")
    for x, y in (route[0], route[-1]):
        draw.ellipse((x - 14, y - 14, x + 14, y + 14), fill=(230, 70, 60), outline="white", width=4)
    draw.rectangle((0, 0, 540, 70), fill=(40, 46, 60))
    draw.rounded_rectangle((20, 90, 520, 150), 24, fill="white")
    return image


# What cameras write beside the picture.


@dataclass(frozen=True)
class Shot:
    """A camera's words on one picture. when: as Exif writes it; place: degrees and metres."""

    make: str
    model: str
    lens: str
    when: str
    offset: str
    place: tuple[float, float, float]
    exposure: Fraction
    aperture: float
    iso: int
    focal_length: float
    orientation: int = 1
    description: str = ""
    maker_note: bytes = b""


def exif(shot: Shot) -> bytes:
    latitude, longitude, altitude = shot.place
    main = {
        piexif.ImageIFD.Make: shot.make,
        piexif.ImageIFD.Model: shot.model,
        piexif.ImageIFD.Orientation: shot.orientation,
        piexif.ImageIFD.DateTime: shot.when,
        piexif.ImageIFD.XResolution: (72, 1),
        piexif.ImageIFD.YResolution: (72, 1),
    }
    if shot.description:
        main[piexif.ImageIFD.ImageDescription] = shot.description.encode()
    words = {
        piexif.ExifIFD.DateTimeOriginal: shot.when,
        piexif.ExifIFD.DateTimeDigitized: shot.when,
        piexif.ExifIFD.OffsetTime: shot.offset,
        piexif.ExifIFD.OffsetTimeOriginal: shot.offset,
        piexif.ExifIFD.OffsetTimeDigitized: shot.offset,
        piexif.ExifIFD.SubSecTimeOriginal: "120",
        piexif.ExifIFD.ExposureTime: (shot.exposure.numerator, shot.exposure.denominator),
        piexif.ExifIFD.FNumber: (round(shot.aperture * 100), 100),
        piexif.ExifIFD.ISOSpeedRatings: shot.iso,
        piexif.ExifIFD.ExposureBiasValue: (0, 1),
        piexif.ExifIFD.FocalLength: (round(shot.focal_length * 100), 100),
        piexif.ExifIFD.LensModel: shot.lens,
    }
    if shot.maker_note:
        words[piexif.ExifIFD.MakerNote] = shot.maker_note
    position = {
        piexif.GPSIFD.GPSLatitudeRef: "N" if latitude >= 0 else "S",
        piexif.GPSIFD.GPSLatitude: sexagesimal(latitude),
        piexif.GPSIFD.GPSLongitudeRef: "E" if longitude >= 0 else "W",
        piexif.GPSIFD.GPSLongitude: sexagesimal(longitude),
        piexif.GPSIFD.GPSAltitudeRef: 0 if altitude >= 0 else 1,
        piexif.GPSIFD.GPSAltitude: (round(abs(altitude) * 10), 10),
    }
    return bytes(piexif.dump({"0th": main, "Exif": words, "GPS": position}))


def sexagesimal(degrees: float) -> tuple[tuple[int, int], ...]:
    whole, rest = divmod(abs(degrees), 1)
    minutes, rest = divmod(rest * 60, 1)
    return (int(whole), 1), (int(minutes), 1), (round(rest * 60 * 10000), 10000)


def apple_note(content_identifier: str) -> bytes:
    """An Apple maker note that holds the one tag a live photo needs: 0x0011, ContentIdentifier."""
    value = content_identifier.encode() + b"\0"
    header = b"Apple iOS\0\0\1MM"
    entry = (1).to_bytes(2, "big") + (0x11).to_bytes(2, "big") + (2).to_bytes(2, "big")
    entry += len(value).to_bytes(4, "big") + (len(header) + 2 + 12 + 4).to_bytes(4, "big") + bytes(4)
    return header + entry + value


def save_jpeg(path: str, image: Image.Image, shot: Shot | None = None, quality: int = 84) -> None:
    target = HERE / path
    target.parent.mkdir(parents=True, exist_ok=True)
    image.save(target, "JPEG", quality=quality, **({"exif": exif(shot)} if shot else {}))


def save_film(path: str, frame: Callable[[float], Image.Image], tags: dict[str, str], container: str) -> None:
    target = HERE / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(target), "w", format=container, options={"movflags": "use_metadata_tags"}) as film:
        film.metadata.update(tags)
        stream = film.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 480, 320, "yuv420p"
        stream.options = {"crf": "30", "preset": "slow"}
        for number in range(20):
            picture = frame(number / 20).resize((480, 320), Image.Resampling.LANCZOS)
            film.mux(stream.encode(av.VideoFrame.from_image(picture)))
        film.mux(stream.encode())


PIXEL = ("Google", "Pixel 8", "Pixel 8 back camera 6.9mm f/1.68")
SONY = ("SONY", "ILCE-7M4", "FE 24-105mm F4 G OSS")
IPHONE = ("Apple", "iPhone 15", "iPhone 15 back dual wide camera 5.96mm f/1.6")


def paris() -> None:
    place = (48.85837, 2.29448, 35.0)
    evening = Shot(
        *PIXEL,
        "2024:04:12 20:41:15",
        "+02:00",
        place,
        Fraction(1, 60),
        1.68,
        320,
        6.9,
        description="The tower, last evening",
    )
    save_jpeg("Paris/PXL_20240412_184115120.jpg", paris_evening(), evening)
    morning = Shot(*PIXEL, "2024:04:12 09:12:04", "+02:00", (48.85720, 2.34140, 31.0), Fraction(1, 800), 1.68, 50, 6.9)
    save_jpeg("Paris/PXL_20240412_071204120.jpg", paris_morning(), morning)
    upright = paris_evening(180).crop((300, 0, 833, 800)).rotate(90, expand=True)
    turned = Shot(*PIXEL, "2024:04:12 20:43:51", "+02:00", place, Fraction(1, 50), 1.68, 400, 6.9, orientation=6)
    save_jpeg("Paris/PXL_20240412_184351120.jpg", upright, turned)
    heic = Shot(*IPHONE, "2024:04:13 10:15:30", "+02:00", (48.88670, 2.34310, 120.5), Fraction(1, 1200), 1.6, 50, 5.96)
    pillow_heif.from_pillow(paris_morning().transpose(Image.Transpose.FLIP_LEFT_RIGHT)).save(
        HERE / "Paris/IMG_0398.HEIC", quality=50, exif=exif(heic)
    )


def kyoto() -> None:
    gates = Shot(*SONY, "2024:04:15 08:02:47", "+09:00", (34.96714, 135.77267, 93.0), Fraction(1, 125), 5.6, 800, 35.0)
    save_jpeg("Kyoto/DSC00123.JPG", kyoto_gates(), gates)
    pagoda = Shot(*SONY, "2024:04:15 16:20:10", "+09:00", (34.99879, 135.77925, 61.0), Fraction(1, 500), 8.0, 100, 70.0)
    save_jpeg("Kyoto/DSC00141.JPG", kyoto_pagoda(), pagoda)
    # What a camera's "RAW+JPEG" leaves: the same shot twice, under one name.
    words = Image.Exif()
    words.load(exif(pagoda))
    kyoto_pagoda().resize((480, 320)).save(HERE / "Kyoto/DSC00141.TIF", "TIFF", exif=words)
    autumn = Shot(*SONY, "2024:04:15 16:24:33", "+09:00", (34.99879, 135.77925, 61.0), Fraction(1, 400), 8.0, 100, 85.0)
    save_jpeg("Kyoto/DSC00142.JPG", kyoto_pagoda((214, 224, 160)), autumn)
    (HERE / "Kyoto/DSC00142.xmp").write_text(
        """<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
   xmlns:dc="http://purl.org/dc/elements/1.1/" xmp:Rating="5">
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">Yasaka pagoda, first green</rdf:li></rdf:Alt></dc:description>
   <dc:subject><rdf:Bag><rdf:li>pagoda</rdf:li><rdf:li>spring</rdf:li></rdf:Bag></dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
""",
        encoding="utf-8",
    )


def sydney() -> None:
    identifier = str(uuid.UUID("5f0c1c55-6f0e-4a3c-9a52-7e1f1a2b3c4d")).upper()
    place = (-33.85230, 151.21080, 4.0)
    live = Shot(
        *IPHONE,
        "2024:04:20 11:30:05",
        "+10:00",
        place,
        Fraction(1, 2000),
        1.6,
        50,
        5.96,
        maker_note=apple_note(identifier),
    )
    save_jpeg("Sydney/IMG_0412.JPG", sydney_harbour(), live)
    apple = {"com.apple.quicktime.make": "Apple", "com.apple.quicktime.model": "iPhone 15"}
    apple |= {"com.apple.quicktime.creationdate": "2024-04-20T11:30:04+1000"}
    apple |= {"com.apple.quicktime.location.ISO6709": "-33.8523+151.2108+004.000/"}
    apple |= {"com.apple.quicktime.content.identifier": identifier}
    save_film("Sydney/IMG_0412.MOV", lambda t: sydney_harbour(t * 60), apple, "mov")
    save_film(
        "Sydney/PXL_20240420_013210000.mp4",
        lambda t: sydney_harbour(200 - t * 200),
        {"creation_time": "2024-04-20T01:32:10Z"},
        "mp4",
    )
    night = Shot(
        *PIXEL,
        "2024:04:20 19:58:22",
        "+10:00",
        (-33.85680, 151.21530, 6.0),
        Fraction(1, 15),
        1.68,
        1250,
        6.9,
        description="Circular Quay",
    )
    save_jpeg("Sydney/PXL_20240420_095822120.jpg", sydney_night(), night)


def ferry() -> None:
    """A motion photo, as Pixels make them: a still with its film behind it, and who is on it and what, in XMP."""
    film = HERE / "Sydney/film.mp4"
    save_film("Sydney/film.mp4", lambda t: sydney_harbour(40 + t * 120), {}, "mp4")
    moving = film.read_bytes()
    film.unlink()
    xmp = f"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"
   xmlns:Container="http://ns.google.com/photos/1.0/container/" xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmlns:Item="http://ns.google.com/photos/1.0/container/item/" xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"
   xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
   GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1">
   <dc:subject><rdf:Bag><rdf:li>ferry</rdf:li><rdf:li>harbour</rdf:li></rdf:Bag></dc:subject>
   <Container:Directory><rdf:Seq>
    <rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic="Primary"/></rdf:li>
    <rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="video/mp4" Item:Semantic="MotionPhoto"
     Item:Length="{len(moving)}"/></rdf:li></rdf:Seq></Container:Directory>
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions stDim:w="{WIDE}" stDim:h="{HIGH}" stDim:unit="pixel"/>
    <mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Name="Captain" mwg-rs:Type="Face">
     <mwg-rs:Area stArea:x="0.68" stArea:y="0.78" stArea:w="0.04" stArea:h="0.03" stArea:unit="normalized"/>
    </rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>"""
    shot = Shot(*PIXEL, "2024:04:20 11:31:55", "+10:00", (-33.85610, 151.21240, 3.0), Fraction(1, 1600), 1.68, 40, 6.9)
    target = HERE / "Sydney/PXL_20240420_013155000.MP.jpg"
    sydney_harbour(100).save(target, "JPEG", quality=80, exif=exif(shot), xmp=xmp.encode())
    target.write_bytes(target.read_bytes() + moving)


def google(attributes: str) -> bytes:
    """The XMP of Google's camera."""
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"
   xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" {attributes}/>
 </rdf:RDF>
</x:xmpmeta>""".encode()


def burst_and_panorama() -> None:
    """Two shots of one press of the button, and a look all around."""
    for number, (name, seconds) in enumerate((("PXL_20240420_013310040", 10), ("PXL_20240420_013310210", 10))):
        shot = Shot(
            *PIXEL,
            f"2024:04:20 11:33:{seconds}",
            "+10:00",
            (-33.85610, 151.21240, 3.0),
            Fraction(1, 1600),
            1.68,
            40,
            6.9,
        )
        xmp = google('GCamera:BurstID="0d2f7a52-1b8e-4c6e-9a41-3f5e6d7c8b90"')
        picture = sydney_harbour(130 + 6 * number).resize((900, 600), Image.Resampling.LANCZOS)
        picture.save(HERE / f"Sydney/{name}.jpg", "JPEG", quality=80, exif=exif(shot), xmp=xmp)
    around = Image.new("RGB", (WIDE * 2, HIGH))
    for number, side in enumerate((sydney_harbour(20), sydney_harbour(160).transpose(Image.Transpose.FLIP_LEFT_RIGHT))):
        around.paste(side, (number * WIDE, 0))
    shot = Shot(*PIXEL, "2024:04:20 11:34:00", "+10:00", (-33.85610, 151.21240, 3.0), Fraction(1, 1250), 1.68, 50, 6.9)
    xmp = google('GPano:ProjectionType="equirectangular" GPano:UsePanoramaViewer="True"')
    around.resize((1800, 600), Image.Resampling.LANCZOS).save(
        HERE / "Sydney/PXL_20240420_013400120.PANO.jpg", "JPEG", quality=78, exif=exif(shot), xmp=xmp
    )


def leavings() -> None:
    """What lies about in every real folder: no Exif, copies, broken files, things to leave out."""
    (HERE / "Phone").mkdir(exist_ok=True)
    screenshot().save(HERE / "Phone/Screenshot_20240412-183000.png", optimize=True)
    save_jpeg("Phone/IMG-20240416-WA0003.jpg", kyoto_gates().resize((600, 400)), quality=70)
    shutil.copyfile(HERE / "Paris/PXL_20240412_184115120.jpg", HERE / "Phone/tower (1).jpg")
    buffer = io.BytesIO()
    sydney_night().resize((600, 400)).save(buffer, "JPEG", quality=80)
    (HERE / "Broken").mkdir(exist_ok=True)
    (HERE / "Broken/cut_off.jpg").write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    (HERE / "Broken/empty.jpg").write_bytes(b"")
    save_jpeg("Kyoto/drafts/crop.jpg", kyoto_gates().crop((400, 300, 800, 600)), quality=75)
    (HERE / ".indexerignore").write_text(
        "# gitignore syntax: what lies in these is not indexed\ndrafts/\n", encoding="utf-8"
    )


if __name__ == "__main__":
    for folder in ("Paris", "Kyoto", "Sydney", "Phone", "Broken"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    for city in (paris, kyoto, sydney, ferry, burst_and_panorama, leavings):
        city()
    total = sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file())
    print(f"{total / 1e6:.2f} MB in {HERE}")
