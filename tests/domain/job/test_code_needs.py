"""What a job needs on Kaggle, read off its code."""

from __future__ import annotations

import pytest

from kitctl.domain.job.code_needs import code_needs


@pytest.mark.parametrize(
    ("imports", "text", "pool"),
    [
        (["torch"], "", "gpu"),
        (["sklearn", "pandas"], "", "cpu"),
        (["torch", "torch_xla"], "", "tpu"),
        (["tensorflow"], "tf.distribute.TPUStrategy(resolver)", "tpu"),
        (["xgboost"], "XGBClassifier(device='cuda')", "gpu"),
        (["lightgbm"], "LGBMClassifier()", "cpu"),
    ],
)
def test_the_machine_follows_from_what_the_code_imports(
    imports: list[str], text: str, pool: str
) -> None:
    assert code_needs(imports, text).accelerator.pool == pool


@pytest.mark.parametrize(
    ("imports", "text", "enabled"),
    [
        (["torch"], "nn.Linear(2, 2)", False),
        (["transformers"], "", True),
        ([], "!pip install -q einops", True),
        (["torchvision"], "CIFAR10('.', download=True)", True),
        (["keras"], "VGG16(weights='imagenet')", True),
    ],
)
def test_the_internet_follows_from_what_the_code_loads(
    imports: list[str], text: str, enabled: bool
) -> None:
    needs = code_needs(imports, text)
    assert needs.enable_internet is enabled
    assert needs.internet_reason.startswith("it ") is enabled


def test_sources_are_read_off_paths_that_name_their_owner_or_kind() -> None:
    needs = code_needs(
        [],
        "read('/kaggle/input/competitions/titanic/train.csv')\n"
        "read('/kaggle/input/datasets/ada/photos/a.png')\n"
        "read('/kaggle/input/notebooks/ada/features/x.npy')\n"
        "read('/kaggle/input/birds/labels.csv')\n",
    )
    assert needs.sources.competitions == ("titanic",)
    assert needs.sources.datasets == ("ada/photos",)
    assert needs.sources.kernels == ("ada/features",)
    assert needs.unknown_sources == ("birds",)


def test_a_folder_with_the_files_of_a_competition_is_one_where_a_submission_is_written() -> None:
    reading = "read('../input/house-prices/test.csv')\n"
    writing = "table.to_csv('submission.csv')"
    assert code_needs([], reading + writing).sources.competitions == ("house-prices",)
    assert code_needs([], reading).unknown_sources == ("house-prices",)
