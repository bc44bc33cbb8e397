"""I31 passes what fits MicroPython's 31-bit small int and refuses the rest."""

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.i31 import HIGH, I31, LOW

OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "**": operator.pow,
}
SHIFTS = ("<<", ">>", "**")
small = st.integers(LOW, HIGH)


@pytest.mark.parametrize("symbol", OPERATIONS)
@given(left=small, right=small, first=st.booleans())
def test_binary_result_is_exact_or_refused(symbol, left, right, first):
    if symbol in SHIFTS:
        right %= 40
    elif symbol in ("//", "%") and right == 0:
        right = 1
    apply = OPERATIONS[symbol]
    exact = apply(left, right)
    operands = (I31(left), right) if first else (left, I31(right))
    if LOW <= exact <= HIGH:
        result = apply(*operands)
        assert result == exact
        assert type(result) is I31
    else:
        with pytest.raises(OverflowError, match="31 bits"):
            apply(*operands)


@pytest.mark.parametrize("apply", [operator.neg, operator.pos, abs, operator.invert])
@given(value=small)
def test_unary_result_is_exact_or_refused(apply, value):
    exact = apply(value)
    if LOW <= exact <= HIGH:
        assert apply(I31(value)) == exact
        assert type(apply(I31(value))) is I31
    else:
        with pytest.raises(OverflowError):
            apply(I31(value))


def test_range_ends_where_the_small_int_of_a_32_bit_build_ends():
    assert (I31(2**30 - 1), I31(-(2**30))) == (2**30 - 1, -(2**30))
    for value in (2**30, -(2**30) - 1):
        with pytest.raises(OverflowError):
            I31(value)


def test_an_intermediate_result_beyond_the_range_is_refused():
    with pytest.raises(OverflowError):
        I31(33_000) * 33_000 // 33_000


@pytest.mark.parametrize(
    "expression",
    [
        lambda: I31(6) / 2,
        lambda: 6 / I31(2),
        lambda: I31(6) + 0.5,
        lambda: I31(2) ** -1,
        lambda: I31(1.0),
    ],
)
def test_floats_are_refused(expression):
    with pytest.raises(TypeError, match="floats are not allowed in the tick"):
        expression()


def test_comparison_hash_and_index_are_those_of_int():
    assert I31(5) == 5
    assert I31(5) < 6 <= I31(6)
    assert {5: "five"}[I31(5)] == "five"
    assert [10, 20, 30][I31(1)] == 20
    assert divmod(I31(7), 2) == (3, 1)
    assert divmod(7, I31(2)) == (3, 1)
