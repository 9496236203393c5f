"""`kitctl accelerators`."""

from __future__ import annotations

from support.command_line import Kitctl


def test_accelerators_lists_names_what_they_are_today_and_their_hours(kitctl: Kitctl) -> None:
    listed = kitctl("accelerators", "--json").data["accelerators"]
    rows = {row["name"]: row for row in listed}
    assert list(rows)[:4] == ["t4x2", "p100", "tpu", "cpu"]
    assert rows["p100"]["machine_shape"] == "NvidiaTeslaT4"
    assert "retired" in rows["p100"]["runs_on"]
    assert (rows["t4x2"]["pool"], rows["t4x2"]["weekly_seconds"]) == ("gpu", 30 * 3600)
    assert (rows["tpu"]["session_seconds"], rows["cpu"]["weekly_seconds"]) == (9 * 3600, None)
    shown = kitctl("accelerators").out
    assert "NvidiaH100" in shown and "30 GPU hours" in shown


def test_every_name_that_is_listed_can_be_pushed(kitctl: Kitctl) -> None:
    for row in kitctl("accelerators", "--json").data["accelerators"]:
        plan = kitctl("push", "--plan", "--json", "--accelerator", row["name"]).data
        assert plan["pool"] == row["pool"]
