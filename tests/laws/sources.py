"""What the laws look at: the Python sources of the core and of every plugin, parsed once."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "core" / "src" / "hookline"


@cache
def sources() -> dict[Path, ast.Module]:
    folders = [CORE, *ROOT.glob("plugins/*/src"), *ROOT.glob("contrib/*/src")]
    files = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return {path: ast.parse(path.read_text(encoding="utf-8"), str(path)) for path in files}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def core_sources() -> dict[Path, ast.Module]:
    return {path: tree for path, tree in sources().items() if path.is_relative_to(CORE)}


def imported(node: ast.AST) -> list[str]:
    """The modules that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def runtime_imports(tree: ast.Module) -> set[str]:
    """The modules that a file imports when it is itself imported; `if TYPE_CHECKING:` does not count."""
    found: set[str] = set()

    def visit(nodes: list[ast.stmt]) -> None:
        for node in nodes:
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                continue
            found.update(imported(node))
            for part in ("body", "orelse", "finalbody"):
                visit(getattr(node, part, []) if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else [])

    visit(tree.body)
    return found


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def code_lines(node: ast.AST, text: str) -> int:
    """Lines of code: docstrings, blank lines and comments are not counted."""
    lines = text.splitlines()
    first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", len(lines))
    skipped = {
        line
        for each in ast.walk(node)
        if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) and isinstance(each.value.value, str)
        for line in range(each.lineno, (each.end_lineno or each.lineno) + 1)
    }
    return sum(
        1
        for number in range(first, last + 1)
        if number not in skipped and lines[number - 1].strip() and not lines[number - 1].lstrip().startswith("#")
    )
