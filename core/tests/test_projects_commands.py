"""Commands: split first, then filled in, so that a value never adds an argument, an option or a piece of shell."""

import json
import shlex
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.entities import EntryPoint, Parameter, PreparedEnvironment
from hookline.errors import ConfigError, HooklineError, InvalidValue, Refused
from hookline.projects.commands import build_command
from hookline.projects.parameters import Values
from hookline.projects.programs import find_program
from hookline.projects.shell_syntax import find_shell_syntax
from hookline.system import run_process

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NASTY = [
    "a b",
    "",
    "it's",
    'say "hi"',
    "; touch canary",
    "$(touch canary)",
    "`touch canary`",
    "a\ntouch canary",
    "&& touch canary",
    "| touch canary",
    "> canary",
    "'; touch canary; '",
    '"; touch canary; "',
    "{x}",
    "{{x}}",
    "*",
    "~",
    "\\",
    "$HOME",
    "${HOOKLINE_VALUE_1}",
    "ü😀",
]
ECHO = "import json, sys; print(json.dumps(sys.argv[1:]))"


def build(command, declared=None, extra=None, **options):
    declared = declared or {}
    entry = EntryPoint("main", command, {name: Parameter(name) for name in declared})
    return build_command(entry, Values(declared, extra or {}), **options)


@pytest.mark.parametrize(
    ("template", "declared", "argv"),
    [
        ("python train.py", {}, ["python", "train.py"]),
        ("python train.py {a} {b}", {"a": "1", "b": "2"}, ["python", "train.py", "1", "2"]),
        ("python train.py --a={a}/{b}.csv", {"a": "x y", "b": "z"}, ["python", "train.py", "--a=x y/z.csv"]),
        ("python train.py '{a} and {a}'", {"a": "1"}, ["python", "train.py", "1 and 1"]),
        ('python -c "print({{1: 2}})" {a}', {"a": "1"}, ["python", "-c", "print({1: 2})", "1"]),
        (
            "python train.py {with-dash} {with.dot}",
            {"with-dash": "1", "with.dot": "2"},
            ["python", "train.py", "1", "2"],
        ),
        ("python x.py ';' '&&' \\| \"a > b\" '$HOME' a#b c~d", {}, None),
        ("python x.py \\\n  --a {a}", {"a": "1"}, ["python", "x.py", "--a", "1"]),
        ("  python x.py\n", {}, ["python", "x.py"]),
        ("echo a=b x=$", {}, ["echo", "a=b", "x=$"]),
    ],
)
def test_templates(template, declared, argv):
    assert list(build(template, declared).argv) == (argv or shlex.split(template))


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize("template", ["prog {x} end", "prog --x {x} end", "prog '{x}' end", "prog pre{x}post end"])
def test_a_value_is_one_argument_whatever_it_holds(template, value):
    argv = build(template, {"x": value}).argv
    assert list(argv) == [word.replace("{x}", value) for word in shlex.split(template)]


@given(value=TEXTS, other=TEXTS)
def test_no_value_adds_an_argument(value, other):
    try:
        argv = build("prog --x {x} {y}", {"x": value, "y": other}, {"extra": value}).argv
    except InvalidValue:
        assert other.startswith("-")
        return
    given_options = [each.partition("=")[0] for each in argv if each.startswith("--")]
    assert given_options[:1] == ["--x"]
    assert len(argv) == 6 - value.startswith("-") * 2
    assert argv[0] == "prog"


@pytest.mark.parametrize(
    ("template", "value", "argv"),
    [
        ("prog --alpha {x}", "-1e-3", ["prog", "--alpha=-1e-3"]),
        ("prog --alpha {x}", "--evil", ["prog", "--alpha=--evil"]),
        ("prog --alpha={x}", "-x", ["prog", "--alpha=-x"]),
        ("prog {x}", "-5", ["prog", "-5"]),
        ("prog {x}", "-.5e+3", ["prog", "-.5e+3"]),
        ("prog -- {x}", "--evil", ["prog", "--", "--evil"]),
        ("prog a{x}", "-b", ["prog", "a-b"]),
    ],
)
def test_a_leading_dash_stays_a_value(template, value, argv):
    assert list(build(template, {"x": value}).argv) == argv


@pytest.mark.parametrize("value", ["-c", "--evil", "-", "--", "-rf", "-c=import os", "--config=x"])
@pytest.mark.parametrize("template", ["python {x}", "python {x}.py", "prog -a {x}", "{x} prog", "prog; prog {x}"])
def test_a_value_that_would_be_an_option_is_refused(template, value):
    with pytest.raises(InvalidValue, match="starts with '-'"):
        build(template, {"x": value}, allow_shell=True)


def test_extra_parameters_are_appended():
    argv = build("prog {x}", {"x": "1"}, {"a": "b c", "d": "-1", "e": "", "f": "$(x)"}).argv
    assert list(argv) == ["prog", "1", "--a", "b c", "--d=-1", "--e", "", "--f", "$(x)"]


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("prog {y} {z} {x}", r"has \{y\}, \{z\}, which is no declared parameter; declared: x"),
        ("prog {}", r"has \{\}, which"),
        ("prog {0}", r"has \{0\}, which"),
        ("prog {x.__class__}", r"\{x.__class__\}"),
        ("prog {x[0]}", r"\{x\[0\]\}"),
        ("prog {x!r}", r"\{x!r\}"),
        ("prog {x:>10}", r"\{x:>10\}"),
        ("prog '{\"a\": 1}'", "Plain braces are doubled"),
        ("prog {x", "brace without a partner"),
        ("prog x}", "brace without a partner"),
        ("prog 'open", "cannot be split: No closing quotation"),
        ("''", None),
    ],
)
def test_a_wrong_template_is_an_error_that_says_how(template, problem):
    if problem is None:
        assert build(template, {"x": "1"}).argv == ("",)
        return
    with pytest.raises(ConfigError, match=problem):
        build(template, {"x": "1"})


SHELL = [
    ("prog && other", "&&"),
    ("prog || other", "||"),
    ("prog; other", ";"),
    ("prog | other", "|"),
    ("prog &", "&"),
    ("prog > file", ">"),
    ("prog 2>&1", ">"),
    ("prog >> file", ">>"),
    ("prog < file", "<"),
    ("prog << END", "<<"),
    ("prog $HOME", "$HOME"),
    ("prog ${{HOME}}", "${"),
    ("prog $(date)", "$("),
    ('prog "$HOME"', "$HOME"),
    ('prog "a $(date)"', "$("),
    ("prog `date`", "`"),
    ('prog "`date`"', "`"),
    ("prog *.csv", "*"),
    ("prog data?.csv", "?"),
    ("prog [ab].csv", "["),
    ("prog ~/data", "~"),
    ("prog # comment", "#"),
    ("(prog)", "("),
    ("VAR=1 prog", "VAR="),
    ("prog one\nprog two", "a line break"),
    ("prog $'a'", "$'"),
    ("prog $1", "$1"),
    ("bash -c 'prog one'", "bash -c"),
    ("/bin/sh -ec 'prog one'", "sh -c"),
    ("env X=1 bash -c prog", "bash -c"),
]


@pytest.mark.parametrize(("template", "syntax"), SHELL)
def test_shell_syntax_is_refused_with_the_way_to_allow_it(template, syntax):
    with pytest.raises(Refused) as caught:
        build(template)
    assert f"for {syntax}: " in str(caught.value)
    assert "--allow-shell" in str(caught.value)
    assert "bash -c" in str(caught.value)


@pytest.mark.parametrize(
    "template",
    [
        "prog 'a && b'",
        'prog "a && b"',
        "prog a\\&b",
        "prog '$HOME'",
        "prog \\$HOME",
        "prog 'a\nb'",
        "prog a~b a#b",
        "prog $",
        "bash script.sh",
        "prog -c 'x'",
        "prog a=b",
    ],
)
def test_quoted_text_is_no_shell_syntax(template):
    assert find_shell_syntax(template) is None
    assert list(build(template).argv) == shlex.split(template)


def in_shell(template, declared=None, extra=None, folder=None):
    """Run a command with `--allow-shell`, with `echo_arguments` for a program that prints its arguments as JSON."""
    program = f"{shlex.quote(sys.executable)} -c {shlex.quote(ECHO)}".replace("{", "{{").replace("}", "}}")
    command = build(template.replace("PROG", program), declared, extra, allow_shell=True)
    assert command.argv[:2] == ("bash", "-c")
    said = run_process(command.argv, folder=folder, variables=command.variables)
    return [json.loads(line) for line in said.splitlines()]


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize(
    "template",
    [
        "true && PROG {x} end",
        "true && PROG --x {x} end",
        "true && PROG '{x}' end",
        'true && PROG "{x}" end',
        "true && PROG pre{x}post end",
        'true && PROG "it\'s {x}" end',
        "true && PROG 'in \"{x}\"' end",
        "(PROG {x} end)",
        "for i in 1; do PROG {x} end; done",
    ],
)
def test_in_a_shell_a_value_is_one_argument_whatever_it_holds(template, value, tmp_path):
    words = shlex.split(template.split("PROG")[1].rstrip(";)").removesuffix("; done"))
    expected = [word.replace("{x}", value) for word in words]
    assert in_shell(template, {"x": value}, folder=tmp_path) == [expected]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", NASTY)
@pytest.mark.parametrize(
    "template",
    [
        *['PROG "$(printf %s {x})"', 'PROG "$(printf %s "{x}")"', "PROG `printf %s {x}`", "PROG $(echo '{x}') | cat"],
        *["cat <<END | cat > /dev/null\n{x}\nEND\nPROG", "PROG # don't {x}", "PROG && echo '[]' # \"{x}"],
    ],
)
def test_in_a_shell_no_value_is_ever_run(template, value, tmp_path):
    """Places of which no simple reader can say how they are quoted: what arrives may differ, nothing is executed."""
    in_shell(template, {"x": value}, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None, max_examples=30)
@given(value=TEXTS, quote=st.sampled_from(["", "'", '"']))
def test_in_a_shell_any_value_arrives(value, quote):
    assert in_shell(f"true && PROG pre{quote}{{x}}{quote}", {"x": value}) == [[f"pre{value}"]]


def test_in_a_shell_extra_parameters_are_appended(tmp_path):
    assert in_shell("true && PROG {x}", {"x": "1"}, {"a": "$(touch canary)", "b": "-1", "c": "d e"}, tmp_path) == [
        ["1", "--a", "$(touch canary)", "--b=-1", "--c", "d e"]
    ]
    assert list(tmp_path.iterdir()) == []


def test_in_a_shell_a_leading_dash_stays_a_value():
    assert in_shell("true && PROG --x {x}", {"x": "--evil"}) == [["--x=--evil"]]
    assert in_shell("true && PROG {x}", {"x": "-5"}) == [["-5"]]


def test_in_a_shell_the_template_means_what_it_says(tmp_path):
    assert in_shell('A={x}; PROG "$A" && PROG {{a,b}} | cat', {"x": "1 2"}, folder=tmp_path) == [["1 2"], ["a", "b"]]


@pytest.mark.parametrize("allow_shell", [True, False])
@pytest.mark.parametrize(
    "template",
    [
        "bash -c 'prog {x}'",
        'sh -ec "prog {x}"',
        "env A=b /bin/bash -c 'prog {x}'",
        "bash -c prog {x}",
        "timeout 5 bash -c 'prog {x}'",
        'true && bash -c "prog {x}"',
        "cd a; eval prog {x}",
        "true && sudo su -c '{x}'",
    ],
)
def test_a_value_inside_the_text_for_an_inner_shell_is_always_refused(template, allow_shell):
    with pytest.raises(Refused, match="no quoting is safe"):
        build(template, {"x": "1"}, allow_shell=allow_shell)


def test_a_plain_template_uses_no_shell_even_where_one_is_allowed():
    assert build("prog {x}", {"x": "1"}, allow_shell=True).argv == ("prog", "1")


@given(template=st.text(max_size=60), value=TEXTS)
def test_any_template_is_a_command_or_a_clear_error(template, value):
    try:
        command = build(template, {"x": value})
    except HooklineError:
        return
    assert command.argv


@pytest.mark.parametrize("name", ["python", "python3"])
def test_python_is_the_environments(tmp_path, name):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / name).symlink_to(sys.executable)
    assert find_program(name, PreparedEnvironment(path_prefix=(tools,), digest="x")) == str(tools / name)
    here = PreparedEnvironment(path_prefix=(tmp_path / "bin", type(tmp_path)(sys.executable).parent))
    assert find_program(name, here) == sys.executable
    assert find_program(name, PreparedEnvironment()) == name
    assert find_program("pytest", here) == "pytest"
