"""Every setting of the job: its default, what it may be, and what it does. Standard library only.

This is the only place that holds a default. `job.toml` names the settings that differ from it.
Names that Keras has are Keras' names.
"""

from dataclasses import dataclass
from typing import Any

from kernel.settings.declaration import Effect, Knob, knob, knobs_of
from kernel.settings.recipes import RECIPES
from kernel.settings.validators import (
    Validator,
    boolean,
    either,
    grid_of,
    list_of,
    number,
    one_of,
    pair_of,
    share,
    text,
    whole,
)

_BASES = one_of("convnet", "vgg16", "inceptionv1", "mobilenetv2", "efficientnetv2b0")
_PIPELINES = one_of(
    "naive", "prefetch", "parallel_map", "interleave", "vectorized", "cache", "course", "fast"
)
_INTERPOLATIONS = one_of(
    "nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"
)
_ACTIVATIONS = one_of(
    "relu", "elu", "gelu", "selu", "silu", "tanh", "sigmoid", "leaky_relu", "linear"
)
_LOSSES = one_of(
    "auto", "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
    "sparse_categorical_crossentropy", "mean_squared_error",
)  # fmt: skip
_METRICS = one_of(
    "auto", "accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy",
    "mean_squared_error",
)  # fmt: skip
_EXPORTS = one_of("keras", "weights", "saved_model")
_FLIPS = one_of("none", "horizontal", "vertical", "horizontal_and_vertical")
_STEP_SIZE = number(0, 100, least_excluded=True)

NOTHING, PHOTOS, FEATURES = Effect.NOTHING, Effect.PHOTOS, Effect.FEATURES
VIEWS, HEAD = Effect.VIEWS, Effect.HEAD


@dataclass(frozen=True)
class Knobs:
    """The settings as they are declared."""

    # fmt: off
    task: str = knob("train", one_of("train", "pipelines", "sweep"), example="sweep",
        section="What to do",
        help="Train a classifier, measure the input pipelines, or train many heads.")
    recipe: str = knob("none", one_of(*RECIPES), effect=NOTHING, example="strong",
        help="A named set of settings, each of which can be set otherwise: course (its VGG16 run),"
             " strong (the best that was measured) or fast.")
    seed: int = knob(31415, whole(0, 2**32 - 1), effect=HEAD, example=1,
        help="Seed of every random number: the same seed gives the same weights.")

    data: str = knob("ryanholbrook/car-or-truck", text(), section="Photos", effect=PHOTOS,
        help="The photos: an attached data set (owner/slug) or a folder.")
    train_folder: str = knob("train", text(),
        help="Folder of `data` with the training photos, one folder for each class.")
    valid_folder: str = knob("valid", text(), example="test",
        help="Folder of `data` with the validation photos.")
    photos_per_class: int = knob(0, whole(0), effect=PHOTOS, example=50,
        help="Use so many photos of each class and split, drawn by the seed; 0: all.")
    max_bad_share: float = knob(0.05, share(), effect=PHOTOS,
        help="Stop if a larger share of the photos cannot be read; fewer are left out.")
    max_megapixels: float = knob(100.0, number(0, least_excluded=True),
        help="Leave out photos with more pixels, which could exhaust the memory.")

    predict_folder: str = knob("", text(empty=True), effect=NOTHING, example="test",
        help="Unlabelled photos to predict after the training, into predict_folder.csv: a folder of"
             " `data`, an attached source or a path; empty: none.")
    submission: tuple[str, ...] = knob((), list_of(text()), effect=NOTHING,
        example=("id", "label"),
        help="Columns of a submission.csv for these photos: the file's name without its ending, and"
             " the class; none: no such file.")
    submission_value: str = knob("label", one_of("label", "index", "probability"), effect=NOTHING,
        example="probability",
        help="What submission.csv says of a photo: its class, the class's number, or the"
             " probability of the second class (of each class, if there are more than two).")

    labels: str | tuple[int, ...] = knob(
        "inferred", either(one_of("inferred"), list_of(whole(), least=1)), example=(0, 0, 1, 1),
        section="Loading, as Keras' image_dataset_from_directory",
        help="Labels from the class folders, or a list with a whole number for each photo.")
    labels_csv: str = knob("", text(empty=True), example="train.csv",
        help="Labels from a table in `data`, with a column of files and one of classes; needs"
             " validation_split.")
    weights_csv: str = knob("", text(empty=True), example="weights.csv",
        help="Weights of the training photos in the loss, from a table in `data` with a column of"
             " files and one called weight; for a head on stored features.")
    label_mode: str = knob("auto", one_of("auto", "binary", "categorical", "int"),
        help="Form of the labels; auto: binary for two classes, else int.")
    class_names: tuple[str, ...] = knob((), list_of(text()), example=("Car", "Truck"),
        help="Class folders to use, in the order of their labels; none: all, sorted.")
    color_mode: str = knob("rgb", one_of("grayscale", "rgb", "rgba"), effect=FEATURES,
        help="Colour channels of a photo: 1, 3 or 4.")
    batch_size: int = knob(64, whole(1), example=32,
        help="Photos in a batch.")
    image_size: tuple[int, int] = knob((128, 128), pair_of(whole(8, 4096)), effect=FEATURES,
        example=(224, 224),
        help="Height and width in pixels to which every photo is resized.")
    shuffle: bool = knob(True, boolean(),
        help="Shuffle the training photos.")
    validation_split: float = knob(0.0, share(below_one=True), example=0.2,
        help="Share of one folder of photos to validate on; 0: there are two folders.")
    subset: str = knob("both", one_of("both", "training", "validation"),
        help="Keras' name; a run always trains on the training part and validates on the other.")
    interpolation: str = knob("nearest", _INTERPOLATIONS, effect=FEATURES, example="bilinear",
        help="How photos are resized.")
    follow_links: bool = knob(False, boolean(),
        help="Follow symbolic links to folders.")
    crop_to_aspect_ratio: bool = knob(False, boolean(), effect=FEATURES,
        help="Crop photos to the aspect ratio of image_size instead of distorting them.")

    pipeline: str = knob("course", _PIPELINES, section="Input pipeline", example="fast",
        help="The tf.data pipeline from files to batches; all give the same batches.")
    read_delay_ms: float = knob(0.0, number(0, 10_000), effect=NOTHING, example=20,
        help="Wait so many milliseconds before each file is read, to simulate remote storage.")
    ram_budget_mb: int = knob(0, whole(0), effect=NOTHING, example=2048,
        help="Memory for cached photos, in MiB; 0: half of what is free. Larger caches go to disk.")
    downscale_decode: bool = knob(False, boolean(), effect=FEATURES,
        help="Decode large JPEGs at a smaller scale: faster, slightly different pixels.")
    measure_rounds: int = knob(3, whole(1, 100), effect=NOTHING, example=10,
        help="With task = pipelines: measurements of each pipeline.")
    measure_pipelines: tuple[str, ...] = knob((), list_of(_PIPELINES, single=True), effect=NOTHING,
        example=("course", "fast"),
        help="With task = pipelines: those to measure; none: all.")

    base: str = knob("convnet", _BASES, effect=FEATURES, example="vgg16", section="Base",
        help="The convolutional base; convnet is trained from scratch, the others are pretrained.")
    # The feature store's key holds a digest of the weights themselves.
    base_weights: str = knob("auto", text(), example="owner/models/vgg16.weights.h5",
        help="auto (attached weights, else Keras' download), imagenet, random, a path, or a file"
             " in an attached data set.")
    base_trainable: str | bool = knob("auto", either(one_of("auto"), boolean()), example=True,
        help="Train the base together with the head; auto: only the convnet.")
    preprocessing: str = knob("auto", one_of("auto", "unit", "base"), effect=FEATURES,
        help="Scale of the base's input: 0 to 1 (unit), or that of its pretraining (base); auto:"
             " unit for vgg16 and inceptionv1, as in the course.")
    levels: int = knob(1, whole(1, 10), effect=FEATURES, example=3,
        help="Take a frozen base's features at so many sizes, from the smallest up: the average and"
             " the maximum of each channel, in the place of pooling; 1: its last output only.")
    average_flips: str = knob("none", _FLIPS, effect=FEATURES, example="horizontal",
        help="Average the features of a frozen base over each photo and its flips: it runs twice,"
             " for horizontal_and_vertical four times.")
    filters: tuple[int, ...] = knob((16, 32, 64, 96), list_of(whole(1, 4096), least=1),
        example=(32, 64, 128),
        help="convnet: filters of each block.")
    convnet_dropout: float = knob(0.0, share(below_one=True), example=0.1,
        help="convnet: dropout after each block.")

    pooling: str = knob("auto", one_of("auto", "flatten", "average", "max"), effect=HEAD,
        section="Head",
        help="Between base and head; auto: flatten for a frozen base, else average.")
    units: tuple[int, ...] = knob((6,), list_of(whole(1, 1_000_000), single=True), effect=HEAD,
        example=(64, 16),
        help="Units of each hidden layer; one output for each class follows (one for two classes).")
    activation: str = knob("relu", _ACTIVATIONS, effect=HEAD,
        help="Activation of the hidden layers.")
    dropout: float = knob(0.0, share(below_one=True), effect=HEAD, example=0.3,
        help="Dropout after each hidden layer.")

    epochs: int = knob(30, whole(1, 100_000), section="Training", example=10,
        help="Passes over the training photos.")
    optimizer: str = knob("adam", one_of("adam", "adamw", "nadam", "sgd", "rmsprop"), effect=HEAD,
        help="Keras' optimizer.")
    learning_rate: float = knob(0.001, _STEP_SIZE, effect=HEAD, example=0.0003,
        help="Step size of the optimizer.")
    epsilon: float = knob(1e-7, number(0, 10, least_excluded=True), effect=HEAD, example=0.01,
        help="Constant that keeps the optimizer's division stable; not used by sgd.")
    momentum: float = knob(0.0, share(below_one=True), effect=HEAD, example=0.9,
        help="Momentum of sgd and rmsprop.")
    class_weight: str = knob("none", one_of("none", "balanced"), example="balanced",
        help="Weights of the classes in the training loss; balanced: a rare class counts as much"
             " as a frequent one.")
    reshuffle: str | bool = knob("auto", either(one_of("auto"), boolean()), example=True,
        help="Take the training photos in another order in each epoch, their pixels stored on disk;"
             " auto: where the base is trained, not where it is frozen as in the"
             " course.")
    keep: str = knob("best", one_of("best", "last"), example="last",
        help="Weights of the model that is saved: of the epoch with the lowest validation loss, or"
             " of the last one, as in the course.")
    loss: str = knob("auto", _LOSSES,
        help="Keras' loss; auto: the one for the label_mode.")
    # A checkpoint holds their history, so a run with others cannot continue from it.
    metrics: tuple[str, ...] = knob(("auto",), list_of(_METRICS, least=1, single=True),
        help="Keras' metrics; auto: the accuracy for the label_mode.")
    fine_tune_epochs: int = knob(0, whole(0, 100_000), example=5,
        help="Epochs of a second stage that also trains the top layers of a frozen base.")
    fine_tune_layers: int = knob(4, whole(1, 10_000),
        help="Fine-tuning: layers of the base to train, counted from the top.")
    fine_tune_learning_rate: float = knob(1e-5, _STEP_SIZE,
        help="Fine-tuning: step size of the optimizer.")

    augment_flip: str = knob("none", _FLIPS, effect=VIEWS, example="horizontal",
        section="Augmentation, as shares of the full range",
        help="Flip photos at random.")
    augment_rotation: float = knob(0.0, share(), effect=VIEWS, example=0.05,
        help="Rotate photos by up to this share of a full turn.")
    augment_zoom: float = knob(0.0, share(below_one=True), effect=VIEWS, example=0.1,
        help="Zoom in or out by up to this share.")
    augment_translation: float = knob(0.0, share(below_one=True), effect=VIEWS, example=0.1,
        help="Shift photos by up to this share of their height and width.")
    augment_contrast: float = knob(0.0, share(below_one=True), effect=VIEWS, example=0.2,
        help="Change the contrast by up to this share.")
    augment_views: int = knob(0, whole(0, 1000), effect=VIEWS, example=4,
        help="Store the features of so many random views of each photo (frozen base); 0: augment"
             " anew in each epoch.")

    exports: tuple[str, ...] = knob(
        ("keras", "saved_model"), list_of(_EXPORTS, least=1, single=True), effect=NOTHING,
        section="Outputs", example=("keras", "weights", "saved_model"),
        help="Forms of the saved model, each with all its weights: keras (model.keras, which holds"
             " the weights for an older Keras too), weights (model.weights.h5), saved_model.")
    keep_features: bool = knob(True, boolean(), effect=NOTHING,
        section="Features of a frozen base",
        help="Leave the stored features in the outputs, for later runs to reuse.")
    feature_dtype: str = knob("float32", one_of("float32", "float16"), effect=FEATURES,
        help="Type of the stored features; float16 takes half the space.")
    reuse_features: str = knob("", text(empty=True), effect=NOTHING, example="owner/kernel",
        help="An attached run (owner/slug) or a folder with stored features; empty: none.")
    features_in_memory_mb: int = knob(128, whole(1), effect=NOTHING, example=1024,
        help="Features that are held in memory while the head is trained, in MiB.")
    forward_batch_size: int = knob(0, whole(0), example=256,
        help="Photos in a batch while features are computed; 0: batch_size, as in the course.")
    compute_dtype: str = knob("float32", one_of("float32", "float16", "bfloat16"), effect=FEATURES,
        help="Type in which the base computes: features, or all of a training of the whole model,"
             " whose weights stay float32.")
    xla: bool = knob(False, boolean(),
        help="Compile with XLA on a GPU: a frozen base, or the whole model's training on one GPU.")
    devices: int = knob(0, whole(0, 64), effect=NOTHING, example=1,
        help="GPUs or TPU cores to use; 0: all that are visible.")

    time_limit: float = knob(0.0, number(0, 12 * 3600), effect=NOTHING, example=3600,
        section="When to stop early",
        help="Stop and save before so many seconds have passed; 0: no limit.")
    require_accelerator: bool = knob(True, boolean(), effect=NOTHING,
        help="Stop at once if the accelerator that was asked for is missing.")
    stop_on_nan: bool = knob(True, boolean(), effect=NOTHING,
        help="Stop when the loss is not a number.")
    stop_on_plateau: int = knob(0, whole(0), effect=NOTHING, example=5,
        help="Stop after so many epochs without a better validation loss; 0: never. `keep` says"
             " which weights are saved.")
    stop_below_gpu_use: float = knob(0.0, share(below_one=True), effect=NOTHING, example=0.2,
        help="Stop if the GPUs are busy for a smaller share of the time; 0: never.")

    plots: bool = knob(True, boolean(), section="Plots", effect=NOTHING,
        help="Draw the plots.")
    zoom_from: int = knob(15, whole(0), effect=NOTHING,
        help="Epochs left out of the plot that shows the learning curves' end.")
    sheet_photos: int = knob(25, whole(1, 400), effect=NOTHING,
        help="Photos on each sheet of examples.")

    tensorboard: bool = knob(False, boolean(), effect=NOTHING,
        help="Leave logs for TensorBoard in tensorboard/: each metric by epoch.")

    sweep: tuple[tuple[str, tuple[Any, ...]], ...] = knob(
        (), grid_of(lambda: SWEEP_VALIDATORS), example={"units": [6, 32]},
        section="Sweep",
        help="Values to combine; one head is trained for each combination.")
    sweep_by: str = knob("grid", one_of("grid", "row"), example="row",
        help="Combine the sweep's values in every way, or the n-th values of all settings.")
    # fmt: on

    @property
    def base_is_frozen(self) -> bool:
        """Whether the base keeps its weights. The convnet starts from noise, so it is trained."""
        if self.base_trainable == "auto":
            return self.base != "convnet"
        return not self.base_trainable

    @property
    def reshuffles(self) -> bool:
        """Whether every epoch has an order of its own; the course freezes that of the first."""
        chosen = not self.base_is_frozen if self.reshuffle == "auto" else bool(self.reshuffle)
        return chosen and self.shuffle

    @property
    def augments(self) -> bool:
        """Whether any augmentation is on."""
        shares = self.augment_rotation, self.augment_zoom, self.augment_translation
        return self.augment_flip != "none" or any(shares) or self.augment_contrast > 0


KNOBS: dict[str, Knob] = {each.name: each for each in knobs_of(Knobs)}
SWEEP_VALIDATORS: dict[str, Validator] = {
    name: each.validator for name, each in KNOBS.items() if each.effect is HEAD
}
