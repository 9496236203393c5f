"""Warnings about an accelerator that a script would pay for and not use."""

from __future__ import annotations

import pytest

from kitctl.domain.job.code_needs import GPU_PACKAGES
from kitctl.domain.job.gpu_use import TWO_T4S, warnings

USES_A_GPU = [
    "import tensorflow as tf",
    "from torch import nn",
    "import numpy as np, torch",
    "    import jax.numpy as jnp",
    "from keras.layers import Dense",
    "library(torch)",
    '{"source": ["import torch\\n"]}',
    "%load_ext cudf.pandas",
    "import xgboost as xgb",
]
USES_NONE = [
    "import pandas as pd\nimport sklearn.linear_model",
    "print('import torch' if False else 1)".replace("import torch", "torch"),
    "from mytorch import nn",
    "# torch would be nice",
    "",
]
STARTS_OTHERS = [
    "import subprocess",
    "os.system('python train.py')",
    "!python train.py",
    '{"source": ["!python train.py"]}',
    "import runpy",
]


@pytest.mark.parametrize("text", USES_A_GPU)
def test_there_is_no_warning_for_a_script_that_can_use_the_gpu(text: str) -> None:
    assert warnings(text, "gpu", "NvidiaL4") == ()


@pytest.mark.parametrize("text", USES_NONE)
@pytest.mark.parametrize("pool", ["gpu", "tpu"])
def test_there_is_a_warning_for_a_script_that_uses_no_accelerator(text: str, pool: str) -> None:
    (warning,) = warnings(text, pool, "")
    assert f"asks for a {pool.upper()}" in warning
    assert "--accelerator cpu" in warning


@pytest.mark.parametrize("text", STARTS_OTHERS)
def test_there_is_no_warning_for_a_script_that_starts_other_programs(text: str) -> None:
    assert warnings(text, "gpu", TWO_T4S) == ()


@pytest.mark.parametrize("text", [*USES_NONE, *USES_A_GPU])
def test_there_is_no_warning_on_the_cpu(text: str) -> None:
    assert warnings(text, "cpu", "") == ()


@pytest.mark.parametrize(
    "text",
    [
        "strategy = tf.distribute.MirroredStrategy()",
        "model = nn.DataParallel(model)",
        "keras.distribution.set_distribution(keras.distribution.DataParallel())",
        "with tf.device('/GPU:1'):",
        "trainer = L.Trainer(devices=2)",
        "jax.pmap(step)",
        "torch.cuda.device_count()",
    ],
)
def test_there_is_no_warning_where_both_t4s_are_used(text: str) -> None:
    assert warnings(f"import tensorflow as tf, torch, jax, keras\n{text}", "gpu", TWO_T4S) == ()


def test_there_is_a_warning_where_the_second_t4_would_idle() -> None:
    text = "import tensorflow as tf\ntf.keras.Sequential().fit(x)"
    (warning,) = warnings(text, "gpu", TWO_T4S)
    assert "two GPUs" in warning
    assert warnings(text, "gpu", "NvidiaL4X1") == ()
    assert warnings(text, "tpu", "TpuV5E8") == ()


@pytest.mark.parametrize("package", GPU_PACKAGES)
def test_what_gets_a_gpu_is_not_said_to_leave_it_unused(package: str) -> None:
    assert not warnings(f"import {package}\n", "gpu", "NvidiaTeslaP100")
