"""What one request, one client and all together may cost."""

from typing import Annotated

import msgspec

from mien.settings import check_threads, processors
from mien.vision.images.reading import MAX_PIXELS
from mien.web.guard.limits import MESSAGES_PER_SECOND

_MILLION = 1_000_000


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How much is taken.

    Attributes:
        jobs: How many requests are read at a time (default: one for each processor).
        max_megabytes: Largest body of a request.
        max_megapixels: Largest picture; what is larger is refused before it is decoded.
        rate: Requests a second of one address, on the average; twice as many at once. Behind a
            proxy, all have its address.
    """

    jobs: int | None = None
    max_megabytes: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 20.0
    max_megapixels: Annotated[float, msgspec.Meta(gt=0, le=MAX_PIXELS / _MILLION)] = 32.0
    rate: Annotated[float, msgspec.Meta(ge=1, le=1e6)] = float(MESSAGES_PER_SECOND)

    @property
    def max_bytes(self) -> int:
        """The largest body."""
        return int(self.max_megabytes * _MILLION)

    @property
    def max_pixels(self) -> int:
        """The largest picture."""
        return int(self.max_megapixels * _MILLION)

    @property
    def at_a_time(self) -> int:
        """How many requests are read at a time.

        Raises:
            SettingsError: There are fewer than one, or more than this machine can use.
        """
        jobs = processors() if self.jobs is None else self.jobs
        check_threads("--jobs", jobs)
        return jobs
