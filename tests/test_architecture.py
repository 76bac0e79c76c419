"""The house keeps its shape: who may import whom, a light plugin, and the same rules in the document and in the code."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.model.document import load
from contracts.rules import consumer, provider

TESTS = Path(__file__).parent
CONTRACTS = TESTS.parent / "contracts"
# Rooms by floor, the lowest first. A file or folder imports what lies on lower floors, and a folder imports itself.
FLOORS = (
    ("model", "watchdog.py"),
    ("rules", "redaction", "generation.py"),
    ("provider", "consumer", "har", "settings.py", "__main__.py"),
    ("judge.py", "result.py"),
    ("run.py", "report", "workers.py", "lean.py"),
    ("plugin.py", "suite", "__init__.py"),
)
PURE = ("model/", "rules/", "redaction/")
NETWORK = ("httpx", "httpcore", "socket", "h11")
FORBIDDEN_IN_PURE = {*NETWORK, "pytest", "respx", "uvicorn", "starlette", "schemathesis", "hypothesis"}
MAY_USE_THE_NETWORK = (
    *(f"provider/{name}.py" for name in ("connection", "http", "target", "mock", "serving")),
    *(f"consumer/{name}.py" for name in ("reference", "requests", "httpx_stage", "socket_stage")),
)
HEAVY = {*NETWORK, "respx", "uvicorn", "starlette", "schemathesis", "hypothesis", "yaml", "jwt", "jsonschema_rs"}
LATE = ("schemathesis", "hypothesis", "httpx", "yaml", "starlette")
JUDGES = {"provider": provider.RULE_SET.judges, "consumer": consumer.RULE_SET.judges}
FILES = {path.relative_to(CONTRACTS).as_posix(): path for path in sorted(CONTRACTS.rglob("*.py"))}


def name_is_secret(name: str) -> bool:
    """Whether a variable is called like something that must not be printed."""
    return any(part in name.lower() for part in ("cookie", "token", "secret", "session", "headers"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Modules that a piece of code imports, dotted, wherever the statement stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def at_module_level(tree: ast.Module) -> ast.Module:
    """The module without its functions and without what only a type checker reads."""

    class Strip(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

        def visit_If(self, node: ast.If) -> ast.AST | None:
            typing = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
            return None if typing else self.generic_visit(node)

    return Strip().visit(tree)  # type: ignore[no-any-return]


def tops(tree: ast.AST) -> set[str]:
    """Top-level packages that a piece of code imports."""
    return {module.partition(".")[0] for module in imported(tree)}


def ours(tree: ast.AST) -> set[str]:
    """Files of this package that a piece of code imports."""
    found = set()
    for module in imported(tree):
        parts = module.split(".")
        if parts[0] != "contracts":
            continue
        for end in range(len(parts), 1, -1):
            inside = "/".join(parts[1:end])
            for name in (f"{inside}.py", f"{inside}/__init__.py"):
                if name in FILES:
                    found.add(name)
    return found


@pytest.fixture(params=FILES)
def name(request: pytest.FixtureRequest) -> str:
    """A file of the package."""
    return str(request.param)


@pytest.fixture
def tree(name: str) -> ast.Module:
    """Its syntax."""
    return ast.parse(FILES[name].read_bytes())


def floor_of(name: str) -> int:
    """The floor of a file."""
    return next(number for number, rooms in enumerate(FLOORS) if room_of(name) in rooms)


def room_of(name: str) -> str:
    """The room of a file: its folder, or the file itself."""
    return name.partition("/")[0]


def packages_of(name: str) -> set[str]:
    """The packages that a file lies in."""
    return {f"{folder}/__init__.py" for folder in Path(name).parents}


def test_imports_go_down_the_floors(name: str, tree: ast.Module) -> None:
    """A file imports its own room and rooms on lower floors, also where an import stands in a function."""
    others = {other for other in ours(tree) if room_of(other) != room_of(name)}
    assert {other for other in others if floor_of(other) >= floor_of(name)} == set()


def test_every_room_has_a_floor() -> None:
    """Each file of the package lies in a room that stands on exactly one floor, and each room has a file."""
    rooms = [room for floor in FLOORS for room in floor]
    assert len(rooms) == len(set(rooms))
    assert set(rooms) == {room_of(name) for name in FILES}


def test_imports_never_go_round() -> None:
    """No file imports itself by way of others; that a file lies in a package does not count."""
    imports = {name: ours(ast.parse(path.read_bytes())) - {name, *packages_of(name)} for name, path in FILES.items()}
    while leaves := [name for name, others in imports.items() if not others & imports.keys()]:
        for name in leaves:
            del imports[name]
    assert imports == {}


def test_the_core_is_pure(name: str, tree: ast.Module) -> None:
    """The pure core imports no pytest, no network and no generator of cases, and of this package only the core."""
    if not name.startswith(PURE):
        return
    assert tops(tree) & FORBIDDEN_IN_PURE == set()
    assert {other for other in ours(tree) if not other.startswith(PURE)} == set()


def test_few_files_use_the_network(name: str, tree: ast.Module) -> None:
    """Sockets and HTTP clients stay where they are guarded."""
    if name not in MAY_USE_THE_NETWORK:
        assert tops(tree) & set(NETWORK) == set()


def test_the_plugin_is_light() -> None:
    """At module level the plugin imports nothing that costs time: it is loaded in every pytest run of whoever installs it."""
    tree = at_module_level(ast.parse(FILES["plugin.py"].read_bytes()))
    assert tops(tree) & HEAVY == set()
    assert ours(tree) == {"workers.py", "lean.py", "model/__init__.py", "model/part.py"}
    for name in ours(tree):
        own = tops(at_module_level(ast.parse(FILES[name].read_bytes())))
        assert own <= sys.stdlib_module_names | {"pytest", "xdist"}


def test_loading_the_plugin_loads_nothing_heavy() -> None:
    """A fresh interpreter that imports the plugin holds none of the large libraries."""
    code = f"import sys, contracts.plugin; print([m for m in {LATE!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CONTRACTS.parent, capture_output=True, encoding="utf-8", timeout=600, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_document_and_the_code_have_the_same_rules() -> None:
    """Every rule of the document has one judgement, and every judgement stands in the document."""
    documented = {(rule.role, rule.id): None for rule in load().rules.values()}
    assert [(role, id) for role, judges in JUDGES.items() for id in judges] == list(documented)


@pytest.mark.parametrize(("role", "id"), [(role, id) for role, judges in JUDGES.items() for id in judges])
def test_a_judgement_is_named_as_its_rule(role: str, id: str) -> None:
    """The id and the name of the function are the same words."""
    assert JUDGES[role][id].__name__ == id.replace("-", "_")  # type: ignore[attr-defined]


def test_no_error_is_swallowed_unnamed(name: str, tree: ast.Module) -> None:
    """No bare `except:`, which would take an interrupt for an error of the server."""
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.type is None] == []


def test_nothing_secret_is_printed(name: str, tree: ast.Module) -> None:
    """Whatever is printed or logged names no cookie, token, session or headers; text leaves through the redactor."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute))]
    loud = [
        call
        for call in calls
        if (isinstance(call.func, ast.Name) and call.func.id == "print")
        or (isinstance(call.func, ast.Attribute) and call.func.attr in ("debug", "info", "warning", "write_line"))
    ]
    names = {
        getattr(node, "id", None) or getattr(node, "attr", "")
        for call in loud
        for argument in (*call.args, *(keyword.value for keyword in call.keywords))
        for node in ast.walk(argument)
        if isinstance(node, (ast.Name, ast.Attribute))
    }
    assert {found for found in names if name_is_secret(found)} == set()


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.relative_to(TESTS).as_posix())
def test_tests_import_no_tests(path: Path) -> None:
    """What tests share lives in `tests/kit`, among the liars or among the clients: no module imports a module of tests."""
    modules = imported(ast.parse(path.read_bytes()))
    assert [module for module in modules if module.startswith("tests.") and ".test_" in module] == []


@pytest.mark.parametrize("folder", ["tools", "benchmarks"])
def test_programs_beside_the_package_import_no_tests(folder: str) -> None:
    """A program of `tools/` or `benchmarks/` runs without the tests, but may start them as a program."""
    paths = sorted((TESTS.parent / folder).glob("*.py"))
    assert paths
    assert [path.name for path in paths if "tests" in tops(ast.parse(path.read_bytes()))] == []
