"""Captions by a vision model behind an endpoint for OpenAI's chat completions (Ollama, llama.cpp, LM Studio, vLLM, …),
on this machine or elsewhere. Only the preview is sent, which carries no Exif data."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.errors import IndexerError, UsageError

from ..enricher import CAPTIONS_HINT

_PROMPT = (
    "Describe this photo in one to three plain sentences, for somebody who searches for it: who or what is in it, what"
    " happens, where it is, what is striking. Do not begin with 'The photo shows'. Write nothing else."
)
_TRIES = 5
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
# Transient errors: too many requests, or a failure behind the endpoint
_TRANSIENT = (408, 409, 425, 429, 500, 502, 503, 504)
_REFUSAL = re.compile(r"^\W*(i['’]?m sorry|i am sorry|sorry,|i can['’]?t|i cannot|i['’]?m (not able|unable))", re.I)


class EndpointUnusable(IndexerError):
    """The endpoint does not answer, or fails for every request."""


class NotCaptioned(IndexerError):
    """The endpoint rejected this picture."""


def compute(preview: Path, service: Endpoint, stop: threading.Event) -> str | None:
    return service.caption(preview, stop)


@dataclass
class Endpoint:
    """url: ends with /v1. key: sent as a bearer token. per_minute: the most requests a minute. seconds: the timeout of
    a request. first_pause: seconds before the first retry. Raises UsageError if the URL is not one."""

    url: str
    model: str
    key: str | None = None
    per_minute: float | None = None
    seconds: float = 300.0
    first_pause: float = _FIRST_PAUSE
    _next: float = 0.0

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https?://\S+", self.url):
            raise UsageError(f"'{self.url}' is not the URL of an endpoint: {CAPTIONS_HINT}")

    @classmethod
    def of(cls, url: str | None, model: str | None, per_minute: float | None = None) -> Endpoint | None:
        """An endpoint with the key from INDEXER_API_KEY, if set. None without a URL. Raises UsageError if the model is
        missing."""
        if url is None:
            return None
        if model is None:
            raise UsageError(f"name the model: {CAPTIONS_HINT}")
        return cls(url, model, os.environ.get("INDEXER_API_KEY"), per_minute)

    def caption(self, preview: Path, stop: threading.Event) -> str | None:
        """The model's caption of a JPEG file; '' if it refuses; None if `stop` was set meanwhile.

        Raises NotCaptioned, EndpointUnusable; OSError if the file cannot be read."""
        body = json.dumps(self._request(preview.read_bytes())).encode()
        pause = self.first_pause
        for number in range(1, _TRIES + 1):
            if self._wait(stop):
                return None
            try:
                return _caption_in(self._post(body))
            except urllib.error.HTTPError as error:
                reason, retry_after = _reason(error), error.headers.get("Retry-After", "")
                if error.code not in _TRANSIENT:
                    kind = EndpointUnusable if error.code in (401, 403, 404) else NotCaptioned
                    raise kind(f"{self.url} answers {error.code}: {reason}") from error
                problem = f"answers {error.code}: {reason}"
            except (OSError, ValueError) as error:
                problem, retry_after = f"does not answer: {getattr(error, 'reason', error)}", ""
            if number < _TRIES:
                requested = float(retry_after) if retry_after.isdigit() else 0.0
                if stop.wait(min(max(pause, requested), _LONGEST_PAUSE)):
                    return None
                pause *= 2
        raise EndpointUnusable(f"{self.url} {problem}")

    def _request(self, jpeg: bytes) -> dict[str, Any]:
        picture = {"url": "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()}
        content = [{"type": "text", "text": _PROMPT}, {"type": "image_url", "image_url": picture}]
        return {"model": self.model, "messages": [{"role": "user", "content": content}], "max_tokens": 300}

    def _wait(self, stop: threading.Event) -> bool:
        """Wait until the next request is allowed. Returns whether to stop."""
        if stop.wait(max(0.0, self._next - time.monotonic())):
            return True
        self._next = time.monotonic() + (60.0 / self.per_minute if self.per_minute else 0.0)
        return False

    def _post(self, body: bytes) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.url.rstrip("/") + "/chat/completions", body, headers)
        with urllib.request.urlopen(request, timeout=self.seconds) as answer:
            completion: dict[str, Any] = json.load(answer)
            return completion


def _caption_in(answer: dict[str, Any]) -> str:
    """The caption in a chat completion; '' if the model refused. Raises ValueError if it is not a completion."""
    try:
        choice = answer["choices"][0]
        message = choice["message"]
        text = message.get("content")
        if message.get("refusal") or choice.get("finish_reason") == "content_filter" or not isinstance(text, str):
            return ""
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"its answer is not a chat completion: {json.dumps(answer)[:200]}") from error
    # Reasoning models put their reasoning first.
    text = " ".join(text.rpartition("</think>")[2].split())
    return "" if _REFUSAL.match(text) else text


def _reason(error: urllib.error.HTTPError) -> str:
    text = error.read(2000).decode("utf-8", "replace")
    try:
        detail = json.loads(text)["error"]
        text = detail["message"] if isinstance(detail, dict) else str(detail)
    except (ValueError, KeyError, TypeError):
        pass
    return " ".join(text.split())[:200] or error.reason
