"""A film's objects in S3: minutes as they are finished, the whole file and what belongs to it at the end.

The whole file is sent with its header first, in parts: no disk and no more memory than one part, whatever
its length.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from media_node.recording.composition import hls, side_tracks
from media_node.recording.composition.drawing import BACKGROUND
from media_node.recording.composition.job import Job
from media_node.recording.composition.minute import Minute, format_minute, parse_minute
from media_node.recording.composition.mp4 import Movie, initialization

# The least that S3 takes is 5 MiB; 10,000 parts of this size make 80 GiB.
PART_BYTES = 8 * 1024 * 1024
SPRITE_COLUMNS = 12

PLAYLIST = "application/vnd.apple.mpegurl"
VTT = "text/vtt"


class Publisher:
    """Writes the objects of one job. `key_id`: the KMS key that its recording is kept with, if any."""

    def __init__(self, s3: Any, job: Job, key_id: str | None) -> None:
        self._s3 = s3
        self._job = job
        self._encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id} if key_id is not None else {}
        )

    def put(self, key: str, data: bytes, content_type: str) -> None:
        # A playlist grows: an edge that kept it would hold back the newest minutes.
        caching = {"CacheControl": "no-cache"} if content_type == PLAYLIST else {}
        self._s3.put_object(
            Bucket=self._job.bucket,
            Key=key,
            Body=data,
            ContentType=content_type,
            **caching,
            **self._encryption,
        )

    def put_file(self, key: str, path: Path, content_type: str) -> None:
        """A file of any size, in parts."""
        more = {"ContentType": content_type, **self._encryption}
        self._s3.upload_file(str(path), self._job.bucket, key, ExtraArgs=more)

    def publish_minute(self, minute: Minute, path: Path) -> None:
        """The minute's media, then what is known of it."""
        with path.open("rb") as file:
            self._s3.put_object(
                Bucket=self._job.bucket,
                Key=self._job.media_key(minute.number),
                Body=file,
                ContentType="video/mp4",
                **self._encryption,
            )
        self.put(self._job.minute_key(minute.number), format_minute(minute), "application/json")

    def read_minute(self, number: int) -> Minute:
        answer = self._s3.get_object(Bucket=self._job.bucket, Key=self._job.minute_key(number))
        return parse_minute(answer["Body"].read())

    def publish_playlist(self, lines: list[str], is_whole: bool) -> None:
        self.put(self._job.playlist_key, hls.playlist(lines, is_whole).encode(), PLAYLIST)

    def publish_header(self, minute: Minute) -> None:
        """What a player needs before the first minute."""
        self.put(self._job.initialization_key, initialization(minute.format), "video/mp4")
        self.put(self._job.master_key, hls.master_playlist(minute.format).encode(), PLAYLIST)

    def publish_movie(self, movie: Movie, minutes: int) -> int:
        """The whole file; its bytes."""
        upload = self._s3.create_multipart_upload(
            Bucket=self._job.bucket, Key=self._job.mp4_key, ContentType="video/mp4", **self._encryption
        )
        name = {"Bucket": self._job.bucket, "Key": self._job.mp4_key, "UploadId": upload["UploadId"]}
        try:
            parts: list[dict[str, Any]] = []
            length = 0
            for part in _parts(self._movie_bytes(movie, minutes)):
                number = len(parts) + 1
                answer = self._s3.upload_part(**name, PartNumber=number, Body=part)
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
                length += len(part)
            self._s3.complete_multipart_upload(**name, MultipartUpload={"Parts": parts})
        except BaseException:
            # Parts of an upload that nobody completes are kept, and paid for.
            self._s3.abort_multipart_upload(**name)
            raise
        return length

    def _movie_bytes(self, movie: Movie, minutes: int) -> Iterator[bytes]:
        yield movie.header()
        for number in range(minutes):
            pieces = self.read_minute(number).pieces
            answer = self._s3.get_object(Bucket=self._job.bucket, Key=self._job.media_key(number))
            for piece in pieces:
                answer["Body"].read(piece.header_bytes)
                yield answer["Body"].read(piece.fragment.payload)


class Contents:
    """What is gathered from all minutes for the whole film."""

    def __init__(self, first: Minute) -> None:
        self.movie = Movie(first.format)
        self.lines: list[str] = []
        self.peaks = bytearray()
        self._sprite = _Sprite()

    def add(self, minute: Minute, media_name: str) -> None:
        for piece in minute.pieces:
            self.movie.add(piece.fragment)
        self.lines.append(playlist_lines(minute, media_name))
        self.peaks += bytes(minute.peaks)
        for tick in sorted(minute.thumbnails):
            self._sprite.add(base64.b64decode(minute.thumbnails[tick]))

    def publish_side_files(
        self, publisher: Publisher, job: Job, interval_us: int, duration_us: int, chapters: str, chat: str
    ) -> dict[str, str]:
        """Sprite, texts and waveform; their keys as the report names them."""
        keys = {
            "sprite": job.side_key("thumbnails.jpg"),
            "thumbnails": job.side_key("thumbnails.vtt"),
            "chapters": job.side_key("chapters.vtt"),
            "chat": job.side_key("chat.vtt"),
            "waveform": job.side_key("waveform.json"),
        }
        publisher.put(keys["sprite"], self._sprite.jpeg(), "image/jpeg")
        sprite = self._sprite
        index = side_tracks.thumbnails(
            "thumbnails.jpg", sprite.count, SPRITE_COLUMNS, sprite.size, interval_us, duration_us
        )
        publisher.put(keys["thumbnails"], index.encode(), VTT)
        publisher.put(keys["chapters"], chapters.encode(), VTT)
        publisher.put(keys["chat"], chat.encode(), VTT)
        publisher.put(keys["waveform"], side_tracks.waveform(self.peaks).encode(), "application/json")
        return keys


class _Sprite:
    """Thumbnails side by side, row by row."""

    def __init__(self) -> None:
        self.count = 0
        self.size = (0, 0)
        self._image: Image.Image | None = None

    def add(self, jpeg: bytes) -> None:
        with Image.open(io.BytesIO(jpeg)) as picture:
            self.size = picture.size
            row, column = divmod(self.count, SPRITE_COLUMNS)
            wanted = (SPRITE_COLUMNS * picture.width, (row + 1) * picture.height)
            if self._image is None or self._image.size != wanted:
                grown = Image.new("RGB", wanted, BACKGROUND)
                if self._image is not None:
                    grown.paste(self._image)
                self._image = grown
            self._image.paste(picture, (column * picture.width, row * picture.height))
        self.count += 1

    def jpeg(self) -> bytes:
        data = io.BytesIO()
        image = self._image or Image.new("RGB", (16, 16), BACKGROUND)
        image.save(data, "JPEG", quality=75)
        return data.getvalue()


def playlist_lines(minute: Minute, media_name: str) -> str:
    rate = minute.format.rate
    pieces = [(piece.ticks / rate, piece.bytes, piece.offset) for piece in minute.pieces]
    return hls.minute_lines(media_name, pieces)


def _parts(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of PART_BYTES, the last one shorter."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PART_BYTES:
            yield bytes(waiting[:PART_BYTES])
            del waiting[:PART_BYTES]
    if waiting:
        yield bytes(waiting)
