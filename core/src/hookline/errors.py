"""Every error that Hookline raises on purpose.

A small tree: a caller catches `HooklineError`, or one branch of it. Each class carries the
`code` that travels on MLflow's REST API and the `exit_code` of the command line. It is 2 where the words are wrong,
and stay wrong until they are changed: `InvalidValue` and what derives from it. It is 1 where they were understood and
could not be carried out: everything else. `docs/guides/command-line.md` says so to users.
Messages say what was wrong, where, what is allowed and what to do next; they never hold secrets.
"""

from typing import ClassVar

_SHOWN_AROUND = 100
"""How many characters of a long filter a message shows on either side of the mistake."""


class HooklineError(Exception):
    """The root of all errors of Hookline."""

    code: ClassVar[str] = "INTERNAL_ERROR"
    exit_code: ClassVar[int] = 1


class InvalidValue(HooklineError):
    """A value is not allowed: a malformed key, an unknown option, a parameter that was already set to another value."""

    code = "INVALID_PARAMETER_VALUE"
    exit_code = 2


class FilterError(InvalidValue):
    """A filter or order clause could not be read; the message shows the text with a caret under `position`.

    Args:
        problem: what is wrong and what is allowed.
        text: the whole clause as it was given.
        position: 0-based index into `text` of the first character that could not be read.
    """

    def __init__(self, problem: str, text: str, position: int) -> None:
        self.problem, self.text, self.position = problem, text, position
        start = max(0, position - _SHOWN_AROUND)
        part = "".join(char if char.isprintable() else " " for char in text[start : position + _SHOWN_AROUND])
        before, after = "..." * (start > 0), "..." * (position + _SHOWN_AROUND < len(text))
        super().__init__(f"{problem}\n  {before}{part}{after}\n  {' ' * (len(before) + position - start)}^")


class SignatureError(InvalidValue):
    """Data does not fit a model's signature; the message names the column, and the row where one value is to blame.

    Attributes:
        column: its name, with the place inside of nested values, such as `tags[2]`; None where no column is to blame.
        row: counted from 0; None where no single row is to blame.
    """

    def __init__(self, problem: str, *, column: str | None = None, row: int | None = None) -> None:
        self.problem, self.column, self.row = problem, column, row
        place = ", ".join(
            [*([] if row is None else [f"row {row}"]), *([] if column is None else [f"column {column!r}"])]
        )
        super().__init__(f"Failed to enforce schema: {place + ': ' if place else ''}{problem}")

    def shifted(self, rows: int) -> "SignatureError":
        """Return this error for data that is a part of a larger whole, after `rows` rows of it."""
        return self if self.row is None else SignatureError(self.problem, column=self.column, row=self.row + rows)


class ConfigError(InvalidValue):
    """A configuration file or an environment variable is wrong; the message names the file, the line and the key."""


class NotFound(HooklineError):
    """A thing that was named is not there."""

    code = "RESOURCE_DOES_NOT_EXIST"


class AlreadyExists(HooklineError):
    """A name is taken."""

    code = "RESOURCE_ALREADY_EXISTS"


class InvalidState(HooklineError):
    """The thing is there, and its present state forbids the operation."""

    code = "INVALID_STATE"


class Gone(InvalidState):
    """The thing was deleted for good, and cannot be made again."""


class CursorMoved(InvalidState):
    """A delivery does not start where the store is: it was stored before, or something before it is missing.

    Attributes:
        cursor: how many records of the writer, or writes of the intake, the store has.
    """

    def __init__(self, source: str, first: int, cursor: int) -> None:
        self.cursor = cursor
        super().__init__(
            f"The store has {cursor} records of the {source}; a delivery that starts at {first} does not fit."
        )


class StoredThoughDeleted(InvalidValue):
    """What was answered for before is stored, into a run or an experiment that was deleted meanwhile."""


class RecordsRefused(InvalidValue):
    """The store refused records for good that a journal had taken; they are kept aside, with all that follows stored.

    Attributes:
        reasons: one for each record.
    """

    def __init__(self, run_id: str, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        shown = "\n".join(f"  - {reason}" for reason in reasons[:5]) + ("\n  - ..." if len(reasons) > 5 else "")
        super().__init__(
            f"{len(reasons)} record(s) of the run {run_id} were refused by the tracking store and set aside; all "
            f"others are stored:\n{shown}\nSee them with: hookline runs show {run_id}"
        )


class DurabilityLost(HooklineError):
    """The disk failed to take what was logged; it may be lost if the machine loses power before a store has it."""

    code = "DATA_LOSS"

    def __init__(self, run_id: str, reason: str) -> None:
        super().__init__(
            f"The disk did not take all that was logged of the run {run_id}: {reason}. What the tracking store does "
            "not have yet is lost if this machine stops. Check the disk."
        )


class Refused(HooklineError):
    """A policy forbids it; the message names the policy and how its owner changes it."""

    code = "PERMISSION_DENIED"


class PickleRefused(Refused):
    """Opening a model would unpickle code that no record vouches for; `imports` lists what it would import."""

    def __init__(self, message: str, imports: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.imports = imports


class DigestMismatch(HooklineError):
    """Bytes are not the bytes that were recorded."""

    code = "DATA_LOSS"


class Unavailable(HooklineError):
    """A store or a service cannot be reached now; trying again later may work."""

    code = "TEMPORARILY_UNAVAILABLE"


class NotSupported(HooklineError):
    """The implementation does not offer this; the message names one that does, where there is one."""

    code = "NOT_IMPLEMENTED"


class PluginError(HooklineError):
    """A plugin is missing, broken, or offers a name that another one offers as well."""


class UnknownProvider(PluginError, InvalidValue):
    """No installed plugin offers the name; the message lists those that are installed and what to install."""

    code = "INVALID_PARAMETER_VALUE"
    exit_code = 2


class ExecutionFailed(HooklineError):
    """A process that Hookline started ended with a failure; `returncode` is its exit status where it had one."""

    def __init__(self, message: str, returncode: int | None = None) -> None:
        super().__init__(message)
        self.returncode = returncode


def kind_of(value: object) -> str:
    """Return what a value is, with its article, for messages: "an int", "a DataFrame"."""
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def of_local_file(error: OSError, what: str, verb: str) -> HooklineError:
    """Return what it means that this machine's system refused to read or write a file or folder.

    Args:
        what: such as "local file 'data.csv'". verb: such as "read".
    """
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return NotFound(f"There is no {what}.")
    kinds = {PermissionError: Refused, IsADirectoryError: InvalidState}
    kind = next((kind for of, kind in kinds.items() if isinstance(error, of)), Unavailable)
    return kind(f"Cannot {verb} the {what}: {error.strerror or error}")
