"""Other programs read a prepared data set: Hugging Face `datasets`, Ray, pandas."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pyarrow.fs import LocalFileSystem

from mien.datasets.dataset import Dataset
from mien.datasets.inputs.folders import CropSettings, FolderInput
from mien.datasets.preparation.prepare import prepare
from mien.datasets.preparation.settings import PrepareSettings
from mien.vision.images.reading import decode_picture

SIDE = 224
pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Colour JPEGs and gray PNGs of 224 pixels, in two classes."""
    root = tmp_path_factory.mktemp("readers")
    rng = np.random.default_rng(0)
    for number in range(40):
        coarse = Image.fromarray(rng.integers(0, 255, (14, 14, 3), dtype=np.uint8))
        picture = coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        folder = root / "faces" / ("calm", "tense")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        if number % 4 < 2:
            picture.save(folder / f"{number}.jpg")
        else:
            picture.convert("L").save(folder / f"{number}.png")
    source = FolderInput(root / "faces", CropSettings(size=SIDE))
    return prepare(source, root / "set", PrepareSettings(shard_rows=10))


def pictures(dataset: Dataset, split: str) -> dict[str, np.ndarray]:
    return {
        origin: decode_picture(image, origin)
        for rows in dataset.rows(split)
        for origin, image in zip(rows.origins, rows.images, strict=True)
    }


def test_hugging_face_datasets_reads_pictures_and_classes(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="needs Hugging Face datasets")
    read = datasets.load_dataset(str(dataset.path), cache_dir=str(tmp_path))
    assert {name: len(read[name]) for name in read} == {
        name: dataset.count(name) for name in ("train", "validation", "test")
    }
    assert read["train"].features["label"].names == ["calm", "tense"]
    wanted = pictures(dataset, "train")
    for row in read["train"]:
        found = np.asarray(row["image"].convert("RGB"))[..., ::-1]
        assert np.array_equal(found, wanted[row["origin"]])
        assert row["image"].mode == ("RGB" if row["origin"].endswith(".jpg") else "L")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # Ray's own
def test_ray_reads_every_split(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray = pytest.importorskip("ray", reason="needs the extra [cluster]")
    ray_data = pytest.importorskip("ray.data", reason="needs the extra [cluster]")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        shards = [str(path) for path in dataset.shards("train")]
        # Without being told, it looks for what reads addresses of the web, which may be absent.
        disk, columns = LocalFileSystem(), ["image", "label", "origin"]
        found = ray_data.read_parquet(shards, filesystem=disk, columns=columns).take_all()
    finally:
        ray.shutdown()
    wanted = pictures(dataset, "train")
    assert {row["origin"] for row in found} == set(wanted)
    for row in found:
        image = np.asarray(Image.open(io.BytesIO(row["image"]["bytes"])).convert("RGB"))
        assert np.array_equal(image[..., ::-1], wanted[row["origin"]])


def test_pandas_reads_columns(dataset: Dataset) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.concat(pandas.read_parquet(path) for path in dataset.shards("train"))
    assert len(frame) == dataset.count("train")
    assert set(frame["split"]) == {"train"}
    assert frame["sha256"].str.fullmatch("[0-9a-f]{64}").all()
