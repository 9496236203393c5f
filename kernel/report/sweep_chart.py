"""A picture of a sweep: a line for each head through its settings to its validation loss."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kernel.plots import figure, printable

# With more heads, lines hide each other.
MAX_HEADS = 200


def draw(settings: Sequence[Mapping[str, Any]], losses: Sequence[float], path: Path | str) -> None:
    """Draw parallel axes: one for each setting of the grid, then the validation loss.

    `settings` holds the values of the grid for each head, `losses` its validation loss. The best
    head is drawn thick; one whose loss is not finite is left out.
    """
    heads = [
        (values, loss) for values, loss in zip(settings, losses, strict=True) if math.isfinite(loss)
    ]
    heads = sorted(heads, key=lambda head: head[1])[:MAX_HEADS]
    names = list(heads[0][0]) if heads else []
    # In the order of the grid.
    choices = {
        name: list(dict.fromkeys(str(values[name]) for values in settings)) for name in names
    }
    low, high = (heads[0][1], heads[-1][1]) if heads else (0.0, 1.0)
    span = high - low or 1.0
    with figure(path, 3.0 + 1.6 * (len(names) + 1), 4.8) as drawing:
        axes = drawing.add_subplot()
        places = np.arange(len(names) + 1)
        for rank, (values, loss) in reversed(list(enumerate(heads))):
            heights = [_height(choices[name], str(values[name])) for name in names]
            # Heads with equal values would be one line: each is moved by a little.
            shift = 0.02 * (rank / max(1, len(heads) - 1) - 0.5)
            line = [height + shift for height in heights] + [(loss - low) / span]
            colour = "green" if rank == 0 else str(0.3 + 0.5 * (loss - low) / span)
            axes.plot(places, line, color=colour, linewidth=3.0 if rank == 0 else 1.0, alpha=0.8)
        for place, name in enumerate(names):
            for choice in choices[name]:
                height = _height(choices[name], choice)
                axes.text(place + 0.03, height, printable(choice), fontsize=9, va="bottom")
        if heads:
            axes.text(places[-1] + 0.03, 0.0, f"{low:.4f}", fontsize=9, color="green")
            axes.text(places[-1] + 0.03, 1.0, f"{high:.4f}", fontsize=9)
        axes.set_xticks(places, [*(printable(name) for name in names), "validation loss"])
        axes.set_yticks([])
        axes.set_xlim(-0.2, len(names) + 0.5)
        axes.set_title(f"{len(heads)} heads, the best one green")
        axes.grid(axis="x", alpha=0.5)


def _height(choices: Sequence[str], choice: str) -> float:
    return choices.index(choice) / max(1, len(choices) - 1) if len(choices) > 1 else 0.5
