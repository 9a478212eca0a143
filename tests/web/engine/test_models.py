"""The networks in the browser answer as onnxruntime does here on the same graphs."""

import numpy as np
import pytest

from mien.detectors.single_shot import OUTPUTS, SingleShotDetector
from mien.models.bundle import load_bundle, load_detector_bundle
from mien.models.onnx import make_session
from mien.registry import DEFAULT_BUNDLE, DETECTOR_BUNDLE
from mien.sources.sample import SampleSource
from mien.vision.crop import crop_faces
from mien.web.page import runtime


@pytest.mark.heavy
def test_graphs_answer_in_the_browser_as_here(answer, page_runtime):
    bundle, detector = load_bundle(DEFAULT_BUNDLE), load_detector_bundle(DETECTOR_BUNDLE)
    image = next(iter(SampleSource())).image
    (face,) = SingleShotDetector(detector)(image)
    views = (image, image[:, ::-1], 255 - image, image // 2)
    crops = np.concatenate([crop_faces(view, [face], bundle.info.spec()) for view in views])
    noise = np.random.default_rng(0).integers(0, 256, (2, *crops.shape[1:]), dtype=np.uint8)
    crops = np.concatenate([crops, noise])
    picture = np.ascontiguousarray(image[::2, ::2].mean(axis=2)[None, ..., None], np.uint8)
    picture = picture[:, :224]
    read, find = bundle.graph, detector.graph
    (answers,) = make_session(read, "read").run(["probabilities"], {"faces": crops})
    found = make_session(find, "find").run(OUTPUTS, {"picture": picture})
    assert found[0].max() > 0.5
    vectors = {
        "runtime": (runtime.FOLDER / runtime.FILES[0]).as_uri(),
        "code": str(runtime.FOLDER / runtime.FILES[1]),
        "faces": {
            "graph": np.frombuffer(read, np.uint8),
            "spec": {"size": crops.shape[1], "channels": crops.shape[3]},
            "crops": crops,
            "count": len(crops),
            "answers": answers,
        },
        "finds": {
            "graph": np.frombuffer(find, np.uint8),
            "height": picture.shape[1],
            "width": picture.shape[2],
            "channels": 1,
            "picture": picture,
            "answers": dict(zip(OUTPUTS, found, strict=True)),
        },
    }
    assert not answer("models", vectors)
