"""Runs take arrays and data frames, though the core needs neither numpy nor pandas."""

import pytest

from hookline.errors import InvalidValue

numpy = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    "image", [numpy.zeros((2, 2, 7)), numpy.full((2, 2), 3.0), numpy.full((2, 2), 256), numpy.zeros(3)]
)
def test_an_array_that_is_no_image_is_refused(workspace, image):
    with workspace.start_run() as run:
        with pytest.raises(InvalidValue):
            run.log_image(image, "a.png")
        assert not run.list_artifacts()


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 1), (3, 5, 3), (3, 5, 4)])
@pytest.mark.parametrize("kind", ["uint8", "float64", "bool"])
def test_an_array_becomes_a_png_that_others_read(workspace, shape, kind):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    array = (numpy.arange(numpy.prod(shape)).reshape(shape) % 2).astype(kind)
    with workspace.start_run() as run:
        run.log_image(array, "image.png")
        location = run.artifact_location("image.png")
        with location.store.open(location.key) as stream:
            shown = pyplot.imread(stream)
    scale = 255 if kind == "uint8" else 1
    assert numpy.allclose(numpy.squeeze(array).astype(float) / scale, shown, atol=1 / 255)


def test_equal_data_has_an_equal_digest(workspace):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", None]})
    with workspace.start_run() as run:
        first = run.log_input(frame, context="training")
        second = run.log_input(frame.copy())
        other = run.log_input(frame.assign(a=[1.0, 3.0]))
        record = workspace.runs.get(run.run_id)
    assert first.digest == second.digest != other.digest
    assert first.profile == '{"num_rows": 2, "num_elements": 4, "shape": [2, 2]}'
    assert '"name": "a"' in first.schema
    assert record.inputs.datasets[0].dataset.digest == first.digest


@pytest.mark.parametrize(
    "data", [numpy.arange(6.0).reshape(2, 3), {"x": numpy.arange(3)}, [1, 2, 3], numpy.array(["a", "b"])]
)
def test_arrays_and_mappings_have_digests(workspace, data):
    with workspace.start_run() as run:
        assert len(run.log_input(data).digest) == 32
