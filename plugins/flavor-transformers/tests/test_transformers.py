"""What is particular to transformers: parts of a pipeline, data of all kinds, folders that are more than data."""

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import pytest

transformers = pytest.importorskip("transformers", reason="needs transformers: pip install transformers")

sys.path.insert(0, str(Path(__file__).parent))
import tiny  # noqa: E402
import torch  # noqa: E402

import hookline_flavor_transformers  # noqa: E402
from hookline.errors import InvalidValue, NotFound, NotSupported, PickleRefused  # noqa: E402
from hookline.models.pickles import PickleGate  # noqa: E402
from hookline.testing.flavor_suite import canary  # noqa: E402
from hookline.testing.memory_plugin import memory_workspace  # noqa: E402
from hookline_flavor_transformers.flavor import TransformersFlavor  # noqa: E402

TEXTS = ["a good film", "a very bad film"]


def closed(folder):
    return PickleGate(folder, "model", "deny")


def opened(folder):
    return PickleGate(folder, "model", "allow")


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """A saved classifier: its folder and block."""
    folder = tmp_path_factory.mktemp("honest")
    return folder, TransformersFlavor().save(tiny.classifying(), folder, {})


@pytest.fixture
def saved(honest, tmp_path):
    """A copy of it."""
    folder, block = honest
    return shutil.copytree(folder, tmp_path / "model"), dict(block)


def test_the_files_are_the_library_s_own(saved):
    folder, block = saved
    files = sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file())
    assert files == [
        "components/tokenizer/tokenizer.json",
        "components/tokenizer/tokenizer_config.json",
        "model/config.json",
        "model/model.safetensors",
    ]
    assert {"task", "instance_type", "pipeline_model_type", "model_binary", "tokenizer_type"} <= set(block)
    assert block["components"] == ["tokenizer"]


def test_parts_are_saved_as_the_pipeline_that_they_make(tmp_path):
    flavor, parts = TransformersFlavor(), {"model": tiny.classifier(), "tokenizer": tiny.tokenizer()}
    block = flavor.save(parts, tmp_path, {"task": "text-classification"})
    loaded = flavor.load(tmp_path, block, closed(tmp_path))
    assert flavor.predict(loaded, TEXTS, {}) == flavor.predict(tiny.classifying(), TEXTS, {})


@pytest.mark.parametrize(
    ("model", "options", "text"),
    [
        ({"model": None, "words": None}, {"task": "text-classification"}, "feature_extractor, tokenizer"),
        ({"tokenizer": None}, {"task": "text-classification"}, "The parts of a pipeline are model"),
        ({"model": None}, {}, "Say what the parts do"),
        ({"model": tiny.classifier(), "tokenizer": tiny.tokenizer()}, {"task": "juggling"}, "no pipeline 'juggling'"),
        (tiny.classifier(), {"task": "text-classification"}, "for a mapping of parts"),
    ],
)
def test_parts_that_make_no_pipeline_are_a_clear_error(tmp_path, model, options, text):
    with pytest.raises(InvalidValue, match=text):
        TransformersFlavor().save(model, tmp_path, options)
    assert list(tmp_path.iterdir()) == []


def test_data_of_all_kinds_is_taken():
    pandas = pytest.importorskip("pandas")
    flavor, model = TransformersFlavor(), tiny.classifying()
    expected = flavor.predict(model, TEXTS, {})
    assert [each["label"] for each in expected] == [model(text)[0]["label"] for text in TEXTS]
    for data in (numpy.array(TEXTS), pandas.DataFrame({"text": TEXTS}), pandas.Series(TEXTS), {"text": TEXTS}):
        assert flavor.predict(model, data, {}) == expected
    pairs = {"text": TEXTS, "text_pair": TEXTS}
    assert flavor.predict(model, pairs, {}) == flavor.predict(model, pandas.DataFrame(pairs), {})
    assert flavor.predict(model, [], {}) == []
    assert len(flavor.predict(model, TEXTS, {"top_k": 2})[0]) == 2


def test_texts_are_written_as_long_as_params_say(tmp_path):
    params = {"max_new_tokens": 3, "min_new_tokens": 3, "do_sample": False, "return_tensors": True}
    with memory_workspace(tmp_path / "home", hookline_flavor_transformers) as workspace:
        workspace.save_model(tiny.writing(), tmp_path / "model", input_example=(["a good"], params))
        loaded = workspace.load_model(tmp_path / "model")
        for given, length in (({}, 5), ({"max_new_tokens": 1, "min_new_tokens": 1}, 3)):
            ((said,),) = loaded.predict(["a good"], given)
            assert list(said["generated_token_ids"])[:2] == [4, 2]
            assert len(said["generated_token_ids"]) == length


def test_a_model_in_training_stays_so():
    model = tiny.classifier().train()
    found = TransformersFlavor().predict(model, numpy.array([[2, 5]]), {})
    assert model.training
    assert (
        found["logits"].tolist()
        == TransformersFlavor().predict(model.eval(), {"input_ids": [[2, 5]]}, {})["logits"].tolist()
    )


def test_threads_share_a_pipeline():
    flavor, model = TransformersFlavor(), tiny.classifying()
    expected = flavor.predict(model, TEXTS, {})
    with ThreadPoolExecutor(8) as pool:
        params = [{"truncation": bool(number % 2)} for number in range(32)]
        assert list(pool.map(lambda each: flavor.predict(model, TEXTS, each), params)) == [expected] * 32


@pytest.mark.parametrize(
    ("data", "params"),
    [([1, 2], {}), (TEXTS, {"function_to_apply": "magic"}), ({"text": TEXTS, "text_pair": ["a"]}, {})],
)
def test_data_that_does_not_fit_is_a_clear_error(data, params):
    with pytest.raises(InvalidValue, match=r"cannot be asked with this data|different lengths"):
        TransformersFlavor().predict(tiny.classifying(), data, params)


# Folders that are more than data -------------------------------------------------------------------------------------


def edited(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


@pytest.mark.parametrize("part", ["model/config.json", "components/tokenizer/tokenizer_config.json"])
@pytest.mark.parametrize(
    "change",
    [
        {"auto_map": {"AutoModel": "evil.Evil", "AutoTokenizer": ["evil.Evil", None]}},
        {"_attn_implementation": "somebody/kernel"},
        {"text_config": {"attn_implementation": "somebody/kernel"}},
        {"parts": [{"auto_map": {"AutoConfig": "evil.Evil"}}]},
    ],
    ids=["classes", "kernel", "kernel within", "classes within"],
)
def test_code_that_a_folder_names_is_refused(saved, part, change):
    folder, block = saved
    edited(folder / part, **change)
    with pytest.raises(PickleRefused) as refused:
        TransformersFlavor().load(folder, block, closed(folder))
    assert refused.value.imports


def test_code_in_a_folder_runs_only_where_it_is_permitted(saved, tmp_path, monkeypatch):
    folder, block = saved
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    marker = tmp_path / "executed"
    (folder / "model" / "evil.py").write_text(f"import os\nos.mkdir({str(marker)!r})\n", encoding="utf-8")
    edited(folder / "model" / "config.json", auto_map={"AutoConfig": "evil.Evil"}, model_type="evil")
    with pytest.raises(PickleRefused) as refused:
        TransformersFlavor().load(folder, block, closed(folder))
    assert "evil.py" in refused.value.imports
    assert not marker.exists()


def test_an_adapter_in_the_model_s_place_is_refused(saved):
    folder, block = saved
    (folder / "model" / "adapter_config.json").write_text('{"base_model_name_or_path": "/elsewhere"}', encoding="utf-8")
    with pytest.raises(NotSupported, match="adapter"):
        TransformersFlavor().load(folder, block, opened(folder))


def test_modules_that_mlflow_kept_beside_the_model_are_asked_for(saved):
    folder, block = saved
    (folder / "code").mkdir()
    (folder / "code" / "helpers.py").write_text("raise RuntimeError('imported')", encoding="utf-8")
    with pytest.raises(PickleRefused, match=r"helpers\.py"):
        TransformersFlavor().load(folder, {**block, "code": "code"}, closed(folder))


def test_weights_in_a_pickle_are_asked_for(saved, tmp_path):
    folder, block = saved
    weights = tiny.classifier().state_dict()
    (folder / "model" / "model.safetensors").unlink()
    torch.save(weights, folder / "model" / "pytorch_model.bin")
    with pytest.raises(PickleRefused):
        TransformersFlavor().load(folder, block, closed(folder))
    loaded = TransformersFlavor().load(folder, block, opened(folder))
    assert loaded(TEXTS) == tiny.classifying()(TEXTS)
    (folder / "model" / "pytorch_model.bin").write_bytes(canary(tmp_path / "executed"))
    with pytest.raises(PickleRefused) as refused:
        TransformersFlavor().load(folder, block, closed(folder))
    assert "posix.mkdir" in refused.value.imports
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"pipeline_model_type": "os"}, InvalidValue, "no class 'os'"),
        ({"pipeline_model_type": "Trainer"}, InvalidValue, "no class 'Trainer' of models"),
        ({"tokenizer_type": "AutoTokenizer.from_pretrained"}, InvalidValue, "no class 'AutoTokenizer"),
        ({"components": ["../model"]}, InvalidValue, "allowed: feature_extractor"),
        ({"model_binary": "gone"}, NotFound, "no 'gone'"),
        ({"task": "juggling"}, InvalidValue, "a pipeline of transformers"),
        ({"peft_adaptor": "peft"}, NotSupported, "adapter of PEFT"),
        ({"source_model_revision": "abc"}, NotSupported, "persist_pretrained_model"),
    ],
)
def test_a_wrong_block_is_a_clear_error(saved, change, error, text):
    folder, block = saved
    with pytest.raises(error, match=text):
        TransformersFlavor().load(folder, {**block, **change}, closed(folder))


@pytest.mark.parametrize("content", [lambda whole: whole[: len(whole) // 2], lambda whole: b"no model", lambda _: b""])
@pytest.mark.parametrize(
    "file", ["model/model.safetensors", "model/config.json", "components/tokenizer/tokenizer.json"]
)
def test_a_broken_file_is_a_clear_error(saved, content, file):
    folder, block = saved
    (folder / file).write_bytes(content((folder / file).read_bytes()))
    with pytest.raises(InvalidValue, match=r"cannot be read as a \w+ of transformers"):
        TransformersFlavor().load(folder, block, closed(folder))
