"""The expression language: Python's syntax, restricted node by node, and what each refused node is called.

Nothing here depends on the names that a scenario binds, so a text is analysed once, however often it stands in a file.
"""

import ast
from dataclasses import dataclass, field

from detachsim.lang.words import Fault, Use, Word

LONGEST_TEXT = 200_000
DEEPEST_EXPRESSION = 200
LARGEST_INTEGER = 10**20

# The methods of modules that take the name of something to keep.
REGISTERING = frozenset(("register_buffer", "register_parameter", "register_module", "add_module"))

_BINARY = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult, ast.BitAnd, ast.BitOr, ast.BitXor,
)  # fmt: skip
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot)

_REFUSED: dict[type[ast.AST], tuple[str, str | None]] = {
    ast.IfExp: ("a conditional expression (`… if … else …`)", "compute the value in a step of its own"),
    ast.Dict: ("a dictionary", "where PyTorch takes pairs, write them: `[['name', value]]`"),
    ast.Set: ("a set", "write a list: `[…]`"),
    ast.ListComp: ("a comprehension", "write the items out, or use `repeat:`"),
    ast.SetComp: ("a comprehension", "write the items out, or use `repeat:`"),
    ast.DictComp: ("a comprehension", "write the items out, or use `repeat:`"),
    ast.GeneratorExp: ("a generator expression", "write the items out, or use `repeat:`"),
    ast.Await: ("`await`", None),
    ast.Yield: ("`yield`", None),
    ast.YieldFrom: ("`yield from`", None),
    ast.JoinedStr: ("an f-string", "write a plain string; `print:` shows the expression as its label"),
    ast.FormattedValue: ("an f-string", "write a plain string; `print:` shows the expression as its label"),
    ast.Starred: ("a starred argument (`*…`)", "write the arguments out"),
    ast.NamedExpr: ("an assignment inside an expression (`:=`)", "bind the name in a step of its own"),
}
_OPERATORS: dict[type[ast.AST], str] = {
    ast.LShift: "<<", ast.RShift: ">>", ast.In: "in", ast.NotIn: "not in", ast.Add: "+", ast.Sub: "-", ast.Mult: "*",
    ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**", ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|",
    ast.BitXor: "^",
}  # fmt: skip


@dataclass(slots=True)
class Analysis:
    """What one text is: its tree, the names that it uses, and what it does that a kind of step has to own up to.

    ``named`` are the texts in it that may be names of what a module holds, which can be read as attributes later.
    """

    text: str
    tree: ast.expr | None
    uses: list[Use] = field(default_factory=list)
    members: list[tuple[Word, bool]] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    edit: Word | None = None
    backward: Word | None = None


def parse_expression(text: str, inplace_methods: frozenset[str]) -> Analysis:
    """Analyse a text that has to be one expression; without a tree, the faults say why."""
    analysis = Analysis(text, None)
    tree = parse(text, analysis.faults)
    if tree is None:
        return analysis
    visitor = _Visitor(analysis, inplace_methods)
    visitor.visit(tree, frozenset(), 0)
    if not analysis.faults:
        _refuse_comment(text, analysis.faults)
    analysis.tree = tree
    return analysis


def parse(text: str, faults: list[Fault]) -> ast.expr | None:
    """Return the tree of an expression's text, or ``None`` after adding to ``faults``."""
    if not _is_parsable(text, faults):
        return None
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        faults.append(explain_syntax_error(text, error))
    except (RecursionError, MemoryError, SystemError, OverflowError):
        faults.append(Fault(0, len(text), "this is nested too deep", "split it into several steps"))
    except ValueError:
        faults.append(Fault(0, len(text), "this holds a character that Python can't read"))
    return None


def parse_statement(text: str) -> ast.Module | None:
    """Return the tree of a statement's text, ``None`` where Python can't read it."""
    if not _is_parsable(text, []):
        return None
    try:
        return ast.parse(text)
    except (SyntaxError, RecursionError, MemoryError, SystemError, OverflowError, ValueError):
        return None


def offset_of(text: str, line: int, column: int) -> int:
    """Return the offset in characters of a place that ``ast`` gives as a line and a column in UTF-8 bytes."""
    if line == 1:
        start = 0
    else:
        start = -1
        for _ in range(line - 1):
            start = text.find("\n", start + 1)
        start += 1
    if text.isascii():
        return start + column
    end = text.find("\n", start)
    row = text[start:] if end < 0 else text[start:end]
    return start + len(row.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))


def extent(text: str, node: ast.expr) -> tuple[int, int]:
    """Return the offsets in characters where a node's text begins and ends."""
    start = offset_of(text, node.lineno, node.col_offset)
    if node.end_lineno is None or node.end_col_offset is None:
        return start, start + 1
    return start, offset_of(text, node.end_lineno, node.end_col_offset)


def explain_syntax_error(text: str, error: SyntaxError) -> Fault:
    """Return the fault behind Python's own complaint, with the mending that most often helps."""
    message = (error.msg or "invalid syntax").removesuffix(" (<unknown>, line 1)")
    line, column = error.lineno or 1, error.offset or 1
    line_starts = [0]
    for position, character in enumerate(text):
        if character == "\n":
            line_starts.append(position + 1)
    start = min((line_starts[line - 1] if 0 < line <= len(line_starts) else len(text)) + column - 1, len(text))
    start = max(start, 0)
    end = start + 1
    if error.end_lineno == line and error.end_offset and error.end_offset > column:
        end = min(start + error.end_offset - column, len(text))
    if "Exceeds the limit" in message:
        return Fault(0, len(text), "a number has too many digits")
    if "too many nested" in message:
        return Fault(start, end, "this is nested too deep", "split it into several steps")
    if message.startswith("invalid character"):
        return _explain_character(text, start)
    if error.offset == 0:
        start = end = len(text)
    hint = _syntax_hint(text, start)
    if start >= len(text.rstrip()) and message.startswith("invalid syntax"):
        message = "something is missing at the end"
    elif message.startswith("invalid syntax. Perhaps you forgot a comma"):
        message = "Python can't read this: perhaps a comma is missing"
    elif message.startswith("invalid syntax"):
        message = "Python can't read this: invalid syntax"
    else:
        message = f"Python can't read this: {message}"
    return Fault(start, max(end, start + 1), message, hint)


_FULLWIDTH = dict(zip("，（）：；＝【】。．－−–“”‘’＋×÷、［］＊", ",():;=[]..---\"\"''+*/,[]*", strict=True))


def _explain_character(text: str, start: int) -> Fault:
    character = text[start : start + 1]
    hint = f"write `{_FULLWIDTH[character]}`" if character in _FULLWIDTH else None
    return Fault(
        start, start + 1, f"Python can't read the character `{character}` (U+{ord(character or ' '):04X})", hint
    )


def _syntax_hint(text: str, start: int) -> str | None:
    if "&&" in text:
        return "Python writes `and` for `&&`"
    if "||" in text:
        return "Python writes `or` for `||`"
    if text[start : start + 1] == "!" and text[start + 1 : start + 2] != "=":
        return "Python writes `not` for `!`"
    if "++" in text or "--" in text:
        return "Python has no `++` and `--`: write `+= 1` in an `inplace:` step"
    return None


def _is_parsable(text: str, faults: list[Fault]) -> bool:
    if len(text) > LONGEST_TEXT:
        faults.append(
            Fault(0, 1, f"this is longer than {LONGEST_TEXT} characters", "make it with a function, like `zeros`")
        )
        return False
    if not text:
        faults.append(Fault(0, 0, "an expression is missing here"))
        return False
    if not text.isprintable():
        for position, character in enumerate(text):
            if (character < " " and character not in "\n\t") or character in "\x7f\x85\u2028\u2029":
                message = f"the control character U+{ord(character):04X} may not stand in an expression"
                faults.append(Fault(position, position + 1, message, "delete it"))
                return False
    return True


def _refuse_comment(text: str, faults: list[Fault]) -> None:
    """A comment can come with a block scalar only; it would swallow what a step puts behind the expression."""
    if "#" not in text:
        return
    quote = ""
    position = 0
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif text.startswith(quote, position):
                position += len(quote) - 1
                quote = ""
        elif character in "\"'":
            quote = character * 3 if text.startswith(character * 3, position) else character
            position += len(quote) - 1
        elif character == "#":
            faults.append(Fault(position, position + 1, "a comment can't stand inside an expression", "use `note:`"))
            return
        position += 1


class _Visitor:
    """One walk over a tree that notes names, attributes, edits and everything that is refused."""

    def __init__(self, analysis: Analysis, inplace_methods: frozenset[str]) -> None:
        self.analysis = analysis
        self.text = analysis.text
        self.simple = self.text.isascii() and "\n" not in self.text
        self.inplace_methods = inplace_methods

    def _extent(self, node: ast.expr) -> tuple[int, int]:
        if self.simple and node.end_col_offset is not None:
            return node.col_offset, node.end_col_offset
        return extent(self.text, node)

    def _fault(self, node: ast.expr, message: str, hint: str | None = None) -> None:
        start, end = self._extent(node)
        self.analysis.faults.append(Fault(start, end, message, hint))

    def visit(
        self,
        node: ast.expr,
        params: frozenset[str],
        depth: int,
        handed: bool = False,
        compared: bool = False,
        in_lambda: bool = False,
    ) -> None:
        """Check ``node``; ``handed`` says that it is an argument of a call, ``compared`` an operand of a comparison."""
        if depth > DEEPEST_EXPRESSION:
            if not any("nested" in fault.message for fault in self.analysis.faults):
                self._fault(node, f"this is nested more than {DEEPEST_EXPRESSION} levels deep", "split it into steps")
            return
        depth += 1
        match node:
            case ast.Constant():
                self._visit_constant(node)
            case ast.Name() | ast.Attribute():
                self._visit_chain(node, params, depth, False, handed, in_lambda)
            case ast.Call():
                self._visit_call(node, params, depth, compared, in_lambda)
            case ast.BinOp(left=left, op=op, right=right):
                if not isinstance(op, _BINARY):
                    self._fault(node, f"the operator `{_OPERATORS[type(op)]}` is not part of the expression language")
                self.visit(left, params, depth, in_lambda=in_lambda)
                self.visit(right, params, depth, in_lambda=in_lambda)
            case ast.UnaryOp(operand=operand):
                self.visit(operand, params, depth, in_lambda=in_lambda)
            case ast.BoolOp(values=values):
                for value in values:
                    self.visit(value, params, depth, in_lambda=in_lambda)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                for sign in ops:
                    if not isinstance(sign, _COMPARISONS):
                        self._fault(
                            node, f"the operator `{_OPERATORS[type(sign)]}` is not part of the expression language"
                        )
                for each in (left, *comparators):
                    self.visit(each, params, depth, compared=True, in_lambda=in_lambda)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                if len(items) == 2:
                    self._note_name(items[0])
                for item in items:
                    self.visit(item, params, depth, handed=handed, in_lambda=in_lambda)
            case ast.Subscript(value=value, slice=index):
                self.visit(value, params, depth, in_lambda=in_lambda)
                self._visit_index(index, params, depth, in_lambda)
            case ast.Lambda(args=args, body=body):
                self._visit_lambda(node, args, body, params, depth)
            case _:
                what, hint = _REFUSED.get(type(node), (f"`{type(node).__name__}`", None))
                self._fault(node, f"{what} is not part of the expression language", hint)

    def _note_name(self, node: ast.expr) -> None:
        """Note a text that names what a module holds: the first of a pair, what is registered."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            self.analysis.named.add(node.value)

    def _visit_constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, str) and node.end_lineno != node.lineno:
            self._fault(node, "a string stands on one line", "write `\\n` for a line break")
        elif isinstance(value, complex):
            self._fault(node, "a complex number is not part of the expression language")
        elif isinstance(value, bytes):
            self._fault(node, "a bytes string is not part of the expression language", "write a plain string")
        elif isinstance(value, int) and value >= LARGEST_INTEGER:
            self._fault(node, "this integer is too large", "write a float, such as `1e20`")

    def _visit_index(self, index: ast.expr, params: frozenset[str], depth: int, in_lambda: bool) -> None:
        items = index.elts if isinstance(index, ast.Tuple) else [index]
        for item in items:
            if isinstance(item, ast.Slice):
                for part in (item.lower, item.upper, item.step):
                    if part is not None:
                        self.visit(part, params, depth, in_lambda=in_lambda)
            else:
                self.visit(item, params, depth, in_lambda=in_lambda)

    def _visit_lambda(
        self, node: ast.Lambda, args: ast.arguments, body: ast.expr, params: frozenset[str], depth: int
    ) -> None:
        special = args.vararg or args.kwarg or args.kwonlyargs or args.posonlyargs or args.defaults
        if special:
            message = "a `lambda` has plain parameters only: no defaults, `*` or `/`"
            self._fault(node, message, "write `lambda grad: …`")
        names = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        for place, name in enumerate(names):
            if name.startswith("_"):
                self._fault(node, f"names with a leading underscore, like `{name}`, are not allowed")
            if name in names[:place]:
                self._fault(node, f"the parameter `{name}` is there twice")
        extra = frozenset(names) | {arg.arg for arg in (args.vararg, args.kwarg) if arg}
        self.visit(body, params | extra, depth, in_lambda=True)

    def _visit_call(self, node: ast.Call, params: frozenset[str], depth: int, compared: bool, in_lambda: bool) -> None:
        function = node.func
        if isinstance(function, (ast.Name, ast.Attribute)):
            self._visit_chain(function, params, depth, True, False, in_lambda)
            if not in_lambda:
                self._note_effect(function)
            if isinstance(function, ast.Attribute) and function.attr == "data_ptr" and not compared:
                self._fault(node, "`data_ptr()` may stand in a comparison only", "write `a.data_ptr() == b.data_ptr()`")
        else:
            self.visit(function, params, depth, in_lambda=in_lambda)
        if isinstance(function, ast.Attribute) and function.attr in REGISTERING:
            for argument in node.args[:1]:
                self._note_name(argument)
        for argument in node.args:
            self.visit(argument, params, depth, handed=True, in_lambda=in_lambda)
        given: set[str] = set()
        for keyword in node.keywords:
            if keyword.arg in given:
                # Python's parser lets it pass, its compiler doesn't.
                self._fault(keyword.value, f"the argument `{keyword.arg}` is given twice")
            given.add(keyword.arg or "")
            if keyword.arg is None:
                self._fault(keyword.value, "`**` arguments are not part of the expression language")
            elif keyword.arg.startswith("_"):
                self._fault(keyword.value, f"names with a leading underscore, like `{keyword.arg}`, are not allowed")
            self.visit(keyword.value, params, depth, handed=True, in_lambda=in_lambda)

    def _note_effect(self, function: ast.Name | ast.Attribute) -> None:
        analysis = self.analysis
        name = function.id if isinstance(function, ast.Name) else function.attr
        start, end = self._extent(function)
        is_method = isinstance(function, ast.Attribute)
        ends_in_one = name.endswith("_") and not name.endswith("__")
        if ends_in_one or (is_method and name in self.inplace_methods):
            analysis.edit = analysis.edit or Word(name, start, end)
        elif isinstance(function, ast.Attribute) and name == "backward" and not _is_autograd(function.value):
            analysis.backward = analysis.backward or Word(name, start, end)

    def _visit_chain(
        self,
        node: ast.Name | ast.Attribute,
        params: frozenset[str],
        depth: int,
        called: bool,
        handed: bool,
        in_lambda: bool,
    ) -> None:
        path: list[Word] = []
        current: ast.expr = node
        while isinstance(current, ast.Attribute):
            end = self._extent(current)[1]
            path.append(Word(current.attr, end - len(current.attr), end))
            current = current.value
            if len(path) > DEEPEST_EXPRESSION:
                self._fault(node, f"this is nested more than {DEEPEST_EXPRESSION} levels deep", "split it into steps")
                return
        path.reverse()
        if isinstance(current, ast.Name) and current.id not in params:
            start, end = self._extent(current)
            self.analysis.uses.append(Use(Word(current.id, start, end), tuple(path), called, handed))
            return
        last = len(path) - 1
        self.analysis.members.extend((word, called and number == last) for number, word in enumerate(path))
        if not isinstance(current, ast.Name):
            self.visit(current, params, depth + len(path), in_lambda=in_lambda)


def _is_autograd(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "autograd" and isinstance(node.value, ast.Name)
