"""sympy as text: closed forms in the language of schedules, and Python that makes an expression again.

This file imports sympy, and is imported only when a text of it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.printing.str import StrPrinter

from theory.common.errors import InputError
from theory.formulas.formula import Formula
from theory.formulas.parsing import parse
from theory.formulas.symbolic import Expr, Largest


def written(closed: Expr) -> str:
    """A closed form of sympy in the language of schedules and claims.

    Raises:
        InputError: the expression is no closed form, such as a sum over the steps.

    >>> from theory.formulas.symbolic import symbol
    >>> written(symbol("mu") / (symbol("s") * sympy.Symbol("L") * sympy.sqrt(sympy.Symbol("k"))))
    'mu/(L*sqrt(k)*s)'
    """
    made = sympy.sympify(closed)
    others = made.atoms(ExprWithLimits, sympy.Piecewise, sympy.Derivative)
    if others:
        kind = type(next(iter(others))).__name__
        raise InputError(f"A closed form is expected, of constants, k and T. Got a {kind}: work it out with doit().")
    return str(_Writer().doprint(made))


def from_sympy(closed: Expr) -> Formula:
    r"""The formula of a closed form, in the names that a schedule may use.

    Raises:
        InputError: the expression is no closed form; ScheduleError: it has other names or functions.

    >>> from theory.formulas.symbolic import symbol
    >>> from_sympy(1 / (2 * symbol("L"))).latex()
    '\\frac{1}{2 \\, L}'
    """
    return parse(written(closed))


def code(parts: Mapping[str, Expr]) -> str:
    """Python that makes the expressions again, each under its name; it runs as it stands, with sympy alone if it can.

    >>> from theory.formulas.symbolic import symbol
    >>> print(code({"bound": symbol("sigma") ** 2 / symbol("T")}))
    from sympy import *
    <BLANKLINE>
    T = Symbol("T", integer=True, positive=True)
    sigma = Symbol("sigma", nonnegative=True)
    <BLANKLINE>
    bound = sigma**2/T
    """
    made = {name: sympy.sympify(part) for name, part in parts.items()}
    bases = {base.label for part in made.values() for base in part.atoms(sympy.IndexedBase)}
    names = {each for part in made.values() for each in part.atoms(sympy.Symbol) - bases}
    lines = [f"{each} = {_declared(each, sequence=False)}" for each in sorted(names, key=str)]
    lines += [f"{each} = {_declared(each, sequence=True)}" for each in sorted(bases, key=str)]
    largest = "\nfrom theory.formulas.symbolic import Largest" * any(part.has(Largest) for part in made.values())
    body = (f"{name} = {_Coder().doprint(part)}" for name, part in made.items())
    return "\n".join((f"from sympy import *{largest}", "", *lines, "", *body))


def _declared(each: Expr, *, sequence: bool) -> str:
    assumed = "".join(f", {name}={value}" for name, value in sorted(each.assumptions0.items()) if name in _DECLARED)
    if "positive=True" in assumed:
        assumed = assumed.replace(", nonnegative=True", "")
    if "nonnegative" in assumed or "positive" in assumed or "integer" in assumed:
        assumed = assumed.replace(", real=True", "")
    return f'{"IndexedBase" if sequence else "Symbol"}("{each}"{assumed})'


_DECLARED = ("integer", "nonnegative", "positive", "real")


class _Coder(StrPrinter):  # type: ignore[misc]
    """Prints fractions as sympy's: Python's own would be floats."""

    def _print_Rational(self, number: Expr) -> str:
        return f"Rational({number.p}, {number.q})"


class _Writer(StrPrinter):  # type: ignore[misc]
    """Prints sums, products and functions as the parser of schedules reads them."""

    printmethod = "_written"  # not the methods by which some expressions print themselves

    def _print_Float(self, number: Expr) -> str:
        return repr(float(number))

    def _print_Exp1(self, number: Expr) -> str:
        return "exp(1)"

    def _print_Indexed(self, entry: Expr) -> str:
        return str(entry.base)

    def _print_Heaviside(self, step: Expr) -> str:
        at, at_zero = step.args
        return f"({self._print(at)} {'>=' if at_zero == 1 else '>'} 0)"

    def _print_Function(self, call: Expr) -> str:
        name = {"Min": "min", "Max": "max", "Abs": "abs", "ceiling": "ceil", "Mod": "mod"}.get(type(call).__name__)
        return f"{name or type(call).__name__}({', '.join(map(self._print, call.args))})"

    _print_Min = _print_Max = _print_Abs = _print_ceiling = _print_Mod = _print_Function
