"""The parsers, each with good files, ways to damage them, and how often it is tried."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path

from fuzz import datasets, folds, keras_models, models, recordings, seeds, weights
from fuzz.mutate import Mutator, damage, damage_json, damage_text, in_header, in_png, in_zip

Reader = Callable[[bytes, Path], object]


@dataclass(frozen=True, slots=True)
class Parser:
    """Something that reads what others made.

    Attributes:
        name: What the table calls it.
        seeds: Gives good files.
        ways: How they are damaged; one of them is drawn for each input.
        read: Reads one, given as bytes and a folder that is its own.
        share: How many of ten thousand inputs, about, are for it; few where each starts a process.
    """

    name: str
    seeds: Callable[[], Sequence[bytes]]
    ways: Sequence[Mutator]
    read: Reader
    share: int


def read_picture(data: bytes, _folder: Path) -> None:
    """Decode a picture as for `predict` and `prepare`."""
    from mien.vision.images.reading import decode_picture

    decode_picture(data, "picture")


def read_page_picture(data: bytes, _folder: Path) -> None:
    """Decode a picture that a page sent."""
    from mien.web.session.media import decode_page_picture

    decode_page_picture(data)


def read_video(data: bytes, folder: Path) -> None:
    """Read the frames of a video."""
    from mien.sources.video import VideoSource

    path = folder / "video.mp4"
    path.write_bytes(data)
    for _frame in islice(VideoSource(path), 30):
        pass


def read_metadata(data: bytes, folder: Path) -> None:
    """Read a folder of labelled pictures with this metadata.csv."""
    from mien.datasets.inputs.folders import CropSettings, FolderInput
    from mien.vision.images.reading import encode_png

    for number, picture in enumerate(seeds.noise(4)):
        path = folder / seeds.CLASSES[number % 2] / f"{number}.png"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(encode_png(picture))
    (folder / "metadata.csv").write_bytes(data)
    given = FolderInput(folder, CropSettings())
    list(given.read(0, len(given)))


def read_fer2013(data: bytes, folder: Path) -> None:
    """Read FER2013's own file."""
    _read_fer(folder, data, None)


def read_ferplus(data: bytes, folder: Path) -> None:
    """Read FER+'s votes beside FER2013's file."""
    _read_fer(folder, *seeds.fer2013(), data)


def _read_fer(folder: Path, faces: bytes, votes: bytes | None) -> None:
    from mien.datasets.inputs.fer.fer2013 import Fer2013Input

    path, plus = folder / "fer2013.csv", folder / "fer2013new.csv"
    path.write_bytes(faces)
    if votes is not None:
        plus.write_bytes(votes)
    given = Fer2013Input(path, None if votes is None else plus)
    list(given.read(0, len(given)))


def read_manifest(data: bytes, folder: Path) -> None:
    """Read the manifest of an archive's readings."""
    from mien.archive.readings import manifest

    (folder / manifest.MANIFEST).write_bytes(data)
    manifest.read_manifest(folder)


def read_boxes(data: bytes, folder: Path) -> None:
    """Read what people said of a detector's pictures."""
    from mien.training.detector.notes import BOXES, Notes

    (folder / BOXES).write_bytes(data)
    Notes.read(folder)


def read_recipe(data: bytes, folder: Path) -> None:
    """Read a recipe, and make settings of it as `mien train` does."""
    from mien.settings import made_of
    from mien.training.expression.settings import RECIPE, ModelSettings, TrainSettings

    path = folder / "recipe.toml"
    path.write_bytes(data)
    options = RECIPE.read(path)
    made_of(TrainSettings, options)
    made_of(ModelSettings, {"name": "a"} | options)


def read_mix(data: bytes, folder: Path) -> None:
    """Read the file of a mix."""
    from mien.datasets.inputs.mix_file import read_mix

    path = folder / "mix.toml"
    path.write_bytes(data)
    read_mix(path)


def read_tfjs(data: bytes, folder: Path) -> None:
    """Read the JSON of a TensorFlow.js model."""
    _read_tfjs(folder, data, *seeds.tfjs_weights())


def read_tfjs_weights(data: bytes, folder: Path) -> None:
    """Read its binary file."""
    _read_tfjs(folder, *seeds.tfjs_models(), data)


def _read_tfjs(folder: Path, model: bytes, data: bytes) -> None:
    from mien.training.expression.pretrained import fingerprint, read_graph_model

    path = folder / "model.json"
    path.write_bytes(model)
    (folder / "model.bin").write_bytes(data)
    fingerprint(path)
    read_graph_model(path)


def read_joblib(data: bytes, _folder: Path) -> None:
    """Read a detector's arrays."""
    from mien.detectors.mtcnn.joblib_arrays import read_arrays

    read_arrays(data, "weights")


def read_text_message(data: bytes, _folder: Path) -> None:
    """Read a text of the page; what is no UTF-8 never gets here."""
    from mien.web.protocol import decode_text

    decode_text(data.decode("utf-8", "replace"))


def read_form(data: bytes, _folder: Path) -> None:
    """Split a body of several pictures."""
    from mien.web.api_server.multipart import split

    split(data, f"multipart/form-data; boundary={seeds.BOUNDARY}")


def read_pickle(data: bytes, folder: Path) -> None:
    """Look whether a file is a pickle, which is not opened."""
    from mien.files.pickles import is_pickle

    path = folder / "data"
    path.write_bytes(data)
    is_pickle(path)


def read_binary_message(data: bytes, _folder: Path) -> None:
    """Read a picture of the page, with what stands before it."""
    from mien.web.protocol import decode_picture_message
    from mien.web.session.media import decode_page_picture

    _, jpeg = decode_picture_message(data)
    decode_page_picture(jpeg)


@cache
def parsers() -> dict[str, Parser]:
    """Return all parsers by name."""
    whole = (*_pictures(), *_tables(), *_texts(), *_models(), *_keras(), *_messages())
    return {parser.name: parser for parser in whole}


def _pictures() -> Iterator[Parser]:
    yield Parser("picture", seeds.pictures, (damage, damage, in_png), read_picture, 2000)
    yield Parser("page's picture", seeds.pictures, (damage, in_png), read_page_picture, 600)
    yield Parser("video", seeds.videos, (damage,), read_video, 600)


def _tables() -> Iterator[Parser]:
    ways, parquet = (damage, damage_text, damage_text), (damage, datasets.in_parquet)
    yield Parser("metadata.csv", seeds.metadata, ways, read_metadata, 500)
    yield Parser("fer2013.csv", seeds.fer2013, ways, read_fer2013, 400)
    yield Parser("fer2013new.csv", seeds.ferplus, ways, read_ferplus, 500)
    yield Parser("manifest.csv", seeds.manifest, ways, read_manifest, 400)
    yield Parser("boxes.csv", seeds.boxes, ways, read_boxes, 400)
    yield Parser("readings.csv", recordings.tables, ways, recordings.read_table, 400)
    yield Parser("people.csv", recordings.people, ways, recordings.read_people, 300)
    yield Parser("predictions.csv", folds.answers, ways, folds.read_answers, 200)
    yield Parser("events.csv", recordings.events, ways, recordings.read_events, 300)
    yield Parser("hand.csv", recordings.hand, ways, recordings.read_hand, 300)
    yield Parser("Parquet", datasets.shards, parquet, datasets.read_shard, 400)


def _texts() -> Iterator[Parser]:
    words, values = (damage, damage_text, damage_text), (damage, damage_text, damage_json)
    yield Parser("readings.jsonl", recordings.lines, values, recordings.read_lines, 300)
    yield Parser("recipe.toml", seeds.recipes, words, read_recipe, 600)
    yield Parser("mix.toml", seeds.mix, words, read_mix, 600)
    yield Parser("dataset.json", datasets.info, values, datasets.read_info, 300)
    yield Parser("folds.json", folds.infos, values, folds.read_info, 200)
    yield Parser("model.json", models.infos, values, models.read_info, 500)
    detectors = models.detector_infos
    yield Parser("detector's model.json", detectors, values, models.read_detector_info, 100)


def _models() -> Iterator[Parser]:
    onnx = (damage, models.in_onnx, models.in_onnx)
    tensors = (damage, in_header("<Q", damage_json), weights.in_metadata, weights.in_metadata)
    yield Parser("model.onnx", models.graphs, onnx, models.read_graph, 400)
    detector = models.detector_graphs
    yield Parser("detector's model.onnx", detector, onnx, models.read_detector_graph, 30)
    yield Parser("weights.safetensors", weights.weights, tensors, weights.read_weights, 30)
    yield Parser("features.safetensors", weights.features, tensors, weights.read_features, 100)
    yield Parser("model to start from", weights.named_graphs, onnx, weights.read_start, 10)
    yield Parser("model to adapt", weights.adaptable, onnx, weights.read_adaptable, 50)
    yield Parser("checkpoint", weights.checkpoints, tensors, weights.read_checkpoint, 300)
    ways = (damage, damage_text, damage_json)
    yield Parser("TensorFlow.js JSON", seeds.tfjs_models, ways, read_tfjs, 300)
    yield Parser("TensorFlow.js weights", seeds.tfjs_weights, (damage,), read_tfjs_weights, 100)
    yield Parser("joblib arrays", seeds.joblib, (damage,), read_joblib, 400)


def _keras() -> Iterator[Parser]:
    h5, zipped = (damage, keras_models.in_h5), (damage, in_zip(damage), in_zip(damage_json))
    yield Parser(".h5", keras_models.h5_files, h5, keras_models.read, 12)
    yield Parser(".keras", keras_models.keras_files, zipped, keras_models.read, 24)
    values = (damage, damage_json)
    yield Parser("Keras JSON", keras_models.architectures, values, keras_models.read_json, 8)
    build = partial(keras_models.read, build=True)
    yield Parser("Keras network", keras_models.files, (keras_models.in_h5, *zipped), build, 4)


def _messages() -> Iterator[Parser]:
    values = (damage, damage_text, damage_json)
    yield Parser("text message", seeds.texts, values, read_text_message, 400)
    header = (damage, in_header(">I", damage), in_header(">I", damage_json))
    yield Parser("binary message", seeds.messages, header, read_binary_message, 400)
    yield Parser("form of pictures", seeds.forms, (damage, damage_text), read_form, 400)
    yield Parser("what may be a pickle", seeds.pickles, (damage,), read_pickle, 300)
