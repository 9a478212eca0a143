"""What the faces of one frame show of themselves, for who asks who is who."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mien.tracking.portrait import LEAST_SIDE
from mien.tracking.track import is_cut
from mien.types import Face, FloatArray
from mien.vision.boxes import iou_matrix, to_array

# Of faces that overlap by so much (IoU) none can be portrayed alone; of those whose middles are
# nearer than so many sides, one may reach over what a portrait of the other shows.
COVERED, BESIDE = 0.05, 2.0


@dataclass(slots=True)
class Views:
    """Portraits of the faces of one frame, each made once, when it is asked for.

    Attributes:
        faces: The faces.
        size: Width and height of the frame in pixels; None where its edges do not count.
        portray: Makes the portrait of a face; None where there are none.
        made: Those that were asked for, by index.
    """

    faces: Sequence[Face]
    size: tuple[int, int] | None
    portray: Callable[[Face], FloatArray | None] | None
    made: dict[int, FloatArray | None] = field(default_factory=dict)

    def __call__(self, index: int) -> FloatArray | None:
        """Return the portrait of a face; None where it shows too little, or more than itself."""
        if self.portray is None:
            return None
        if index not in self.made:
            hidden = self.is_cut(index) or self._is_covered(index)
            self.made[index] = None if hidden else self.portray(self.faces[index])
        return self.made[index]

    def is_cut(self, index: int) -> bool:
        """Whether part of a face may be outside of the frame."""
        return self.size is not None and is_cut(self.faces[index].box, self.size)

    def _is_covered(self, index: int) -> bool:
        """Whether another face reaches over this one, so that a portrait would be of both."""
        box = to_array([self.faces[index].box])
        others = to_array([face.box for other, face in enumerate(self.faces) if other != index])
        return bool((iou_matrix(box, others) >= COVERED).any())

    def is_beside(self, index: int) -> bool:
        """Whether another face is so near that it may reach over what a portrait shows."""
        here = self.faces[index].box
        return any(
            math.dist(here.center, face.box.center) < BESIDE * max(here.side, face.box.side)
            for other, face in enumerate(self.faces)
            if other != index
        )

    def may_clear(self, index: int) -> bool:
        """Whether a face that cannot be portrayed now may be soon: its head is turned away."""
        face = self.faces[index]
        large = face.landmarks is not None and face.box.side >= LEAST_SIDE
        return self.portray is not None and large
