"""Train a small network with Keras to find the brighter half of noisy pictures.

Change `load` to read your own data, from /kaggle/input/datasets/OWNER/NAME for a data set that
kernel-metadata.json names. `kitctl pull-results` brings back what is written here.
"""

import json
import os

import keras
import numpy as np

print(os.environ.get("KAGGLE_CONTAINER_NAME"), flush=True)  # For `kitctl cancel`.

EPOCHS = 5


def load(count):
    """Return pictures of 16 x 16, and 0 or 1 for the half that is brighter."""
    random = np.random.default_rng(count)
    labels = random.integers(0, 2, count)
    pictures = random.normal(size=(count, 16, 16, 1))
    pictures[labels == 0, :, :8] += 0.4
    pictures[labels == 1, :, 8:] += 0.4
    return pictures.astype("float32"), labels


class PrintEpoch(keras.callbacks.Callback):
    """Print one line an epoch."""

    def on_epoch_end(self, epoch, logs):
        values = " ".join(f"{name} {value:.4f}" for name, value in logs.items())
        print(f"epoch {epoch + 1}/{EPOCHS} {values}", flush=True)


def main():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential([layers.Input((16, 16, 1)), layers.Conv2D(8, 3, activation="relu")])
    model.add(layers.Flatten())
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    callbacks = [keras.callbacks.CSVLogger("history.csv"), PrintEpoch()]
    data, valid = load(1000), load(400)
    model.fit(*data, epochs=EPOCHS, validation_data=valid, callbacks=callbacks, verbose=0)
    with open("metrics.json", "w") as file:
        json.dump(model.evaluate(*valid, verbose=0, return_dict=True), file)
    model.save("model.keras")


main()
