"""Every pipeline returns the batches of the course's own loop, bit for bit and in its order."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kernel.data import pipelines
from kernel.data.photos import Photos, dataset_seed, find
from kernel.settings.settings import Settings

SIZE = (24, 32)
Batches = list[tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of small photos: JPEGs of many sizes (one of them SIZE), a grey one, a PNG."""
    root = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for index in range(22):
        height, width = SIZE if index == 3 else random.integers(17, 90, 2)
        coarse = random.integers(0, 256, (6, 7, 3), dtype=np.uint8)
        photo = Image.fromarray(coarse).resize((int(width), int(height)), Image.Resampling.BICUBIC)
        suffix = "png" if index == 5 else "jpg"
        path = root / ("car" if index % 2 else "truck") / f"photo {index:02} é.{suffix}"
        path.parent.mkdir(exist_ok=True)
        (photo.convert("L") if index == 7 else photo).save(path)
    return root


def settings_of(**values: Any) -> Settings:
    return Settings.from_mapping({"image_size": list(SIZE), "batch_size": 4, **values})


def keras_dataset(folder: Path, settings: Settings, *, shuffle: bool = True) -> tf.data.Dataset:
    """Make the data set as the course does."""
    keras.utils.set_random_seed(settings.seed)
    return keras.utils.image_dataset_from_directory(
        str(folder),
        label_mode="binary" if settings.label_mode == "auto" else settings.label_mode,
        color_mode=settings.color_mode,
        image_size=settings.image_size,
        interpolation=settings.interpolation,
        crop_to_aspect_ratio=settings.crop_to_aspect_ratio,
        batch_size=settings.batch_size,
        shuffle=shuffle,
        seed=None,
        verbose=False,
    )


def course_batches(folder: Path, settings: Settings, *, shuffle: bool = True) -> Batches:
    """Return the batches of the course's pipeline."""
    photos = keras_dataset(folder, settings, shuffle=shuffle)
    converted = photos.map(lambda x, y: (tf.image.convert_image_dtype(x, tf.float32), y))
    return list(converted.cache().as_numpy_iterator())


def photos_of(folder: Path, settings: Settings, *, shuffle: bool = True) -> Photos:
    """Return the photos in the order of Keras' index."""
    paths = keras_dataset(folder, settings, shuffle=shuffle).file_paths
    return Photos(tuple(paths), tuple(int("truck" in path) for path in paths), ("car", "truck"))


def assert_equal(batches: Batches, expected: Batches) -> None:
    assert len(batches) == len(expected)
    for (images, labels), (expected_images, expected_labels) in zip(batches, expected, strict=True):
        assert images.dtype == np.float32
        assert labels.dtype == expected_labels.dtype
        np.testing.assert_array_equal(images, expected_images)
        np.testing.assert_array_equal(labels, expected_labels)


@pytest.mark.parametrize("name", pipelines.PIPELINES)
def test_keras_takes_one_step_of_the_optimizer_for_each_batch_of_every_pipeline(
    folder: Path, name: str
) -> None:
    photos = photos_of(folder, settings_of())
    model = keras.Sequential([keras.Input((*SIZE, 3)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(1))
    model.compile("sgd", "mse", jit_compile=False)

    for _ in range(2):
        batches = pipelines.build(name, photos, settings_of(), training=True)
        model.fit(batches, shuffle=False, verbose=0)

    assert int(model.optimizer.iterations) == 2 * -(-len(photos) // 4)


@pytest.mark.parametrize("name", pipelines.PIPELINES)
def test_every_pipeline_returns_the_batches_of_the_course_in_every_epoch(
    folder: Path, name: str
) -> None:
    settings = settings_of()
    expected = course_batches(folder, settings)
    photos = photos_of(folder, settings)
    keras.utils.set_random_seed(settings.seed)
    batches = pipelines.build(name, photos, settings, training=True)
    for _ in range(2):
        assert_equal(list(batches.as_numpy_iterator()), expected)


@pytest.mark.parametrize("name", ["course", "fast"])
@pytest.mark.parametrize(
    "changes",
    [
        {"color_mode": "grayscale"},
        {"crop_to_aspect_ratio": True},
        {"label_mode": "int"},
        {"label_mode": "categorical"},
        {"seed": 7, "batch_size": 5},
    ],
    ids=str,
)
def test_the_options_of_keras_have_the_same_effect_as_in_keras(
    folder: Path, name: str, changes: dict[str, Any]
) -> None:
    settings = settings_of(**changes)
    expected = course_batches(folder, settings)
    photos = photos_of(folder, settings)
    keras.utils.set_random_seed(settings.seed)
    batches = pipelines.build(name, photos, settings, training=True)
    assert_equal(list(batches.as_numpy_iterator()), expected)


def test_photos_with_an_alpha_channel_keep_it(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    for name in ("car", "truck"):
        (tmp_path / name).mkdir()
        pixels = random.integers(0, 256, (30, 40, 4), dtype=np.uint8)
        Image.fromarray(pixels, "RGBA").save(tmp_path / name / "photo.png")
    settings = settings_of(color_mode="rgba")
    photos = photos_of(tmp_path, settings, shuffle=False)
    batches = pipelines.build("fast", photos, settings, training=False)
    expected = course_batches(tmp_path, settings, shuffle=False)
    assert_equal(list(batches.as_numpy_iterator()), expected)


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "baseline.jpg": ("RGB", {}),
    "progressive.jpg": ("RGB", {"progressive": True}),
    "unsampled.jpg": ("RGB", {"subsampling": 0, "quality": 95}),
    "grey.jpg": ("L", {}),
    "photo.png": ("RGB", {}),
    "palette.png": ("P", {}),
    "named wrongly.png": ("RGB", {"format": "JPEG"}),
}
IN_COLOUR_ONLY: dict[str, tuple[str, dict[str, Any]]] = {
    "cmyk.jpg": ("CMYK", {}),
    "photo.bmp": ("RGB", {}),
    "named wrongly.jpg": ("RGB", {"format": "BMP"}),
    "photo.gif": ("RGB", {}),
    "named wrongly.jpeg": ("RGB", {"format": "GIF"}),
}


@pytest.mark.parametrize(
    ("color_mode", "kinds"),
    [("rgb", KINDS | IN_COLOUR_ONLY), ("grayscale", KINDS)],
    ids=("rgb", "grey"),
)
def test_every_kind_of_file_is_decoded_as_keras_decodes_it(
    tmp_path: Path, color_mode: str, kinds: dict[str, tuple[str, dict[str, Any]]]
) -> None:
    random = np.random.default_rng(1)
    for folder in ("car", "truck"):
        (tmp_path / folder).mkdir()
        for name, (mode, options) in kinds.items():
            pixels = random.integers(0, 256, (int(random.integers(20, 60)), 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).convert(mode).save(tmp_path / folder / name, **options)
    settings = settings_of(color_mode=color_mode)
    photos = photos_of(tmp_path, settings, shuffle=False)
    batches = pipelines.build("fast", photos, settings, training=False)
    expected = course_batches(tmp_path, settings, shuffle=False)
    assert_equal(list(batches.as_numpy_iterator()), expected)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "area", "lanczos3"])
@pytest.mark.parametrize("crop", [False, True])
def test_photos_that_have_the_size_already_are_converted_as_in_keras(
    tmp_path: Path, interpolation: str, crop: bool
) -> None:
    random = np.random.default_rng(1)
    for name in ("train/car", "train/truck"):
        (tmp_path / name).mkdir(parents=True)
        pixels = random.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name / "photo.jpg")
    settings = settings_of(
        data=str(tmp_path),
        valid_folder="train",
        interpolation=interpolation,
        crop_to_aspect_ratio=crop,
    )
    photos = find(settings).valid
    assert photos.size == SIZE
    course, fast = (
        list(pipelines.build(name, photos, settings, training=False).as_numpy_iterator())
        for name in ("course", "fast")
    )
    assert_equal(fast, course)
    if interpolation == "nearest":
        assert_equal(fast, course_batches(tmp_path / "train", settings, shuffle=False))


@pytest.mark.parametrize("name", ["course", "fast", "naive"])
def test_interpolated_photos_are_scaled_to_the_unit_range(folder: Path, name: str) -> None:
    settings = settings_of(interpolation="bicubic")
    keras_photos = list(keras_dataset(folder, settings, shuffle=False).as_numpy_iterator())
    photos = photos_of(folder, settings, shuffle=False)
    batches = list(pipelines.build(name, photos, settings, training=False).as_numpy_iterator())
    for (images, _), (pixels, _) in zip(batches, keras_photos, strict=True):
        assert pixels.max() > 200
        np.testing.assert_allclose(images, np.clip(pixels / 255, 0, 1), atol=1e-6)


def test_validation_photos_keep_their_order(folder: Path) -> None:
    settings = settings_of()
    photos = photos_of(folder, settings, shuffle=False)
    expected = course_batches(folder, settings, shuffle=False)
    for name in ("course", "fast"):
        batches = pipelines.build(name, photos, settings, training=False)
        assert_equal(list(batches.as_numpy_iterator()), expected)


def test_the_frozen_order_is_the_order_of_the_courses_batches(folder: Path) -> None:
    settings = settings_of()
    photos = photos_of(folder, settings)
    labels = np.concatenate([labels for _, labels in course_batches(folder, settings)])
    keras.utils.set_random_seed(settings.seed)
    order = pipelines.frozen_order(len(photos), settings, training=True)
    assert sorted(order) == list(range(len(photos)))
    np.testing.assert_array_equal(np.asarray(photos.labels)[order], labels[:, 0])
    assert dataset_seed(settings) != settings.seed


def test_one_pass_gives_the_same_images_in_the_order_asked_for(folder: Path) -> None:
    settings = settings_of()
    photos = photos_of(folder, settings, shuffle=False)
    images = np.concatenate([x for x, _ in course_batches(folder, settings, shuffle=False)])
    order = np.asarray([5, 3, 21, 0, 7])
    batches = list(pipelines.once(photos, order, settings).as_numpy_iterator())
    assert [len(images) for images, _ in batches] == [4, 1]
    np.testing.assert_array_equal(np.concatenate([index for _, index in batches]), order)
    np.testing.assert_array_equal(np.concatenate([x for x, _ in batches]), images[order])


def test_a_photo_that_cannot_be_decoded_stops_the_pass(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture at all")
    photos = photos_of(folder, settings_of())
    photos = Photos((*photos.paths, str(broken)), (*photos.labels, 0), photos.class_names)
    batches = pipelines.once(photos, np.arange(len(photos)), settings_of())
    with pytest.raises(tf.errors.InvalidArgumentError):
        list(batches)


def test_a_budget_too_small_for_the_photos_leaves_the_cache_out(folder: Path) -> None:
    photos = photos_of(folder, settings_of())
    for budget, fits in ((0, True), (1, True)):
        source = pipelines.PhotoSource(photos, settings_of(ram_budget_mb=budget), training=True)
        assert source.fits_in_memory is fits
    many = Photos(photos.paths * 100, photos.labels * 100, photos.class_names)
    assert not pipelines.PhotoSource(many, settings_of(ram_budget_mb=1), True).fits_in_memory
