"""SIMD vectors for Numba: formulas over lanes, written out as LLVM instructions.

LLVM's own vectoriser settles for half the register width on most AVX-512 machines
and cannot keep a tile of sums in registers; here both are stated explicitly.
"""

import inspect
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import llvmlite.binding  # type: ignore[import-untyped]
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

INTEGER = ir.IntType(64)


def register_bytes() -> int:
    """Width of a SIMD register of this machine, in bytes."""
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f", False):
        return 64
    return 32 if features.get("avx", False) else 16


REGISTER_BYTES = register_bytes()


def n_registers() -> int:
    """Return the number of SIMD registers of this machine."""
    is_arm = platform.machine().lower() in ("aarch64", "arm64")
    return 32 if is_arm or REGISTER_BYTES == 64 else 16


N_REGISTERS = n_registers()
"""What a loop keeps beyond these goes to memory and back each time."""


@dataclass(frozen=True)
class Vector:
    """One SIMD register of floating-point numbers, or a mask, as an expression."""

    emit: "Emitter"
    value: Any

    def __add__(self, other: "Vector") -> "Vector":
        return Vector(self.emit, self.emit.builder.fadd(self.value, other.value))

    def __sub__(self, other: "Vector") -> "Vector":
        return Vector(self.emit, self.emit.builder.fsub(self.value, other.value))

    def __mul__(self, other: "Vector") -> "Vector":
        return Vector(self.emit, self.emit.builder.fmul(self.value, other.value))

    def __truediv__(self, other: "Vector") -> "Vector":
        return Vector(self.emit, self.emit.builder.fdiv(self.value, other.value))

    def __gt__(self, other: "Vector") -> "Vector":
        compare = self.emit.builder.fcmp_ordered
        return Vector(self.emit, compare(">", self.value, other.value))

    def plus_product(self, a: "Vector", b: "Vector") -> "Vector":
        """``self + a * b``, rounded once where the machine can."""
        return Vector(self.emit, self.emit.fused(a.value, b.value, self.value))


class Emitter:
    """Writes instructions on vectors of one element type at the builder's place.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
        Where the instructions go.
    double : bool
        Elements are float64; float32 otherwise.
    width : int
        Registers that make up one vector.
    """

    def __init__(self, builder: Any, double: bool, width: int = 1) -> None:
        self.builder = builder
        self.double = double
        self.element = ir.DoubleType() if double else ir.FloatType()
        self.lanes = width * REGISTER_BYTES // (8 if double else 4)
        self.type = ir.VectorType(self.element, self.lanes)
        self.bits = ir.IntType(64 if double else 32)
        self.bits_type = ir.VectorType(self.bits, self.lanes)

    def wider(self, width: int) -> "Emitter":
        """Write on vectors of several registers.

        Long chains of dependent instructions then overlap.
        """
        return Emitter(self.builder, self.double, width)

    def registers(self, vector: "Vector") -> list["Vector"]:
        """Take a vector of several registers apart."""
        one = self.wider(1)
        whole = vector.value
        return [
            Vector(one, self._shuffled(whole, whole, list(range(i, i + one.lanes))))
            for i in range(0, self.lanes, one.lanes)
        ]

    def integer(self, value: int) -> Any:
        """Integer constant."""
        return ir.Constant(INTEGER, value)

    def add(self, *terms: Any) -> Any:
        """Sum of integers; Python ones are taken as constants."""
        values = [self.integer(t) if isinstance(t, int) else t for t in terms]
        total = values[0]
        for value in values[1:]:
            total = self.builder.add(total, value)
        return total

    def times(self, a: Any, b: Any) -> Any:
        """Product of two integers."""
        a, b = (self.integer(t) if isinstance(t, int) else t for t in (a, b))
        return self.builder.mul(a, b)

    def constant(self, value: float) -> Vector:
        """The same number in every lane."""
        one = ir.Constant(self.element, value)
        return Vector(self, ir.Constant(self.type, [one] * self.lanes))

    def splat(self, scalar: Any) -> Vector:
        """The same scalar in every lane."""
        single = self.builder.insert_element(
            ir.Constant(self.type, ir.Undefined), scalar, ir.Constant(INTEGER, 0)
        )
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), None)
        return Vector(self, self.builder.shuffle_vector(single, single, zeros))

    def load(self, pointer: Any, index: Any) -> Vector:
        """Consecutive elements from `index` on."""
        place = self.builder.gep(pointer, [self.add(index)])
        place = self.builder.bitcast(place, self.type.as_pointer())
        return Vector(self, self.builder.load(place, align=self.type_size()))

    def store(self, vector: Vector, pointer: Any, index: Any) -> None:
        """Write consecutive elements from `index` on."""
        place = self.builder.gep(pointer, [self.add(index)])
        place = self.builder.bitcast(place, self.type.as_pointer())
        self.builder.store(vector.value, place, align=self.type_size())

    def type_size(self) -> int:
        """Bytes of one element: the alignment that may be relied on."""
        return 8 if self.double else 4

    def prefetch(self, pointer: Any, index: Any) -> None:
        """Ask for the second-level cache to hold the element at `index`."""
        place = self.builder.gep(pointer, [self.add(index)])
        place = self.builder.bitcast(place, ir.IntType(8).as_pointer())
        word = ir.IntType(32)
        signature = ir.FunctionType(ir.VoidType(), [place.type, word, word, word])
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            self.builder.module, signature, "llvm.prefetch.p0"
        )
        read, second_level, data = (ir.Constant(word, n) for n in (0, 2, 1))
        self.builder.call(function, [place, read, second_level, data])

    def scalar(self, pointer: Any, index: Any) -> Any:
        """One element."""
        return self.builder.load(self.builder.gep(pointer, [self.add(index)]))

    def broadcast(self, pointer: Any, index: Any) -> Vector:
        """One element from memory in every lane."""
        return self.splat(self.scalar(pointer, index))

    def gather(self, pointer: Any, indices: Sequence[Any]) -> Vector:
        """One element for each lane."""
        vector = ir.Constant(self.type, ir.Undefined)
        for lane, index in enumerate(indices):
            vector = self.builder.insert_element(
                vector, self.scalar(pointer, index), ir.Constant(INTEGER, lane)
            )
        return Vector(self, vector)

    def deinterleaved(self, pointer: Any, index: Any, count: int) -> list[Vector]:
        """Vectors of each of `count` columns of consecutive rows from `index` on."""
        length = self.lanes * count
        kind = ir.VectorType(self.element, length)
        place = self.builder.bitcast(
            self.builder.gep(pointer, [index]), kind.as_pointer()
        )
        rows = self.builder.load(place, align=self.type_size())
        columns = (list(range(j, length, count)) for j in range(count))
        return [Vector(self, self._shuffled(rows, rows, column)) for column in columns]

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        """``a * b + c``."""
        suffix = f"v{self.lanes}f{64 if self.double else 32}"
        signature = ir.FunctionType(self.type, [self.type] * 3)
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            self.builder.module, signature, f"llvm.fmuladd.{suffix}"
        )
        return self.builder.call(function, [a, b, c])

    def where(self, mask: Vector, chosen: Vector, other: Vector) -> Vector:
        """`chosen` in the lanes of the mask, `other` elsewhere."""
        return Vector(self, self.builder.select(mask.value, chosen.value, other.value))

    def larger(self, a: Vector, b: Vector) -> Vector:
        """Lane-wise maximum; `b` where the two cannot be compared."""
        return self.where(a > b, a, b)

    def as_bits(self, vector: Vector) -> Any:
        """Reinterpret as integers."""
        return self.builder.bitcast(vector.value, self.bits_type)

    def from_bits(self, value: Any) -> Vector:
        """Reinterpret integers as floating-point numbers."""
        return Vector(self, self.builder.bitcast(value, self.type))

    def bit_constant(self, value: int) -> Any:
        """The same integer in every lane."""
        one = ir.Constant(self.bits, value)
        return ir.Constant(self.bits_type, [one] * self.lanes)

    def transposed_sums(self, vectors: Sequence[Vector]) -> Vector:
        """Sums over lanes of as many vectors as there are lanes, in order."""
        width, level = 1, list(vectors)
        while len(level) > 1:
            low, high = self._interleavings(width)
            level = [
                self._shuffle(a, b, low) + self._shuffle(a, b, high)
                for a, b in zip(level[::2], level[1::2], strict=True)
            ]
            width *= 2
        return level[0]

    def _interleavings(self, width: int) -> tuple[list[int], list[int]]:
        """Lanes that, added, leave pair sums of a in even groups and of b in odd ones.

        The first list moves no lane, which makes it a blend and not a shuffle.
        """
        stay, swap = [], []
        for lane in range(self.lanes):
            odd = lane // width % 2
            stay.append(lane + self.lanes * odd)
            swap.append(lane - width + self.lanes if odd else lane + width)
        return stay, swap

    def _shuffle(self, a: Vector, b: Vector, lanes: list[int]) -> Vector:
        return Vector(self, self._shuffled(a.value, b.value, lanes))

    def _shuffled(self, a: Any, b: Any, lanes: list[int]) -> Any:
        kind = ir.VectorType(ir.IntType(32), len(lanes))
        mask = ir.Constant(kind, [ir.Constant(ir.IntType(32), i) for i in lanes])
        return self.builder.shuffle_vector(a, b, mask)

    def pairs(self, a: Vector, b: Vector) -> list[Any]:
        """Two-element vectors, one for each lane, of a and b."""
        pieces = []
        for lane in range(self.lanes):
            kind = ir.VectorType(ir.IntType(32), 2)
            places = [ir.Constant(ir.IntType(32), lane + i) for i in (0, self.lanes)]
            mask = ir.Constant(kind, places)
            pieces.append(self.builder.shuffle_vector(a.value, b.value, mask))
        return pieces

    def lane_sum(self, vector: Vector) -> Any:
        """Sum over lanes, as a float64."""
        doubles = ir.VectorType(ir.DoubleType(), self.lanes)
        builder = self.builder
        value = vector.value if self.double else builder.fpext(vector.value, doubles)
        parts = [
            builder.extract_element(value, ir.Constant(INTEGER, lane))
            for lane in range(self.lanes)
        ]
        while len(parts) > 1:
            pairs = zip(parts[::2], parts[1::2], strict=True)
            parts = [builder.fadd(a, b) for a, b in pairs]
        return parts[0]

    def add_to_doubles(self, vector: Vector, pointer: Any, index: Any) -> None:
        """Add the lanes to consecutive float64 numbers in memory."""
        builder = self.builder
        doubles = ir.VectorType(ir.DoubleType(), self.lanes)
        value = vector.value
        if not self.double:
            value = builder.fpext(value, doubles)
        place = builder.gep(pointer, [self.add(index)])
        place = builder.bitcast(place, doubles.as_pointer())
        total = builder.fadd(builder.load(place, align=8), value)
        builder.store(total, place, align=8)

    def loop(
        self,
        start: Any,
        stop: Any,
        step: int,
        carried: Sequence[Vector],
        body: Callable[[Any, list[Vector]], Sequence[Vector]],
    ) -> list[Vector]:
        """``for i in range(start, stop, step): carried = body(i, carried)``."""
        builder = self.builder
        before = builder.block
        head = builder.append_basic_block("head")
        inside = builder.append_basic_block("body")
        after = builder.append_basic_block("after")
        builder.branch(head)
        builder.position_at_end(head)
        index = builder.phi(INTEGER)
        index.add_incoming(self.add(start), before)
        slots = [builder.phi(vector.value.type) for vector in carried]
        for slot, vector in zip(slots, carried, strict=True):
            slot.add_incoming(vector.value, before)
        go_on = builder.icmp_signed("<", index, self.add(stop))
        builder.cbranch(go_on, inside, after)
        builder.position_at_end(inside)
        results = body(index, [Vector(self, slot) for slot in slots])
        index.add_incoming(self.add(index, step), builder.block)
        for slot, vector in zip(slots, results, strict=True):
            slot.add_incoming(vector.value, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return [Vector(self, slot) for slot in slots]

    @contextmanager
    def only_if_equal(self, a: Any, b: int) -> Iterator[None]:
        """Instructions that run if two integers are equal."""
        with self.builder.if_then(self.builder.icmp_signed("==", a, self.integer(b))):
            yield


def numba_function(emit: Callable[..., Any]) -> Any:
    """Make ``emit(emitter, *operands)`` callable from compiled code.

    Arrays arrive as pointers to their first element, integers as they are. The
    element type is that of the first array. Returns None or a float64.
    """

    def define(typing_context: Any, *kinds: Any) -> Any:
        returns = emit.__annotations__.get("return") is not None
        kind = types.float64 if returns else types.void

        def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
            operands = [
                context.make_array(kind)(context, builder, value).data
                if isinstance(kind, types.Array)
                else value
                for kind, value in zip(kinds, values, strict=True)
            ]
            emitter = Emitter(builder, kinds[0].dtype == types.float64)
            result = emit(emitter, *operands)
            return result if returns else context.get_dummy_value()

        return kind(*kinds), generate

    # Numba asks the signature how many arguments there are
    define.__signature__ = inspect.signature(emit)  # type: ignore[attr-defined]
    return intrinsic(define)
