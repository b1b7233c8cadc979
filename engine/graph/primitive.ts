/**
 * The record of a primitive: everything the engine knows about it, in one object literal. Read as a
 * table (`engine/ops/table.ts`), the records are the engine; whatever is not a primitive is composed
 * from primitives.
 */
import type { Aval, NdArray } from './ndarray.ts';
import type { Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

export type Attribute = number | boolean | string | readonly number[] | readonly (readonly number[])[];
/** Static parameters of an operation: part of its identity, of a program's key, and plain JSON. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** A cotangent or tangent; null is a structural zero (of an integer, or of a path that does not exist). */
export type Differential = Tensor | null;

export interface Primitive<A extends Attributes = Attributes> {
  readonly name: string;
  /** Shape and dtype of the result; throws a typed error for inputs that do not fit. */
  shape(inputs: readonly Aval[], attributes: A): Aval;
  /** Pullback: the cotangent of every input. Written in the engine's operations, so it differentiates again. */
  vjp(cotangent: Tensor, inputs: readonly Tensor[], output: Tensor, attributes: A): readonly Differential[];
  /** Pushforward: the tangent of the output. At least one tangent is not null. */
  jvp(
    tangents: readonly Differential[],
    inputs: readonly Tensor[],
    output: Tensor,
    attributes: A,
  ): Differential;
  /** The operation for every element of a batch at once: `vmap` is built from these. */
  batch(call: BatchCall<A>): Tensor;
  /** The float64 implementation, plain TypeScript. */
  reference(inputs: readonly NdArray[], attributes: A, output: Aval): NdArray;
  readonly kernel: Kernel<A>;
  readonly accuracy: Accuracy<A>;
}

/** What a batching rule sees. The result has the batch as its first axis. */
export interface BatchCall<A extends Attributes = Attributes> {
  /** The record itself. */
  readonly primitive: Primitive<A>;
  /** Operands that differ between the elements of the batch have it as their first axis. */
  readonly inputs: readonly Tensor[];
  /** Which ones differ: at least one. */
  readonly batched: readonly boolean[];
  /** Elements of the batch. */
  readonly size: number;
  readonly attributes: A;
}

/**
 * How far a kernel may be from the reference, with u = 2^-23 (WGSL rounds to either neighbour).
 * - `exact`: the same bits.
 * - `ulp`: |error| <= ulp·u·|result| + absolute; `ulp` may depend on the inputs.
 * - `sum`: |error| <= gamma_k·Σ|terms|, gamma_k = k·u/(1 - k·u), valid for any order of summation; the
 *   magnitude Σ|terms| is the primitive itself applied to absolute values.
 */
export type Accuracy<A extends Attributes = Attributes> =
  | { readonly kind: 'exact' }
  | {
      readonly kind: 'ulp';
      readonly ulp: number | ((...inputs: number[]) => number);
      readonly absolute?: number;
    }
  | { readonly kind: 'sum'; terms(inputs: readonly Aval[], attributes: A): number };

export type Kernel<A extends Attributes = Attributes> = ScalarKernel<A> | IndexKernel<A> | LaunchKernel<A>;

/** An element of the result is a function of the same element of every input: fuses into anything. */
export interface ScalarKernel<A extends Attributes = Attributes> {
  readonly kind: 'scalar';
  /** The WGSL expression; `args` are side-effect free and may be repeated. */
  expression(args: readonly string[], inputs: readonly Aval[], attributes: A): string;
  /** Functions of shaders/math.wgsl that the expression calls. */
  readonly uses?: readonly string[];
  /** Worth storing rather than computing twice. */
  readonly expensive?: boolean;
}

/** An element of the result is read from the inputs at computed positions: fuses into its consumers. */
export interface IndexKernel<A extends Attributes = Attributes> {
  readonly kind: 'index';
  /** The WGSL expression for the element at `index` of the result. */
  read(index: Index, site: Site<A>): string;
  readonly uses?: readonly string[];
  readonly expensive?: boolean;
}

/** The operation runs a hand-written shader of its own, in one launch or several. */
export interface LaunchKernel<A extends Attributes = Attributes> {
  readonly kind: 'launch';
  launch(call: Call<A>): readonly Launch[];
  /** Inputs that the shader reads as whole buffers rather than through a composed function. */
  readonly buffers?: readonly number[];
  /** Trailing axes of such an input that make one operand; axes before them are a batch, which one operand may serve. */
  readonly operandRank?: number;
}

/** A position in a tensor while code is generated: WGSL u32 expressions for either or both forms. */
export interface Index {
  readonly shape: Shape;
  readonly linear?: string;
  readonly coordinates?: readonly string[];
}

/** What an {@link IndexKernel} sees of its operation while code is generated. */
export interface Site<A extends Attributes = Attributes> {
  readonly inputs: readonly Aval[];
  readonly output: Aval;
  readonly attributes: A;
  /** The value of input `input` at `index`. */
  read(input: number, index: Index): string;
  /** The value of input `input` at `index` where `condition` (WGSL bool) holds, else `otherwise`; reads nothing elsewhere. */
  readWhere(condition: string, input: number, index: Index, otherwise: string): string;
  coordinates(index: Index): readonly string[];
  linear(index: Index): string;
  /** Binds an expression to a fresh `let` and returns its name. */
  bind(expression: string): string;
  /** An index checked against `extent`: clamped, and the device's fault word raised when it is outside. */
  checked(expression: string, extent: number): string;
}

/** What is known of the adapter when kernels are chosen. */
export interface AdapterTraits {
  /** A software driver (lavapipe, SwiftShader), or real hardware. */
  readonly kind: 'cpu' | 'gpu';
  /** 'lavapipe', 'swiftshader', or the vendor. */
  readonly name: string;
  /** Lanes of a subgroup, where the device has the feature and the number is fixed. */
  readonly lanes?: number;
  /** `f16` where the user lets factors of products be rounded to f16; sums are f32 all the same. */
  readonly products?: 'f16';
  /**
   * Which of `variants`, by name, a launch of this shape class takes; undefined leaves it to the launch rule, which is the
   * first. Absent unless kernels were measured (engine/tune). Within a program the answer to a question never changes.
   */
  readonly choice?: (shapeClass: string, variants: readonly string[]) => string | undefined;
}

/** What a {@link LaunchKernel} sees of the operation it launches. */
export interface Call<A extends Attributes = Attributes> {
  readonly inputs: readonly Aval[];
  readonly output: Aval;
  readonly attributes: A;
  readonly adapter: AdapterTraits;
  /** Elements in memory of an input read as a whole buffer: fewer than its shape has where one matrix serves a batch. */
  elementsOf(input: number): number;
}

/** A value of a launch: an input, the output, or a temporary that lives between the launches of one call. */
export type Operand =
  { readonly input: number } | { readonly temporary: number; readonly aval: Aval } | 'output';

/** A marked block of a shader that is replaced by composed text. */
export type Block =
  /** Verbatim WGSL; `as written` keeps the file's own text. */
  | { readonly text: string }
  /**
   * `fn name(parameters) -> element`: the element of `element` at a position given by the parameters. With `limit`, the
   * element is an index, returned as u32: one outside [0, limit) raises the device's fault word.
   */
  | {
      readonly element: Operand;
      readonly parameters: readonly string[];
      readonly at: Index;
      readonly limit?: number;
    }
  /**
   * `fn name(parameters)`, the last of which is `value`: stores it (through the fused epilogue, for 'output') at `linear`. Where
   * the parameters say the position in each axis, `coordinates` saves dividing for it: the last ones, if there are more than axes.
   */
  | {
      readonly store: Operand;
      readonly parameters: readonly string[];
      readonly linear: string;
      readonly coordinates?: { readonly shape: Shape; readonly of: readonly string[] };
    }
  /** A whole buffer under a name and a WGSL type, and functions that read it. */
  | {
      readonly buffer: Operand;
      readonly name: string;
      readonly type: string;
      readonly access?: 'write';
      readonly text: string;
    };

export interface Launch {
  /** A file of shaders/, without its ending. */
  readonly shader: string;
  /** `override` constants. */
  readonly constants: Readonly<Record<string, number>>;
  readonly blocks: Readonly<Record<string, Block>>;
  /** Workgroups. A one-dimensional count above the limit is folded into y by the compiler. */
  readonly groups: readonly [number, number, number];
}
