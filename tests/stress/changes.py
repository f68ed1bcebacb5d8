"""Small changes of Python code, for mutation tests."""

import ast
from functools import partial

REPLACEMENTS = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult},
    **{ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr},
}


def code_in(node):
    """Yield the nodes of a tree in order, without f-strings, annotations and class decorators."""
    yield node
    skipped = ("annotation", "returns", "decorator_list" if isinstance(node, ast.ClassDef) else "")
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr) and name not in skipped:
                yield from code_in(child)


def changes_of(node):
    """Yield the changes of one node: a description, the changed node, and a function that makes the change."""
    if isinstance(node, ast.Compare):
        for i, operator in enumerate(node.ops):
            if type(operator) in REPLACEMENTS:
                yield _swap(operator), node, partial(node.ops.__setitem__, i, REPLACEMENTS[type(operator)]())
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign) and type(node.op) in REPLACEMENTS:
        yield _swap(node.op), node, partial(setattr, node, "op", REPLACEMENTS[type(node.op)]())
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield f"{node.value} to {not node.value}", node, partial(setattr, node, "value", not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        for step in (1, -1):
            yield f"{node.value} {step:+}", node, partial(setattr, node, "value", node.value + step)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "without not", node, partial(setattr, node, "operand", ast.UnaryOp(ast.Not(), node.operand))
    elif isinstance(node, ast.Slice):
        for end in ("lower", "upper", "step"):
            if getattr(node, end) is not None:
                yield f"slice without its {end}", node, partial(setattr, node, end, None)
    elif isinstance(node, ast.Return) and getattr(node.value, "value", node) is not None:
        yield "returns None", node, partial(setattr, node, "value", None)
    elif isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Tuple):
        for i, caught in enumerate(node.type.elts):
            yield f"{ast.unparse(caught)} not caught", node, partial(node.type.elts.pop, i)
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield "condition negated", node, partial(setattr, node, "test", ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.comprehension) and node.ifs:
        yield "without its if", node.ifs[0], node.ifs.clear
    for statements in (getattr(node, "body", None), getattr(node, "orelse", None), getattr(node, "finalbody", None)):
        for i, statement in enumerate(statements if isinstance(statements, list) else ()):
            is_call = isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant)
            if is_call or isinstance(statement, ast.Raise | ast.Continue | ast.Break | ast.AugAssign):
                yield "statement deleted", statement, partial(statements.__setitem__, i, ast.Pass())


def _swap(operator):
    return f"{type(operator).__name__} to {REPLACEMENTS[type(operator)].__name__}"


def changes_in(tree):
    return (change for node in code_in(tree) for change in changes_of(node))
