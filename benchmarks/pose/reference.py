"""What MediaPipe says of how heads are turned; run by the Python of an environment that has it.

    python3.11 -m venv peer
    peer/bin/pip install --no-deps mediapipe==0.10.21
    peer/bin/pip install 'numpy<2' 'opencv-python-headless<4.12' absl-py attrs flatbuffers \
        'protobuf<5' matplotlib sounddevice
    python -m benchmarks.pose --python peer/bin/python

0.10.21 is a version whose wheel brings its models; 1.2.3 does not. Its mesh of 468 points
(Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019) is
laid on MediaPipe's canonical face by a similarity (Umeyama 1991), as its own face matrix is, over
points that the mouth
does not move.
"""

import json
import sys
import zipfile

import cv2
import mediapipe as mp
import numpy as np

# canonical_face_model.obj of MediaPipe (Apache-2.0), cm: x to the picture's right, y up, z to the
# viewer. Points of the middle, and of the picture's left with their mirror images.
MIDDLE = {
    4: (0.0, -0.463170, 7.586580),
    6: (0.0, 2.473255, 5.788627),
    9: (0.0, 4.885979, 5.385258),
    10: (0.0, 8.261778, 4.481535),
    151: (0.0, 6.545390, 5.027311),
}
PAIRS = {
    (33, 263): (-4.445859, 2.663991, 3.173422),
    (133, 362): (-1.856432, 2.585245, 3.757904),
    (54, 284): (-6.279331, 6.615427, 1.425850),
    (67, 297): (-3.523964, 8.005976, 3.729163),
    (103, 332): (-5.133204, 7.485602, 2.660442),
    (117, 346): (-5.258659, 0.945811, 2.974312),
    (127, 356): (-7.743095, 2.364999, -2.005167),
    (129, 358): (-1.785794, -0.978284, 4.850470),
    (132, 361): (-7.270895, -2.890917, -2.252455),
}


def model():
    """Return the numbers of the points, and where they are on the canonical face."""
    points = dict(MIDDLE)
    for (left, right), (x, y, z) in PAIRS.items():
        points |= {left: (x, y, z), right: (-x, y, z)}
    return list(points), np.array(list(points.values()))


def rotation(shape, seen):
    """Return the turn that lays one set of points on another, up to scale and place."""
    a, b = shape - shape.mean(0), seen - seen.mean(0)
    u, _, v = np.linalg.svd(b.T @ a)
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ v))])
    return u @ flip @ v


def main():
    """Print a line of JSON for each face of each picture of some zip files."""
    ids, shape = model()
    mesh = mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=4, min_detection_confidence=0.5
    )
    most = int(sys.argv[1])
    for archive in sys.argv[2:]:
        with zipfile.ZipFile(archive) as file:
            names = [one for one in file.namelist() if one.endswith(".jpg")]
            for name in names[:: max(1, len(names) // most)]:
                data = np.frombuffer(file.read(name), np.uint8)
                image = cv2.imdecode(data, cv2.IMREAD_COLOR)
                if image is None:
                    continue
                # Of pictures that are no squares the mesh comes out distorted.
                side = max(image.shape[:2])
                below, beside = side - image.shape[0], side - image.shape[1]
                square = cv2.copyMakeBorder(image, 0, below, 0, beside, cv2.BORDER_CONSTANT)
                found = mesh.process(cv2.cvtColor(square, cv2.COLOR_BGR2RGB))
                for face in found.multi_face_landmarks or ():
                    points = np.array([(p.x, p.y, p.z) for p in face.landmark]) * side
                    turn = rotation(shape, points[ids] * (1, -1, -1))
                    box = [*points[:, :2].min(0), *points[:, :2].max(0)]
                    print(
                        json.dumps(
                            {
                                "archive": archive,
                                "name": name,
                                "box": box,
                                "rotation": turn.tolist(),
                            }
                        ),
                        flush=True,
                    )


main()
