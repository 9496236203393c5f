"""InceptionV1 has the shapes and names of TF-Slim's checkpoints."""

from kernel.model.inception import inceptionv1


def test_the_base_divides_the_photo_by_32_and_has_1024_channels() -> None:
    assert inceptionv1((64, 96, 3)).output_shape == (None, 2, 3, 1024)


def test_the_layers_have_the_names_of_the_published_weights() -> None:
    names = {layer.name for layer in inceptionv1((32, 32, 3)).layers}

    assert {"Conv2d_1a_7x7", "Mixed_3b", "Mixed_5c_Branch_3_Conv2d_0b_1x1"} <= names
    # 57 convolutions: 3 before the modules, and 6 in each of 9.
    assert sum(name.endswith(("x7", "1x1", "3x3")) for name in names if "Pool" not in name) == 57
