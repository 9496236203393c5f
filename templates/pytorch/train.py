"""Train a small network with PyTorch to tell two spirals apart, on the GPU where there is one.

Change `load` to read your own data, from /kaggle/input/datasets/OWNER/NAME for a data set that
kernel-metadata.json names. `kitctl pull-results` brings back what is written here.
"""

import csv
import json
import os

import torch
from torch import nn

print(os.environ.get("KAGGLE_CONTAINER_NAME"), flush=True)  # For `kitctl cancel`.

EPOCHS = 60


def load(count):
    """Return points of two spirals, and 0 or 1 for the spiral of each."""
    labels, turn = torch.arange(count) % 2, torch.rand(count) * 8
    angle = turn + labels * torch.pi
    points = torch.stack([angle.cos() * turn, angle.sin() * turn], dim=1)
    return (points + 0.2 * torch.randn(count, 2)) / 8, labels


def main():
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    (train_x, train_y), (valid_x, valid_y) = ((t.to(device) for t in load(n)) for n in (2000, 500))
    model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
    model = model.append(nn.Linear(64, 2)).to(device)
    optimizer, loss_of = torch.optim.Adam(model.parameters(), 0.005), nn.CrossEntropyLoss()
    with open("history.csv", "w", newline="") as file:
        history = csv.writer(file)
        history.writerow(["epoch", "loss", "val_loss", "val_accuracy"])
        for epoch in range(1, EPOCHS + 1):
            for batch in torch.randperm(len(train_x)).to(device).split(100):
                loss = loss_of(model(train_x[batch]), train_y[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            with torch.no_grad():
                scores = model(valid_x)
            val_loss = loss_of(scores, valid_y).item()
            accuracy = (scores.argmax(1) == valid_y).float().mean().item()
            history.writerow([epoch, loss.item(), val_loss, accuracy])
            print(f"epoch {epoch}/{EPOCHS} val_loss {val_loss:.4f} val_accuracy {accuracy:.4f}")
    json.dump({"val_loss": val_loss, "val_accuracy": accuracy}, open("metrics.json", "w"))
    torch.save(model.cpu().state_dict(), "model.pt")  # Loads without a GPU, too.


main()
