"""An int that refuses to leave MicroPython's small-int range of a 32-bit build."""

LOW = -(2**30)
HIGH = 2**30 - 1


def _checked(name):
    operation = getattr(int, name)

    def method(self, *operands):
        result = operation(self, *operands)
        return result if result is NotImplemented else I31(result)

    method.__name__ = name
    return method


class I31(int):
    """An integer of -2**30 .. 2**30 - 1 whose arithmetic stays in that range.

    One operand is enough: with a plain int on the other side the result is an I31 too. Beyond the range the
    value would be a heap object in 32-bit MicroPython, so building one raises OverflowError. True division,
    and an operation with a float on the right, raises TypeError. Comparison, hashing and indexing are those
    of int. A float on the left of any other operator escapes: Python never asks the right operand.
    """

    __slots__ = ()

    def __new__(cls, value=0):
        if isinstance(value, float):
            raise TypeError("floats are not allowed in the tick: use scaled integers")
        number = super().__new__(cls, value)
        if not LOW <= int(number) <= HIGH:
            raise OverflowError(
                f"{int(number)} needs more than 31 bits ({LOW}..{HIGH}): "
                "divide before multiplying, or use a coarser unit"
            )
        return number

    def _no_float(self, other):
        raise TypeError("floats are not allowed in the tick: use // on scaled integers")

    __truediv__ = __rtruediv__ = _no_float

    def __pow__(self, exponent, modulus=None):
        return I31(pow(int(self), int(exponent), modulus))

    def __rpow__(self, base, modulus=None):
        return I31(base).__pow__(self, modulus)

    def __divmod__(self, other):
        return self // other, self % other

    def __rdivmod__(self, other):
        return I31(other).__divmod__(self)


def _binary(name):
    checked = _checked(name)

    def method(self, other):
        if isinstance(other, float):
            self._no_float(other)
        return checked(self, other)

    method.__name__ = name
    return method


for _operator in ("add", "sub", "mul", "floordiv", "mod", "lshift", "rshift", "and", "or", "xor"):
    setattr(I31, f"__{_operator}__", _binary(f"__{_operator}__"))
    setattr(I31, f"__r{_operator}__", _binary(f"__r{_operator}__"))
for _operator in ("neg", "pos", "abs", "invert"):
    setattr(I31, f"__{_operator}__", _checked(f"__{_operator}__"))
del _operator
