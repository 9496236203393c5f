"""A run on the wrong machine ends in its first second; the use of the GPUs is sampled."""

import stat
from pathlib import Path

import pytest

from kernel import accelerators
from kernel.accelerators import NoAcceleratorError, UseSampler


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fake nvidia-smi, the only program on the path: prints the file `output`."""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nwhile read -r line; do echo $line; done < {tmp_path}/output\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path / "output"


@pytest.fixture
def no_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def test_gpus_are_counted_without_tensorflow(nvidia_smi: Path) -> None:
    nvidia_smi.write_text("GPU 0: Tesla T4\nGPU 1: Tesla T4\n")

    assert accelerators.count_without_tensorflow("gpu") == 2


def test_without_nvidia_smi_the_number_of_gpus_is_unknown(no_nvidia_smi: None) -> None:
    assert accelerators.count_without_tensorflow("gpu") is None


def test_a_visible_gpu_is_logged(nvidia_smi: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nvidia_smi.write_text("GPU 0: Tesla T4\n")

    accelerators.check("gpu", required=True)

    assert capsys.readouterr().out == "accelerator gpu: 1 visible\n"


def test_a_missing_accelerator_ends_the_run_if_it_is_required(no_nvidia_smi: None) -> None:
    with pytest.raises(NoAcceleratorError, match="needs a GPU and none is visible"):
        accelerators.check("gpu", required=True)


def test_a_missing_accelerator_is_only_logged_if_it_is_not_required(
    no_nvidia_smi: None, capsys: pytest.CaptureFixture[str]
) -> None:
    accelerators.check("gpu", required=False)

    assert capsys.readouterr().out == "accelerator gpu: none visible; using the CPU\n"


def test_a_run_on_the_users_machine_needs_no_accelerator(
    no_nvidia_smi: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KITCTL_REHEARSAL", "1")

    accelerators.check("gpu", required=True)

    assert "as expected on this machine" in capsys.readouterr().out


def test_a_job_for_the_cpu_needs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    accelerators.check("cpu", required=True)

    assert capsys.readouterr().out == "accelerator cpu: none needed\n"


def test_gpus_that_tensorflow_cannot_use_end_the_run_and_name_the_package(
    nvidia_smi: Path,
) -> None:
    nvidia_smi.write_text("GPU 0: Tesla T4\nGPU 1: Tesla T4\n")

    with pytest.raises(NoAcceleratorError, match="shows 2 GPU devices and TensorFlow sees 0") as no:
        accelerators.check_tensorflow("gpu", required=True)
    assert "tensorflow[and-cuda]" in str(no.value)


def test_gpus_that_tensorflow_cannot_use_are_only_logged_if_none_is_required(
    nvidia_smi: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nvidia_smi.write_text("GPU 0: Tesla T4\n")

    accelerators.check_tensorflow("gpu", required=False)

    assert "TensorFlow sees 0" in capsys.readouterr().out


def test_a_tpu_that_tensorflow_cannot_use_ends_the_run_and_names_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(accelerators, "count_without_tensorflow", lambda kind: 8)

    with pytest.raises(NoAcceleratorError, match="shows 8 TPU devices and TensorFlow sees 0") as no:
        accelerators.check_tensorflow("tpu", required=True)
    assert "tensorflow-tpu" in str(no.value)


def test_the_mean_use_is_that_of_the_devices_in_use() -> None:
    sampler = UseSampler(in_use=1, samples=[(5.0, 0, 40.0), (5.0, 1, 0.0)])

    assert sampler.mean() == 40.0


def test_the_mean_use_leaves_out_what_was_sampled_before(no_nvidia_smi: None) -> None:
    sampler = UseSampler(samples=[(1.0, 0, 10.0), (5.0, 0, 40.0), (5.0, 1, 60.0)])

    assert sampler.mean() == pytest.approx(110 / 3)
    assert sampler.mean(since=5.0) == 50.0
    assert sampler.mean(since=6.0) is None
    assert sampler.as_dict() == {
        "mean": 36.7,
        "samples": [[1.0, 0, 10.0], [5.0, 0, 40.0], [5.0, 1, 60.0]],
    }


def test_without_samples_there_is_no_record() -> None:
    assert UseSampler().as_dict() is None
