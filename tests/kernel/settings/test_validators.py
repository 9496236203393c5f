"""A validator returns the value in its final type or says what is wrong with it."""

import pytest

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


def error_of(validator: Validator[object], value: object) -> str:
    with pytest.raises(ValueError) as caught:
        validator.validate(value)
    return str(caught.value)


@pytest.mark.parametrize("value", [True, "3", 3.0, None, float("nan")])
def test_a_whole_number_is_nothing_else(value: object) -> None:
    assert error_of(whole(1), value) == "not a whole number"


def test_both_bounds_of_a_whole_number_are_allowed() -> None:
    assert [whole(1, 3).validate(value) for value in (1, 3)] == [1, 3]
    assert error_of(whole(1, 3), 0) == error_of(whole(1, 3), 4) == "out of range"
    assert whole(1, 3).allowed == "a whole number from 1 to 3"
    assert whole().validate(-5) == -5


def test_an_excluded_bound_of_a_number_is_not_allowed() -> None:
    assert number(0, 1).validate(0) == 0.0
    assert error_of(number(0, 1, least_excluded=True), 0) == "out of range"
    assert error_of(share(below_one=True), 1) == "out of range"
    assert share().validate(1) == 1.0
    assert number(0, least_excluded=True).allowed == "a number, more than 0"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_is_finite(value: float) -> None:
    assert error_of(number(0), value) == "out of range"


def test_a_boolean_is_not_a_number_nor_the_reverse() -> None:
    assert error_of(boolean(), 1) == "not true or false"
    assert error_of(number(0), True) == "not a number"


def test_a_text_may_be_empty_only_where_that_is_allowed() -> None:
    assert text(empty=True).validate("") == ""
    assert error_of(text(), "  ") == "empty"
    assert error_of(text(), 3) == "not a text"


def test_a_list_becomes_a_tuple_of_checked_items() -> None:
    assert list_of(whole(0)).validate([1, 2]) == (1, 2)
    assert list_of(whole(0), single=True).validate(6) == (6,)
    assert error_of(list_of(whole(0)), 6) == "not a list"
    assert error_of(list_of(whole(0), least=1), []) == "has too few items"
    assert error_of(list_of(whole(0)), [1, "x"]) == "not a whole number"


def test_a_pair_takes_two_items_or_one_for_both() -> None:
    assert pair_of(whole(1)).validate([2, 3]) == (2, 3)
    assert pair_of(whole(1)).validate(2) == (2, 2)
    assert error_of(pair_of(whole(1)), [1, 2, 3]) == "has 3 items, not 2"


def test_a_value_may_pass_either_of_two_validators() -> None:
    validator = either(one_of("auto"), boolean())

    assert [validator.validate(value) for value in ("auto", False)] == ["auto", False]
    assert error_of(validator, "yes") == "not one of the choices, and not true or false"
    assert validator.allowed == "'auto', true, false"


def test_a_grid_checks_each_value_as_the_setting_of_its_name() -> None:
    grid = grid_of(lambda: {"units": list_of(whole(1), single=True), "dropout": share()})

    assert grid.validate({"units": [6, [32, 6]], "dropout": 0.5}) == (
        ("units", ((6,), (32, 6))),
        ("dropout", (0.5,)),
    )
    assert "'image_size' cannot vary" in error_of(grid, {"image_size": [64]})
    assert "units: not a whole number; allowed: a list" in error_of(grid, {"units": [6, "many"]})
    assert error_of(grid, {"units": []}) == "'units' has no values"
    assert "expected a table" in error_of(grid, [6])
