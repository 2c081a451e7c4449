"""The built web app over HTTP: files with the right cache headers, and its page for the app's own paths.

Serves what is under web/dist and nothing else. In AWS, CloudFront does the same from a bucket.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

# Vite puts a hash of the content into these names, so that a changed file is another file.
HASHED_FOLDER = "assets"
FOREVER = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"
# The door of a meeting and the meeting itself; nothing else of the app is ever shown within another site.
MEETING_PATHS = "/m/"
NOT_BUILT = "The web app is not built: run `make setup`, then load this page again.\n"

# Python's table lacks or misnames these; a browser refuses a module script of another type.
CONTENT_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}


class WebApp:
    """Answers GET and HEAD for everything that is not the API."""

    def __init__(
        self, folder: Path, node_urls: Callable[[], Sequence[str]], framed_by: Sequence[str] = ()
    ) -> None:
        """
        Args:
            framed_by: Origins of sites whose pages may show a meeting in a frame.
        """
        self._folder = folder.resolve()
        self._node_urls = node_urls
        self._framed_by = framed_by

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "HEAD"])
        file = self._file(request.path)
        if file is None:
            return web.Response(status=404, text="There is no such file.\n")
        if not file.exists():
            return web.Response(status=503, text=NOT_BUILT)
        content_type = CONTENT_TYPES.get(file.suffix)
        response = web.FileResponse(file, headers={"Content-Type": content_type} if content_type else None)
        hashed = file.is_relative_to(self._folder / HASHED_FOLDER)
        response.headers["Cache-Control"] = FOREVER if hashed else ASK_EACH_TIME
        framed_by = self._framed_by if request.path.startswith(MEETING_PATHS) else ()
        response.headers.update(security_headers(self._node_urls(), framed_by))
        return response

    def _file(self, path: str) -> Path | None:
        """The file of a path; the app's page for paths that are the app's to route; None for neither."""
        page = self._folder / "index.html"
        if "\0" in path:
            return None
        candidate = (self._folder / path.lstrip("/")).resolve()
        if not candidate.is_relative_to(self._folder) or any(
            part.startswith(".") for part in candidate.parts[-1:]
        ):
            return None
        if candidate.is_file():
            return candidate
        # A name with an ending is a file that is not there. A page in its place would be taken for it.
        return None if candidate.suffix else page


def security_headers(node_urls: Sequence[str], framed_by: Sequence[str] = ()) -> dict[str, str]:
    """Headers of a page: no inline script, connections to this origin and the nodes, no other frame."""
    nodes = [source for url in node_urls for source in connect_sources(url)]
    policy = {
        "default-src": ["'self'"],
        # WebAssembly is the noise suppressor's.
        "script-src": ["'self'", "'wasm-unsafe-eval'"],
        # react-aria puts a <style> element of its own into the page.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'", *nodes],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": framed_by or ["'none'"],
    }
    return {
        "Content-Security-Policy": "; ".join(" ".join([name, *sources]) for name, sources in policy.items()),
        "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
        # A link is the right to knock: it must not travel to other sites.
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def connect_sources(url: str) -> list[str]:
    """A node's origin for HTTP and for its WebSocket."""
    parts = urlsplit(url)
    socket_scheme = "wss" if parts.scheme == "https" else "ws"
    return [f"{parts.scheme}://{parts.netloc}", f"{socket_scheme}://{parts.netloc}"]
