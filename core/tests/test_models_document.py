"""The `MLmodel` file: ours, and those that MLflow 1, 2 and 3 wrote."""

import re

import pytest
import yaml

from hookline.errors import InvalidValue, NotFound
from hookline.models.document import ModelDocument
from hookline.models.signature import infer_signature

FIRST = """
artifact_path: model
flavors:
  python_function:
    data: model.pkl
    env: conda.yaml
    loader_module: mlflow.sklearn
    python_version: 3.7.4
  sklearn:
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 0.21.3
run_id: 0123456789abcdef0123456789abcdef
utc_time_created: 2019-11-05 10:12:13.456789
"""
SECOND = """
artifact_path: model
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.10.12
mlflow_version: 2.9.2
model_size_bytes: 1234
model_uuid: 0123456789abcdef0123456789abcdef
run_id: 0123456789abcdef0123456789abcdef
saved_input_example_info:
  artifact_path: input_example.json
  pandas_orient: split
  type: dataframe
signature:
  inputs: '[{"type": "long", "name": "a"}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
utc_time_created: '2023-12-05 10:12:13.456789'
"""
THIRD = """
artifact_path: mlflow-artifacts:/1/models/m-0123456789abcdef0123456789abcdef/artifacts
auth_policy: null
env_vars:
- OPENAI_API_KEY
flavors:
  python_function:
    cloudpickle_version: 3.1.2
    code: null
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.pyfunc.model
    python_model: python_model.pkl
    python_version: 3.11.7
    streamable: false
is_signature_from_type_hint: false
mlflow_version: 3.17.2
model_id: m-0123456789abcdef0123456789abcdef
model_size_bytes: 1814
model_uuid: m-0123456789abcdef0123456789abcdef
prompts: null
signature:
  inputs: '[{"type": "string", "required": true}]'
  outputs: null
  params: '[{"name": "t", "default": 0.5, "shape": null, "type": "double"}]'
type_hint_from_example: false
utc_time_created: '2026-11-23 22:52:58.465594'
"""


def write(folder, text):
    (folder / "MLmodel").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("text", [FIRST, SECOND, THIRD])
def test_files_of_every_version_are_read_and_nothing_of_them_is_lost(tmp_path, text):
    document = ModelDocument.read(write(tmp_path, text))
    document.write(tmp_path)
    before, after = yaml.safe_load(text), yaml.safe_load((tmp_path / "MLmodel").read_text(encoding="utf-8"))
    assert ModelDocument.read(tmp_path) == document
    kept = {key: value for key, value in before.items() if key not in ("signature", "utc_time_created")}
    assert {key: after.get(key) for key in kept} == kept
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", after["utc_time_created"])


def test_what_the_keys_say():
    third = ModelDocument.from_dict(yaml.safe_load(THIRD))
    assert third.function["python_model"] == "python_model.pkl"
    assert third.signature is not None
    assert third.signature.params[0].default == 0.5
    assert third.extra["env_vars"] == ["OPENAI_API_KEY"]
    first = ModelDocument.from_dict(yaml.safe_load(FIRST))
    assert (first.signature, first.model_uuid, first.mlflow_version) == (None, None, None)
    assert first.utc_time_created == "2019-11-05 10:12:13.456789"
    assert list(first.flavors) == ["python_function", "sklearn"]


def test_a_new_document_has_what_mlflow_writes(tmp_path):
    ModelDocument({"python_function": {"data": "m"}}, infer_signature([1]), metadata={"by": ("me",)}).write(tmp_path)
    plain = yaml.safe_load((tmp_path / "MLmodel").read_text(encoding="utf-8"))
    assert list(plain) == sorted(plain)
    assert plain["signature"] == {"inputs": '[{"type": "long", "required": true}]', "outputs": None, "params": None}
    assert plain["metadata"] == {"by": ["me"]}
    assert len(plain["model_uuid"]) == 32
    assert "run_id" not in plain


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "keys and values"),
        ("- a", "keys and values"),
        ("a: [", "not valid YAML"),
        ("run_id: x", "'flavors'"),
        ("flavors: [sklearn]", "'flavors'"),
        ("flavors: {sklearn: 1}", "'flavors'"),
        ("flavors: {}\nsignature: {inputs: '['}", "not JSON"),
        ("flavors: {}\nsignature: long", "inputs, outputs and params"),
        ("a: !!python/object/apply:os.mkdir [x]", "not valid YAML"),
    ],
)
def test_what_is_no_mlmodel_is_refused_with_file_and_reason(tmp_path, text, problem):
    with pytest.raises(InvalidValue, match=problem) as caught:
        ModelDocument.read(write(tmp_path, text))
    assert str(tmp_path / "MLmodel") in str(caught.value)


def test_a_folder_without_the_file_is_no_model(tmp_path):
    with pytest.raises(NotFound, match="MLmodel"):
        ModelDocument.read(tmp_path)


def test_metadata_that_yaml_cannot_hold_is_refused(tmp_path):
    with pytest.raises(InvalidValue, match="plain values"):
        ModelDocument({}, metadata={"x": object()}).write(tmp_path)
