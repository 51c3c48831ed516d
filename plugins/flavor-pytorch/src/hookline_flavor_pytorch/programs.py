"""What a file of an exported program (`.pt2`) would run beyond the operators of PyTorch; nothing of it is executed.

PyTorch calls the format safe, and it is for what `torch.export.save` writes of ordinary modules: tensors as raw bytes
and a graph of operators as JSON. But `torch.export.load` also unpickles records, loads compiled libraries, and
evaluates the texts of symbolic sizes and guards as Python; operators exist that write files. A file that was made by
hand may use all of that. So what is not known to be data is a finding, and the core's gate is asked.
"""

import ast
import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.export.pt2_archive._package import PT2ArchiveReader

GRAPH = "models/model.json"
SAMPLES = "data/sample_inputs/model.pt"
CONFIGS = ("data/weights/model_weights_config.json", "data/constants/model_constants_config.json")
_RECORDS = re.compile(
    r"archive_format|archive_version|byteorder|version|\.data/(version|serialization_id)"
    r"|data/(weights/weight|constants/tensor)_\d+"
)
_WORD = re.compile(r"[\w.@+:\-]*")
"""Names end up in the Python code that PyTorch makes of a graph; these cannot call anything there."""
_NUMBER_OR_WORD = re.compile(r"[\w.+\-]*")
_SYMBOLIC_OPERATOR = re.compile(r"torch\._?sym_[a-z]+")
_OPERATORS = {
    *("eq", "ne", "le", "ge", "lt", "gt", "neg", "pos", "mul", "add", "sub", "floordiv", "truediv", "mod", "pow"),
    *("and_", "or_", "not_", "lshift", "rshift", "getitem"),
}
_HIGHER_ORDER = {"wrap_with_set_grad_enabled", "wrap_with_autocast", "cond", "while_loop", "scan", "map_impl"}
_NAMESPACES = ("aten", "prims")
_FUNCTIONS = {
    *("Symbol", "Integer", "Float", "Rational", "Add", "Mul", "Pow", "Min", "Max", "Abs", "Not", "And", "Or"),
    *("Eq", "Ne", "Lt", "Le", "Gt", "Ge", "Equality", "Unequality", "StrictLessThan", "LessThan"),
    *("StrictGreaterThan", "GreaterThan"),
    *("FloorDiv", "ModularIndexing", "Where", "PythonMod", "Mod", "CleanDiv", "CeilToInt", "FloorToInt", "CeilDiv"),
    *("LShift", "RShift", "PowByNatural", "FloatPow", "FloatTrueDiv", "IntTrueDiv", "TruncToFloat", "TruncToInt"),
    *("RoundToInt", "RoundDecimal", "ToFloat", "Identity"),
}
_METHODS = {"size", "stride", "storage_offset", "dim", "numel"}
_GRAMMAR = (
    *(ast.Expression, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.keyword, ast.Subscript),
    *(ast.Attribute, ast.Constant, ast.Name, ast.Load, ast.operator, ast.boolop, ast.unaryop, ast.cmpop),
)
_SKIPPED = {"metadata", "as_string", "as_strings", "hint"}
"""Texts that stay texts: where a node comes from, and arguments, which are quoted in the code that is made."""


def findings(path: Path) -> list[str]:
    """Return what a program would import, run or evaluate beyond PyTorch's own operators on tensors.

    Raises whatever PyTorch raises for a file that is no such archive.
    """
    archive = PT2ArchiveReader(str(path))  # the reader that loads it, so that both see the same records
    names = archive.get_file_names()
    found = [f"record {name}" for name in names if not _is_known(name)]
    found += [f"record {name}" for name in {each for each in names if names.count(each) > 1}]
    for config in CONFIGS:
        found += _in_config(json.loads(archive.read_string(config)))
    samples = archive.read_bytes(SAMPLES)
    if samples and not _is_plain(samples):
        found.append(f"record {SAMPLES}")
    found += _in_graph(json.loads(archive.read_string(GRAPH)))
    return sorted(set(found))


def _is_known(name: str) -> bool:
    return name in (GRAPH, SAMPLES, *CONFIGS) or _RECORDS.fullmatch(name) is not None


def _in_config(content: Any) -> Iterator[str]:
    """Yield the records that would be unpickled."""
    for entry in content["config"].values():
        name = entry["path_name"]
        if entry["use_pickle"] is not False or re.fullmatch(r"(weight|tensor)_\d+", name) is None:
            yield f"pickle {name}"


def _is_plain(content: bytes) -> bool:
    """Return whether PyTorch's restricted unpickler opens a record; `torch.export.load` tries no other one then."""
    try:
        torch.load(io.BytesIO(content), weights_only=True)
    except Exception:  # noqa: BLE001 - whatever it is, it is not plain
        return False
    return True


def _in_graph(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if _WORD.fullmatch(key) is None:
                yield f"name {key!r}"
            elif each is not None and key not in _SKIPPED:
                yield from _CHECKS[key](each) if key in _CHECKS else _in_graph(each)
    elif isinstance(value, list):
        for each in value:
            yield from _in_graph(each)
    elif isinstance(value, str) and _WORD.fullmatch(value) is None:
        yield f"name {value!r}"


def _in_target(target: str) -> Iterator[str]:
    if not _is_operator(str(target)):
        yield str(target)


def _is_operator(target: str) -> bool:
    match target.split("."):
        case ["_operator", name]:
            return name in _OPERATORS
        case ["math", name]:
            return not name.startswith("_") and hasattr(math, name)
        case ["torch", "ops", "higher_order", name]:
            return name in _HIGHER_ORDER
        case ["torch", "ops", namespace, name, overload] if namespace in _NAMESPACES:
            packet = getattr(getattr(torch.ops, namespace), name, None)
            found = getattr(packet, overload, None)
            # `aten.save` and `aten.from_file` write files
            return isinstance(found, torch._ops.OpOverload) and "filename" not in str(found._schema)
    return _SYMBOLIC_OPERATOR.fullmatch(target) is not None


def _in_expressions(texts: Any) -> Iterator[str]:
    for text in [texts] if isinstance(texts, str) else texts:
        if not _is_arithmetic(text):
            yield f"expression {text!r}"


def _is_arithmetic(text: str) -> bool:
    """Return whether a text, which PyTorch evaluates, only calculates with sizes."""
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return all(isinstance(node, _GRAMMAR) and _is_harmless(node) for node in nodes)


def _is_harmless(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in _FUNCTIONS
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Attribute(attr=name):
            return name in _METHODS
        case ast.Call():
            return False
        case ast.Constant(value=str(text)):
            return _NUMBER_OR_WORD.fullmatch(text) is not None
    return True


def _in_structure(text: str) -> Iterator[str]:
    """Yield what is wrong in the JSON of nested inputs and outputs: a context may name a module to import."""
    protocol, root = json.loads(text)
    waiting = [root]
    while waiting:
        node = waiting.pop()
        waiting += node["children_spec"]
        context = json.loads(node["context"]) if node["context"] else None
        if protocol != 1 or not _is_flat(context) or _WORD.fullmatch(str(node["type"])) is None:
            yield f"structure {node['type']} {node['context']}"


def _is_flat(context: Any) -> bool:
    if isinstance(context, list):
        return all(_is_flat(each) for each in context)
    return not isinstance(context, dict) and _WORD.fullmatch(str(context)) is not None


def _always(value: Any) -> Iterator[str]:
    if value:
        yield f"object {json.dumps(value)}"


_CHECKS = {
    "target": _in_target,
    "expr_str": _in_expressions,
    "guards_code": _in_expressions,
    "in_spec": _in_structure,
    "out_spec": _in_structure,
    "custom_obj_values": _always,
    "as_custom_obj": _always,
    "custom_obj": _always,
    "as_operator": _always,
}
