/** Arithmetic: sums, products, powers, extrema, and the piecewise constants. */
import { BOUNDARY_SIZES, elementwise, NONZERO, pairs, RANKS, REAL, sample, type Entry } from './entry.ts';
import { uniform } from '../draw.ts';

const I32 = [0, 1, -1, 7, -7, 2 ** 31 - 1, -(2 ** 31)];
const U32 = [0, 1, 7, 2 ** 31, 2 ** 32 - 1];
const integers = { i32: pairs(I32), u32: pairs(U32) };
/** Magnitudes whose sums, differences and products stay finite, down to the smallest normal numbers. */
const MAGNITUDES = pairs([0, 1, -1, 1.5, -3, 1e-30, -1e-30, 1e18, -1e18, 2 ** -126, 16777216, 16777215]);

/** Ties and neighbours: the extrema are exact. */
const TIES = pairs([0, -1, 1, 1.0000001192092896, 2 ** -126, 3e38, -3e38]);
const apart = ([x = 0, y = 0]: readonly number[]): number => Math.abs(x - y);

export const arithmetic: readonly Entry[] = [
  elementwise('add', {
    domains: [REAL, REAL],
    extremes: MAGNITUDES,
    integers,
    refuses: ['bool'],
    // Sizes and ranks matter to how elementwise kernels are launched, not to which function they compute.
    extended: [...BOUNDARY_SIZES.map((n) => [n]), ...RANKS].map((shape) =>
      sample([uniform(`add ${shape.join()} x`, shape), uniform(`add ${shape.join()} y`, shape)]),
    ),
  }),
  elementwise('sub', { domains: [REAL, REAL], extremes: MAGNITUDES, integers, refuses: ['bool'] }),
  elementwise('mul', {
    domains: [REAL, REAL],
    second: true,
    extremes: MAGNITUDES,
    integers,
    refuses: ['bool'],
  }),
  elementwise('div', {
    domains: [REAL, NONZERO],
    second: true,
    // WGSL states the accuracy of x / y for |y| from 2^-126 to 2^126.
    extremes: pairs([0, 1, -1, 3, 1e-10, 1e10], [1, -1, 3, -7, 1e-20, 1e20]),
    // No i32 minimum over -1: WGSL leaves it to the left operand, as two's complement does.
    integers,
    refuses: ['bool'],
  }),
  elementwise('pow', {
    domains: [
      [[0.3, 3]],
      [
        [-2.5, -0.5],
        [0.5, 3],
      ],
    ],
    second: true,
    extremes: [
      ...pairs([0.01, 0.5, 1, 2, 10, 1000], [-3, -1, -0.5, 0, 0.5, 1, 2, 3, 7.25]),
      // Integer powers of negative bases, and zero.
      ...pairs([-2, -0.5, -3], [-3, -2, -1, 0, 1, 2, 3, 4]),
      ...pairs([0], [0, 0.5, 1, 2, 3]),
    ],
    refuses: ['i32', 'u32', 'bool'],
  }),
  elementwise('maximum', { domains: [REAL, REAL], kink: apart, extremes: TIES, integers, refuses: ['bool'] }),
  elementwise('minimum', { domains: [REAL, REAL], kink: apart, extremes: TIES, integers, refuses: ['bool'] }),
  elementwise('neg', {
    domains: [REAL],
    extremes: [[0], [1], [-1], [3e38], [2 ** -126]],
    integers: { i32: I32.map((x) => [x]) },
    refuses: ['u32', 'bool'],
  }),
  elementwise('abs', {
    domains: [REAL],
    kink: ([x = 0]) => Math.abs(x),
    extremes: [[0], [1], [-1], [-3e38], [-(2 ** -126)]],
    integers: { i32: I32.map((x) => [x]) },
    refuses: ['u32', 'bool'],
  }),
  elementwise('sign', {
    domains: [REAL],
    kink: ([x = 0]) => Math.abs(x),
    first: [],
    extremes: [[0], [1], [-1], [3e38], [-3e38], [2 ** -126]],
    integers: { i32: I32.map((x) => [x]) },
    refuses: ['u32', 'bool'],
  }),
  elementwise('floor', {
    domains: [REAL],
    kink: ([x = 0]) => Math.abs(x - Math.round(x)),
    first: [],
    extremes: [[0], [1], [-1], [0.5], [-0.5], [0.99999994], [-1e-30], [8388607.5], [-8388607.5], [3e38]],
    refuses: ['i32', 'u32', 'bool'],
  }),
];
