"""Find faces in a picture, or in a few frames of a video, and compute their embeddings."""

from __future__ import annotations

from indexer.store.faces import FoundFace

from ..enricher import Photo
from ..faces import detect
from ..faces.models import ModelInfo
from ..picture import video_frames
from ..renditions import LARGEST


def compute(photo: Photo) -> list[FoundFace]:
    request, preview, model = photo
    assert isinstance(model, ModelInfo)
    if request.mime_type.startswith("video/"):
        return detect.in_video(model, video_frames(request.path, detect.FRAMES, detect.EVERY, LARGEST, request.memory))
    return detect.in_picture(model, preview.image, (preview.width, preview.height), request.orientation)
