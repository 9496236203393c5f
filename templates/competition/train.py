"""Enter a competition: train on its train.csv, predict its test.csv, write submission.csv.

It runs as it is on a sample that `kitctl init` made. For a real one, change DATA and the columns,
and name it in competition_sources of kernel-metadata.json. `kitctl submit` hands the file in.
"""

import csv
import json
import os

from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

print(os.environ.get("KAGGLE_CONTAINER_NAME"), flush=True)  # For `kitctl cancel`.

DATA = "/kaggle/input/competitions/sample-contest"
ID, LABEL = "id", "label"


def read(name):
    """Return the rows of a table, and the numbers of each."""
    with open(os.path.join(DATA, name), newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [column for column in rows[0] if column not in (ID, LABEL)]
    return rows, [[float(row[column]) for column in columns] for row in rows]


def main():
    train, numbers = read("train.csv")
    labels = [row[LABEL] for row in train]
    model = RandomForestClassifier(n_estimators=50, random_state=0)
    accuracy = cross_val_score(model, numbers, labels, cv=3).mean()
    print(f"{len(train)} rows to train on, val_accuracy {accuracy:.4f}", flush=True)
    model.fit(numbers, labels)
    test, numbers = read("test.csv")
    with open("submission.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([ID, LABEL])
        writer.writerows(zip([row[ID] for row in test], model.predict(numbers), strict=True))
    with open("metrics.json", "w") as file:
        json.dump({"val_accuracy": accuracy}, file)


main()
