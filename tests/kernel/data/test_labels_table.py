"""Labels come from a table, however it names the photos."""

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from support.kernel_runs import write_photo

from kernel.data import photos
from kernel.data.photos import PhotoSet
from kernel.session import RunError
from kernel.settings.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """12 photos in one folder, `train/00.png` to `train/11.png`, and one that nobody labels."""
    for number in range(12):
        write_photo(tmp_path / "train" / f"{number:02d}.png", number % 2, seed=number)
    write_photo(tmp_path / "train" / "unlabelled.png", label=0, seed=99)
    return tmp_path


def find(folder: Path, table: str, **changed: Any) -> PhotoSet:
    (folder / "labels.csv").write_text(table, encoding="utf-8-sig")
    chosen = {"labels_csv": "labels.csv", "validation_split": 0.25, **changed}
    return photos.find(Settings.from_mapping({"data": str(folder), **chosen}))


def rows(form: str) -> str:
    return "\n".join(
        form.format(number=number, label=("cat", "dog")[number % 2]) for number in range(12)
    )


@pytest.mark.parametrize(
    "table",
    [
        "image_id,label\n" + rows("{number:02d},{label}"),
        "label;id;file\n" + rows("{label};{number};train/{number:02d}.png"),
        " \nlabel;id;file\n" + rows("{label};{number};train/{number:02d}.png"),
        rows("{number:02d}.png\t{label}"),
        rows("train/{number:02d}.png   {label}   1.0"),
        "file,breed\n" + rows('"./{number:02d}.png" , {label}') + "\n\n,\n",
        "species,filename\n" + rows("{label},{number:02d}.png"),
        "animal,the_photo\n" + rows("{label},{number:02d}"),
        rows("{number:02d},{label}"),
        rows("{number},{number:02d}.png,{label}"),
        "id,the_photo,label\n" + rows("{number:02d},{number:02d}.png,{label}"),
        rows("{number:02d}.png,4{number},{label}"),
        'file;"class, of the photo"\n' + rows("{number:02d}.png;{label}"),
        ",filename,breed\n" + rows("{number},{number:02d}.png,{label}"),
    ],
    ids=[
        *("ids", "paths", "a blank line first", "without a header", "blanks", "quotes"),
        *("class first", "unknown names", "neither a header nor endings"),
        *("rows are counted", "ids and files", "a number between", "a comma in a name"),
        "rows are counted below a header",
    ],
)
def test_files_may_be_named_in_every_usual_way(
    table: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo_set = find(folder, table)

    assert photo_set.train.class_names == ("cat", "dog")
    assert len(photo_set.train) + len(photo_set.valid) == 12
    for part in (photo_set.train, photo_set.valid):
        numbers = [int(Path(path).stem) for path in part.paths]
        assert [number % 2 for number in numbers] == list(part.labels)
    assert "left out 1 photos that labels.csv does not name" in capsys.readouterr().out


def test_a_checkpoint_of_other_labels_is_not_resumed(folder: Path) -> None:
    from kernel.fit import start

    chosen = {"data": str(folder), "labels_csv": "labels.csv", "validation_split": 0.25}
    settings = Settings.from_mapping({**chosen, "image_size": 32})

    def identity(table: str) -> str:
        return start.prepare(settings, find(folder, table)).checkpoints().identity

    table = "file,label\n" + rows("{number:02d}.png,{label}")
    exchanged = table.replace("cat", "pig").replace("dog", "cat").replace("pig", "dog")
    assert identity(table) == identity(table)
    assert identity(table) != identity(exchanged)


def test_the_column_of_the_classes_may_have_no_name(folder: Path) -> None:
    table = "file,\n" + rows("{number:02d}.png,{label}")

    assert find(folder, table).train.class_names == ("cat", "dog")


def test_weights_are_not_taken_for_classes(folder: Path) -> None:
    with pytest.raises(RunError, match="no column that is called `label`"):
        find(folder, "file,weight\n" + rows("{number:02d}.png,0.5"))


def test_numbers_are_classes_in_the_order_of_their_values(folder: Path) -> None:
    table = "file,label\n" + "\n".join(f"{n:02d}.png,{(10, 9, 2)[n % 3]}" for n in range(12))

    assert find(folder, table, label_mode="int").train.class_names == ("2", "9", "10")


def test_so_many_photos_of_each_class_are_drawn(folder: Path) -> None:
    table = "file,label\n" + rows("{number:02d}.png,{label}")
    photo_set = find(folder, table, photos_per_class=4, validation_split=0.5)

    assert len(photo_set.train) + len(photo_set.valid) == 8


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("file,label\n" + rows("x{number}.png,{label}"), "names 12 of 12 photos that"),
        ("file,label\n00.png,cat\n00.png,dog", "gives 00.png two classes: cat and dog"),
        ("file,label\n00.png,cat\n01.png,cat", "holds 1 class"),
        (
            "filename,width,breed\n" + rows("{number:02d}.png,48,{label}"),
            "several columns that may hold the class: width, breed. Call the right one `label`",
        ),
        ("file,label\n00.png,cat,big", "more cells than the first one: 00.png, cat, big"),
        (
            rows("{number:02d}.png,{label},left{number}"),
            "may hold the class, and no header",
        ),
        (
            rows("{number:02d}.png,4{number},5"),
            "may hold the class, and no header",
        ),
        ('file,label\n00.png,cat\n"01.png,dog\n02.png,cat', "a quote that is not closed"),
        (
            "id,photo,label\n00,01,cat\n01,00,dog",
            "several columns that name photos, and they differ: id, photo",
        ),
        ("00.png", "needs two columns"),
        ("", "needs two columns"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_what_is_wrong(
    table: str, sentence: str, folder: Path
) -> None:
    with pytest.raises(RunError, match=sentence):
        find(folder, table)


def test_a_missing_table_is_named(folder: Path) -> None:
    with pytest.raises(RunError, match=r"holds no other\.csv"):
        find(folder, "", labels_csv="other.csv")


def test_classes_that_are_numbers_are_not_taken_for_photos(folder: Path) -> None:
    table = "id,label\n" + "\n".join(f"{n:02d},{(10, 11)[n % 2]}" for n in range(12))
    assert find(folder, table).train.class_names == ("10", "11")
    missing = "image,label\n99,10\n" + "\n".join(f"{n:02d},{(10, 11)[n % 2]}" for n in range(12))
    assert find(folder, missing, max_bad_share=0.2).train.class_names == ("10", "11")


def test_a_path_without_ending_is_no_photo_when_two_have_it(folder: Path) -> None:
    photo = folder / "train" / "00.png"
    photo.with_suffix(".bmp").write_bytes(photo.read_bytes())
    table = "file,label\n" + rows("train/{number:02d},{label}")

    with pytest.raises(RunError, match=r"names 1 of 12 photos that .* such as train/00\."):
        find(folder, table)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_table_in_another_encoding_is_refused_with_what_to_do(
    encoding: str, folder: Path
) -> None:
    (folder / "other.csv").write_text("file,label\n00.png,Kätzchen\n", encoding=encoding)

    with pytest.raises(RunError, match="save the table as CSV in UTF-8"):
        find(folder, "", labels_csv="other.csv")


def test_a_number_of_the_row_is_no_photo_beside_the_photos_file(folder: Path) -> None:
    """The photos' names are numbers, too: the column with endings is taken."""
    table = "id,file_path,label\n" + "\n".join(
        f"{number:02d},train/{11 - number:02d}.png,{('cat', 'dog')[number % 2]}"
        for number in range(12)
    )

    train = find(folder, table).train
    for path, label in zip(train.paths, train.labels, strict=True):
        assert int(Path(path).stem) % 2 == 1 - label


def test_a_photo_may_be_called_like_the_column_of_the_files(folder: Path) -> None:
    write_photo(folder / "train" / "image.png", label=0, seed=98)
    table = "image,label\nimage,cat\n" + rows("{number:02d}.png,{label}")

    assert find(folder, table).train.class_names == ("cat", "dog")


def test_an_accent_may_be_written_in_either_way(folder: Path) -> None:
    photo = folder / "train" / "00.png"
    photo.rename(photo.with_name(unicodedata.normalize("NFD", "Käfer.png")))
    table = "file,label\n" + rows("{number:02d}.png,{label}").replace(
        "00", unicodedata.normalize("NFC", "Käfer")
    )

    photo_set = find(folder, table)
    assert len(photo_set.train) + len(photo_set.valid) == 12


def test_classes_without_a_header_may_look_like_the_numbers_of_rows(folder: Path) -> None:
    table = "\n".join(f"{number:02d}.png,{number}" for number in range(12))
    chosen = {"label_mode": "int", "validation_split": 0.5}

    with pytest.raises(RunError, match="holds no photo of"):  # each class has one photo only
        find(folder, table, **chosen)
