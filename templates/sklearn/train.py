"""Train a classifier of handwritten digits with scikit-learn: the data comes with the package.

Change `load` to read your own data, from /kaggle/input/datasets/OWNER/NAME for a data set that
kernel-metadata.json names. `kitctl pull-results` brings back what is written here.
"""

import csv
import json
import os
import pickle

from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

print(os.environ.get("KAGGLE_CONTAINER_NAME"), flush=True)  # For `kitctl cancel`.

EPOCHS = 15


def load():
    """Return the images and labels to train on, and those to validate on."""
    digits = load_digits()
    return train_test_split(digits.data, digits.target, test_size=0.25, random_state=0)


def main():
    train_x, valid_x, train_y, valid_y = load()
    scaler = StandardScaler().fit(train_x)
    train_x, valid_x = scaler.transform(train_x), scaler.transform(valid_x)
    model = MLPClassifier(hidden_layer_sizes=(32,), learning_rate_init=0.01, random_state=0)
    with open("history.csv", "w", newline="") as file:
        history = csv.writer(file)
        history.writerow(["epoch", "loss", "val_loss", "val_accuracy"])
        for epoch in range(1, EPOCHS + 1):
            model.partial_fit(train_x, train_y, classes=range(10))
            loss = log_loss(valid_y, model.predict_proba(valid_x))
            accuracy = accuracy_score(valid_y, model.predict(valid_x))
            history.writerow([epoch, model.loss_, loss, accuracy])
            values = f"loss {model.loss_:.4f} val_loss {loss:.4f} val_accuracy {accuracy:.4f}"
            print(f"epoch {epoch}/{EPOCHS} {values}", flush=True)
    with open("metrics.json", "w") as file:
        json.dump({"val_loss": loss, "val_accuracy": accuracy}, file)
    with open("model.pickle", "wb") as file:
        pickle.dump({"scaler": scaler, "model": model}, file)


main()
