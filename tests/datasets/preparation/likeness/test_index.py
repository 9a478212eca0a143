"""The index finds what all pairs find, the same for any number of threads."""

from pathlib import Path

import faiss
import numpy as np
import pytest
from tests.datasets.preparation.sources import Photos, photo

from mien.datasets.preparation import duplicates
from mien.datasets.preparation.duplicates import near_pairs, thumbnail
from mien.datasets.preparation.likeness import index as by_index
from mien.datasets.preparation.likeness.all_pairs import AllPairs
from mien.datasets.preparation.likeness.index import Index, write_index
from mien.datasets.preparation.prepare import prepare
from mien.datasets.preparation.settings import PrepareSettings
from mien.types import IntArray, PixelArray

NEAR = 0.86


@pytest.fixture(autouse=True)
def short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few pictures are not all in lists that are looked through."""
    monkeypatch.setattr(by_index, "LIST", 4)


@pytest.fixture(scope="module")
def thumbs() -> PixelArray:
    """400 photos, of every eighth a mirrored and a cropped one after it."""
    images = []
    for seed in range(300):
        image = photo(seed)
        images.append(image)
        if seed % 8 == 0:
            images += [image[:, ::-1], image[3:-3, 2:-4]]
    return np.stack([thumbnail(np.ascontiguousarray(image)) for image in images])


def candidates(index: Index, count: int) -> IntArray:
    return np.concatenate([index.of(i, min(i + 100, count)) for i in range(0, count, 100)])


def test_it_finds_the_pairs_that_all_pairs_find(
    thumbs: PixelArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, values = near_pairs(thumbs, NEAR)
    assert len(wanted) >= 100
    monkeypatch.setattr(duplicates, "INDEX_FROM", 1)
    assert isinstance(duplicates.candidates_of(thumbs), Index)
    found, again = near_pairs(thumbs, NEAR)
    pairs = set(map(tuple, wanted.tolist()))
    assert len(pairs & set(map(tuple, found.tolist()))) >= 0.98 * len(pairs)
    assert set(map(tuple, found.tolist())) <= pairs
    assert again.max() == pytest.approx(values.max(), abs=0.01)


def test_threads_and_processes_find_the_same(thumbs: PixelArray, tmp_path: Path) -> None:
    former = faiss.omp_get_max_threads()
    found = []
    for threads in (1, 3):
        faiss.omp_set_num_threads(threads)
        found.append(candidates(Index(thumbs), len(thumbs)))
        assert faiss.omp_get_max_threads() == threads
    faiss.omp_set_num_threads(former)
    write_index(thumbs, tmp_path / "index")
    found.append(candidates(Index(thumbs, tmp_path / "index"), len(thumbs)))
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_each_pair_is_a_candidate_once_and_by_its_best_view(thumbs: PixelArray) -> None:
    rows = candidates(Index(thumbs), len(thumbs))
    assert len(np.unique(rows[:, :2], axis=0)) == len(rows)
    assert (rows[:, 0] != rows[:, 1]).all()
    every = AllPairs(thumbs).of(0, len(thumbs))
    views = {(a, b): view for a, b, view in every.tolist()}
    same = [views[a, b] == view for a, b, view in rows.tolist() if (a, b) in views]
    assert np.mean(same) > 0.9


def test_of_many_look_alikes_the_most_similar_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_index, "MOST", 2)
    rows = np.array([[0, 3, 1], [0, 3, 2], [0, 1, 0], [0, 2, 0], [5, 0, 7]], dtype=np.int64)
    values = np.array([0.8, 0.95, 0.81, 0.9, 0.8], dtype=np.float32)
    assert by_index._best(rows, values).tolist() == [[0, 2, 0], [0, 3, 2], [5, 0, 7]]


def test_no_pictures_and_few(monkeypatch: pytest.MonkeyPatch) -> None:
    one = thumbnail(photo(0))[None]
    assert Index(one).of(0, 1).shape == (0, 3)
    flat = np.full_like(one, 9)
    assert Index(np.concatenate([one, flat, flat])).of(0, 3).shape == (0, 3)


def test_a_data_set_made_by_the_index_is_that_of_all_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = PrepareSettings(chunk_size=16)
    wanted = prepare(Photos(100), tmp_path / "all", settings)
    monkeypatch.setattr(duplicates, "INDEX_FROM", 1)
    stages: list[str] = []

    def note(stage: str, _done: int, _total: int | None) -> None:
        stages.append(stage)

    found = prepare(
        Photos(100),
        tmp_path / "index",
        settings,
        on_progress=note,
    )
    assert "indexing pictures" in stages
    assert found.info.clusters == wanted.info.clusters > 5
    assert found.info.counts == wanted.info.counts


def test_where_faiss_is_not_installed_all_pairs_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(duplicates, "INDEX_FROM", 1)
    monkeypatch.setattr(duplicates.importlib.util, "find_spec", lambda _: None)
    assert isinstance(duplicates.candidates_of(thumbnail(photo(0))[None]), AllPairs)
