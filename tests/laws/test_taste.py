"""Laws 3 and 6: short files, short functions, everything annotated, nothing dangerous."""

import ast
import re

import pytest
from sources import CORE, code_lines, functions, name, sources

GATE = "core/src/hookline/models/pickles.py"
FORBIDDEN_CALLS = {"eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.full_load", "yaml.unsafe_load"}
PICKLE_CALLS = {f"{library}.{name}" for library in ("pickle", "cloudpickle", "dill") for name in ("load", "loads")} | {
    "pickle.Unpickler",
    "joblib.load",
}


@pytest.mark.parametrize("path", sources(), ids=name)
def test_a_file_holds_at_most_400_lines_of_code(path):
    assert code_lines(sources()[path], path.read_text(encoding="utf-8")) <= 400


def test_functions_are_short():
    sizes = sorted(
        code_lines(function, path.read_text(encoding="utf-8"))
        for path, tree in sources().items()
        for function in functions(tree)
    )
    assert sizes[int(len(sizes) * 0.95)] <= 30
    assert sizes[-1] <= 60


@pytest.mark.parametrize("path", sources(), ids=name)
def test_everything_is_annotated(path):
    for function in functions(sources()[path]):
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        bare = [each.arg for each in arguments if each.annotation is None and each.arg not in ("self", "cls")]
        assert not bare, f"{name(path)}:{function.lineno} {function.name}: {bare}"
        assert function.returns is not None or function.name == "__init__", f"{name(path)}:{function.lineno}"


@pytest.mark.parametrize("path", sources(), ids=name)
def test_no_shell_no_eval_and_no_pickle_outside_the_gate(path):
    for node in ast.walk(sources()[path]):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        place = f"{name(path)}:{node.lineno}"
        assert called not in FORBIDDEN_CALLS, place
        assert called not in PICKLE_CALLS or name(path) == GATE, place
        assert not any(each.arg == "shell" for each in node.keywords), place


@pytest.mark.parametrize("path", sources(), ids=name)
def test_what_an_option_may_be_is_named_by_texts(path):
    """click takes the members of an enumeration by their values before 8.2, and by their names since then."""
    for node in ast.walk(sources()[path]):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "click.Choice":
            given = ast.unparse(node.args[0])
            is_class = re.fullmatch(r"(list\()?[A-Z][a-z]\w*\)?", given)
            assert not is_class, f"{name(path)}:{node.lineno}: write [each.value for each in {given}]"


def test_only_system_starts_processes_in_the_core():
    for path, tree in sources().items():
        if path.is_relative_to(CORE) and not {"system", "testing"} & set(path.parts):
            modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
            assert not modules & {"subprocess", "fcntl", "msvcrt"}, name(path)
