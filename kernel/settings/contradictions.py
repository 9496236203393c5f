"""Settings that are right alone and wrong together."""

from collections.abc import Iterator

from kernel.settings.knobs import Knobs

# Which label_modes a loss or a metric can compare with the head's outputs.
_LABEL_MODES = {
    "binary_crossentropy": ("auto", "binary", "categorical"),
    "binary_focal_crossentropy": ("auto", "binary", "categorical"),
    "categorical_crossentropy": ("categorical",),
    "sparse_categorical_crossentropy": ("auto", "int"),
    "binary_accuracy": ("auto", "binary", "categorical"),
    "categorical_accuracy": ("categorical",),
    "sparse_categorical_accuracy": ("auto", "int"),
    "mean_squared_error": ("auto", "binary", "categorical"),
}
# What Keras' smart_resize can do, with which photos are cropped.
_NOT_CROPPING = ("gaussian", "mitchellcubic")
_PRETRAINED = ("vgg16", "mobilenetv2", "efficientnetv2b0", "inceptionv1")

Contradiction = tuple[str, str, str]
"""The setting, what is wrong with it, and what is allowed."""


def contradictions(knobs: Knobs) -> Iterator[Contradiction]:
    """Everything that does not fit together."""
    yield from _of_labels(knobs)
    yield from _of_a_base_that_is_not_frozen(knobs)
    yield from _of_a_pretrained_base(knobs)
    yield from _of_features(knobs)
    if knobs.crop_to_aspect_ratio and knobs.interpolation in _NOT_CROPPING:
        yield (
            "interpolation",
            f"{knobs.interpolation} cannot be combined with crop_to_aspect_ratio",
            "'nearest', 'bilinear', 'bicubic', 'area', 'lanczos3', 'lanczos5'",
        )
    if knobs.submission and len(knobs.submission) != 2:
        yield "submission", f"has {len(knobs.submission)} columns", "two names of columns"
    if knobs.submission and not knobs.predict_folder:
        yield "submission", "needs photos to predict, which predict_folder names", "[]"
    if knobs.augment_views and not knobs.augments:
        yield "augment_views", "no augmentation is on, so all views are alike", "0"
    if knobs.task == "sweep" and knobs.augments and not knobs.augment_views:
        problem = "a sweep trains on stored features, which are augmented in views only"
        yield "augment_views", problem, "a number of views, such as 4, or no augmentation"
    if knobs.submission and len(set(knobs.submission)) < len(knobs.submission):
        yield "submission", "a name stands twice", "each column once"
    if knobs.task == "sweep" and not knobs.sweep:
        yield "sweep", "the grid is empty", "a table such as {units = [6, 32]}"
    if knobs.sweep_by == "row" and len({len(values) for _, values in knobs.sweep}) > 1:
        yield "sweep", "its settings have not the same number of values", "or sweep_by = 'grid'"


def _of_labels(knobs: Knobs) -> Iterator[Contradiction]:
    for setting, names in (("loss", (knobs.loss,)), ("metrics", knobs.metrics)):
        for name in names:
            modes = _LABEL_MODES.get(name)
            if modes and knobs.label_mode not in modes:
                problem = f"{name} does not fit label_mode {knobs.label_mode!r}"
                yield setting, problem, "'auto', or label_mode " + " or ".join(map(repr, modes))
    if knobs.labels != "inferred" and not knobs.validation_split:
        yield "labels", "a list of labels needs one folder and validation_split", "'inferred'"
    if knobs.labels_csv and not knobs.validation_split:
        yield "labels_csv", "a table of labels needs validation_split", "''"
    if knobs.labels_csv and knobs.labels != "inferred":
        yield "labels", "cannot be combined with labels_csv", "'inferred'"
    if knobs.labels != "inferred" and knobs.class_names:
        yield "class_names", "cannot be combined with a list of labels", "[]"
    if len(set(knobs.class_names)) != len(knobs.class_names):
        yield "class_names", "a name stands twice", "each class once"


def _of_a_base_that_is_not_frozen(knobs: Knobs) -> Iterator[Contradiction]:
    if knobs.base_is_frozen:
        return
    if knobs.augment_views:
        yield "augment_views", "views are stored for a frozen base only", "0"
    if knobs.fine_tune_epochs:
        yield "fine_tune_epochs", "the base is trained from the start (base_trainable)", "0"
    if knobs.task == "sweep":
        yield "base_trainable", "a sweep trains heads on a frozen base's features", "false"


def _of_features(knobs: Knobs) -> Iterator[Contradiction]:
    stays_frozen = knobs.base_is_frozen and not knobs.fine_tune_epochs
    for setting, plain in (("levels", 1), ("average_flips", "none")):
        if getattr(knobs, setting) != plain and not stays_frozen:
            yield setting, "needs a base that stays frozen", repr(plain)
    if knobs.levels > 1 and (knobs.pooling != "auto" or "pooling" in dict(knobs.sweep)):
        yield "pooling", "several levels are always pooled by average and maximum", "'auto'"
    is_stored = stays_frozen and (not knobs.augments or knobs.augment_views)
    if knobs.weights_csv and not is_stored:
        problem = "needs a frozen base, no fine-tuning, and no augmentation but in views"
        yield "weights_csv", problem, "'' (no table)"


def _of_a_pretrained_base(knobs: Knobs) -> Iterator[Contradiction]:
    if knobs.base not in _PRETRAINED:
        return
    if knobs.color_mode != "rgb" and knobs.base_weights != "random":
        yield "color_mode", f"{knobs.base}'s weights are for rgb", "'rgb'"
    elif knobs.color_mode != "rgb" and knobs.base == "vgg16" and knobs.preprocessing == "base":
        yield "preprocessing", "VGG16's own is for rgb", "'auto'"
    if min(knobs.image_size) < 32:
        yield "image_size", f"{knobs.base} needs at least 32 x 32", "[32, 32] or more"
