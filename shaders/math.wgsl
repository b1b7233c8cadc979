// Scalar functions that WGSL lacks, or leaves too loose for numerical work. Not a kernel: the compiler copies the
// functions that a composed expression calls, with those they call.
//
// WGSL allows log an absolute error of 2^-21 around 1, exp 3 + 2|x| ulp, pow what exp2(y log2 x) gives, tanh 1e-5, sin
// and cos 2^-11, and has no log1p, expm1 or erf. The versions here use additions, products, quotients and bit patterns
// only. Coefficients are those of FreeBSD's msun (Cephes for exp, sin and cos), fitted for binary32. The error stated
// with each is the largest seen against float64 on lavapipe and SwiftShader (docs/kernels.md has the table).
//
// Special values: compilers may assume that no infinity or NaN occurs, so they are tested for by bits and produced by
// `nonFinite`, whose argument no compiler can fold into a constant expression.

// The float with these bits.
fn nonFinite(bits: u32) -> f32 {
  return bitcast<f32>(bits);
}

// Neither infinite nor NaN.
fn finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}

fn isNotANumber(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// The larger and the smaller of two numbers, NaN if either is: WGSL's max and min may drop it.
fn larger(a: f32, b: f32) -> f32 {
  return select(select(max(a, b), b, isNotANumber(b)), a, isNotANumber(a));
}

fn smaller(a: f32, b: f32) -> f32 {
  return select(select(min(a, b), b, isNotANumber(b)), a, isNotANumber(a));
}

// ln(1 + f) - f for 1 + f in [sqrt(1/2), sqrt(2)), by s = f / (2 + f): ln(1 + f) = 2 artanh s.
fn log1pTail(f: f32) -> f32 {
  let s = f / (2.0 + f);
  let z = s * s;
  let w = z * z;
  let r = z * (0.66666662693 + w * 0.28498786688) + w * (0.40000972152 + w * 0.24279078841);
  let half = 0.5 * f * f;
  return s * (half + r) - half;
}

// Natural logarithm: -inf at 0, NaN below. 0.9 ulp; subnormals only where the driver keeps them.
fn logarithm(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits << 1u) == 0u) {
    return nonFinite(0xff800000u);
  }
  if (bits > 0x7f800000u) {
    return nonFinite(0x7fc00000u);
  }
  if (bits == 0x7f800000u) {
    return x;
  }
  // x = 2^k m with m in [sqrt(1/2), sqrt(2)); subnormals are scaled first.
  let small = bits < 0x00800000u;
  let shifted = select(bits, bitcast<u32>(x * 33554432.0), small) + (0x3f800000u - 0x3f3504f3u);
  let k = f32(i32(shifted >> 23u) - 127 - select(0, 25, small));
  let f = bitcast<f32>((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0;
  return (log1pTail(f) + k * 9.0580006145e-06) + f + k * 6.9313812256e-01;
}

// ln(1 + x) without cancellation near 0. 2.4 ulp.
fn log1p(x: f32) -> f32 {
  if (!(x > -1.0)) {
    return nonFinite(select(0x7fc00000u, 0xff800000u, x == -1.0));
  }
  if (!finite(x) || abs(x) < 5.9604645e-8) {
    return x;
  }
  if (x > -0.29289323 && x < 0.41421356) {
    return log1pTail(x) + x;
  }
  let u = 1.0 + x;
  let shifted = bitcast<u32>(u) + (0x3f800000u - 0x3f3504f3u);
  let k = f32(i32(shifted >> 23u) - 127);
  // What rounding 1 + x lost, relative to u.
  let lost = select(x - (u - 1.0), 1.0 - (u - x), k >= 2.0) / u;
  let f = bitcast<f32>((shifted & 0x007fffffu) + 0x3f3504f3u) - 1.0;
  return (log1pTail(f) + (k * 9.0580006145e-06 + select(0.0, lost, k < 25.0))) + f + k * 6.9313812256e-01;
}

// exp(x): 1.3 ulp, where WGSL allows 3 + 2|x|. x = k ln 2 + r; the first part of ln 2 has 9 bits, so k times it is exact.
fn exponential(x: f32) -> f32 {
  let bounded = clamp(x, -105.0, 89.0);
  let k = round(bounded * 1.44269504);
  let r = (bounded - k * 0.693359375) + k * 2.12194440e-4;
  let p = ((((1.9875691500e-4 * r + 1.3981999507e-3) * r + 8.3334519073e-3) * r + 4.1665795894e-2) * r + 1.6666665459e-1) * r + 5.0000001201e-1;
  let y = p * r * r + r + 1.0;
  // 2^k in two factors, since neither 2^128 nor 2^-151 is a normal float.
  let n = i32(k);
  let power = bitcast<f32>(u32(127 + n / 2) << 23u);
  let rest = bitcast<f32>(u32(127 + n - n / 2) << 23u);
  return select(y * power * rest, x, isNotANumber(x));
}

// exp(x) - 1 without cancellation near 0. 1.5 ulp.
fn expm1(x: f32) -> f32 {
  if (isNotANumber(x)) {
    return x;
  }
  if (x > 88.72168) {
    return nonFinite(0x7f800000u);
  }
  if (x < -18.714973) {
    return -1.0;
  }
  if (abs(x) < 2.9802322e-8) {
    return x;
  }
  // x = k ln 2 + r, with r = hi - lo and c what rounding hi - lo lost.
  let k = select(round(x * 1.44269504), 0.0, abs(x) <= 0.34657359);
  let hi = x - k * 6.9313812256e-01;
  let lo = k * 9.0580006145e-06;
  let r = hi - lo;
  let c = (hi - r) - lo;
  let half = 0.5 * r;
  let square = r * half;
  let p = 1.0 + square * (-3.3333212137e-2 + square * 1.5807170421e-3);
  let t = 3.0 - p * half;
  let e = square * ((p - t) / (6.0 - r * t));
  if (k == 0.0) {
    return r - (r * e - square);
  }
  let d = (r * (e - c) - c) - square;
  // exp(x) - 1 = 2^k (1 + r - d) - 1. 2^k by its bits, in two factors, since 2^128 is no float.
  let power = bitcast<f32>(u32(i32(min(k, 127.0)) + 127) << 23u);
  if (k < 24.0) {
    let inverse = bitcast<f32>(u32(127 - i32(k)) << 23u);
    return ((1.0 - inverse) + (r - d)) * power;
  }
  return ((r - d) + 1.0) * power * select(1.0, 2.0, k > 127.0) - 1.0;
}

// 2.1 ulp.
fn hyperbolicTangent(x: f32) -> f32 {
  let z = abs(x);
  if (z > 10.0) {
    return sign(x);
  }
  let grow = z > 0.54930614;
  let t = expm1(select(-2.0 * z, 2.0 * z, grow));
  let y = select(-t / (t + 2.0), 1.0 - 2.0 / (t + 2.0), grow);
  return select(y, -y, x < 0.0);
}

// 1 / (1 + exp(-x)): exp is taken of negative numbers only, so nothing overflows. 2.3 ulp.
fn sigmoid(x: f32) -> f32 {
  let e = exponential(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. 1.1 ulp.
fn erf(x: f32) -> f32 {
  if (isNotANumber(x)) {
    return x;
  }
  let z = abs(x);
  if (z < 0.84375) {
    let s = x * x;
    let p = 1.2837916613e-01 + s * (-3.2504209876e-01 + s * (-2.8481749818e-02 + s * (-5.7702702470e-03 + s * -2.3763017452e-05)));
    let q = 1.0 + s * (3.9791721106e-01 + s * (6.5022252500e-02 + s * (5.0813062117e-03 + s * (1.3249473704e-04 + s * -3.9602282413e-06))));
    return x + x * (p / q);
  }
  var y = 1.0;
  if (z < 1.25) {
    let s = z - 1.0;
    let p = -2.3621185683e-03 + s * (4.1485610604e-01 + s * (-3.7220788002e-01 + s * (3.1834661961e-01 + s * (-1.1089469492e-01 + s * (3.5478305072e-02 + s * -2.1663755178e-03)))));
    let q = 1.0 + s * (1.0642088205e-01 + s * (5.4039794207e-01 + s * (7.1828655899e-02 + s * (1.2617121637e-01 + s * (1.3637083583e-02 + s * 1.1984500103e-02)))));
    y = 8.4506291151e-01 + p / q;
  } else if (z < 4.0) {
    // 1 - erfc: an error of erfc is at least 13 times smaller in the result.
    let s = 1.0 / (z * z);
    let near = z < 2.857143;
    let r = select(
      -9.8649431020e-03 + s * (-7.9928326607e-01 + s * (-1.7757955551e+01 + s * (-1.6063638306e+02 + s * (-6.3756646729e+02 + s * (-1.0250950928e+03 + s * -4.8351919556e+02))))),
      -9.8649440333e-03 + s * (-6.9385856390e-01 + s * (-1.0558626175e+01 + s * (-6.2375331879e+01 + s * (-1.6239666748e+02 + s * (-1.8460508728e+02 + s * (-8.1287437439e+01 + s * -9.8143291473e+00)))))),
      near);
    let t = select(
      1.0 + s * (3.0338060379e+01 + s * (3.2579251099e+02 + s * (1.5367296143e+03 + s * (3.1998581543e+03 + s * (2.5530502930e+03 + s * (4.7452853394e+02 + s * -2.2440952301e+01)))))),
      1.0 + s * (1.9651271820e+01 + s * (1.3765776062e+02 + s * (4.3456588745e+02 + s * (6.4538726807e+02 + s * (4.2900814819e+02 + s * (1.0863500214e+02 + s * (6.5702495575e+00 + s * -6.0424413532e-02))))))),
      near);
    y = 1.0 - exponential(-z * z - 0.5625 + r / t) / z;
  }
  return select(y, -y, x < 0.0);
}

// x = k pi/2 + r with |r| <= pi/4: r in .x, k modulo 4 in .y. pi/2 in three parts, of which the first two times k are
// exact up to |x| = 1e4.
fn quarterTurns(x: f32) -> vec2f {
  let k = round(x * 0.636619772);
  let r = ((x - k * 1.5703125) - k * 4.837512969970703125e-4) - k * 7.54978995489188216e-8;
  return vec2f(r, k - 4.0 * floor(k * 0.25));
}

// sin(r + q pi/2) for |r| <= pi/4.
fn sineOf(r: f32, q: f32) -> f32 {
  let z = r * r;
  let odd = ((-1.9515295891e-4 * z + 8.3321608736e-3) * z - 1.6666654611e-1) * z * r + r;
  let even = ((2.443315711809948e-5 * z - 1.388731625493765e-3) * z + 4.166664568298827e-2) * z * z - 0.5 * z + 1.0;
  let y = select(odd, even, q == 1.0 || q == 3.0);
  return select(y, -y, q >= 2.0);
}

// Absolute error below 2^-22 up to |x| = 1e4, and growing with |x| beyond.
fn sine(x: f32) -> f32 {
  let t = quarterTurns(x);
  return sineOf(t.x, t.y);
}

fn cosine(x: f32) -> f32 {
  let t = quarterTurns(x);
  return sineOf(t.x, select(t.y + 1.0, 0.0, t.y == 3.0));
}

// The upper 12 bits of a float's significand: products of two such numbers are exact.
fn upperHalf(x: f32) -> f32 {
  return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}

// log2(x) for x > 0, finite, as an unevaluated sum .x + .y of about 40 bits: log2 m = 2 / ln 2 artanh((m - c) / (m + c))
// + log2 c with c = 1 or 1.5, carried in halves (msun, e_powf.c).
fn log2Halves(x: f32) -> vec2f {
  let small = bitcast<u32>(x) < 0x00800000u;
  var bits = bitcast<u32>(select(x, x * 16777216.0, small));
  var n = i32(bits >> 23u) - 127 - select(0, 24, small);
  let significand = bits & 0x007fffffu;
  bits = significand | 0x3f800000u;
  let middle = significand > 0x1cc471u && significand < 0x5db3d7u;
  if (significand >= 0x5db3d7u) {
    n += 1;
    bits -= 0x00800000u;
  }
  let m = bitcast<f32>(bits);
  let c = select(1.0, 1.5, middle);
  let u = m - c;
  let v = 1.0 / (m + c);
  let s = u * v;
  let sUpper = upperHalf(s);
  let sumUpper = bitcast<f32>((((bits >> 1u) & 0xfffff000u) | 0x20000000u) + 0x00400000u + select(0u, 0x00200000u, middle));
  let sumLower = m - (sumUpper - c);
  let sLower = v * ((u - sUpper * sumUpper) - sUpper * sumLower);
  let z = s * s;
  let tail = z * z * (6.0000002384e-01 + z * (4.2857143283e-01 + z * (3.3333334327e-01 + z * (2.7272811532e-01 + z * (2.3066075146e-01 + z * 2.0697501302e-01))))) + sLower * (sUpper + s);
  let square = sUpper * sUpper;
  let tUpper = upperHalf(3.0 + square + tail);
  let tLower = tail - ((tUpper - 3.0) - square);
  let a = sUpper * tUpper;
  let b = sLower * tUpper + tLower * s;
  let pUpper = upperHalf(a + b);
  let pLower = b - (pUpper - a);
  let zUpper = 9.6191406250e-01 * pUpper;
  let zLower = -1.1736857402e-04 * pUpper + pLower * 9.6179670095e-01 + select(0.0, 1.56322085e-06, middle);
  let cUpper = select(0.0, 5.84960938e-01, middle);
  let whole = f32(n);
  let upper = upperHalf(((zUpper + zLower) + cUpper) + whole);
  return vec2f(upper, zLower - (((upper - whole) - cUpper) - zUpper));
}

// x^y for x > 0, finite, and finite y: 1 ulp.
fn positivePower(x: f32, y: f32) -> f32 {
  let l = log2Halves(x);
  let yUpper = upperHalf(y);
  var lower = (y - yUpper) * l.x + y * l.y;
  var upper = yUpper * l.x;
  if (upper + lower > 128.5) {
    return nonFinite(0x7f800000u);
  }
  if (upper + lower < -151.0) {
    return 0.0;
  }
  // 2^(k + upper + lower)
  let k = round(upper + lower);
  upper -= k;
  let t = bitcast<f32>(bitcast<u32>(upper + lower) & 0xffff8000u);
  let u = t * 6.93145752e-01;
  let v = (lower - (t - upper)) * 6.9314718246e-01 + t * 1.42860654e-06;
  let z = u + v;
  let w = v - (z - u);
  let q = z * z;
  let r = z - q * (1.6666667163e-01 + q * (-2.7777778450e-03 + q * (6.6137559770e-05 + q * (-1.6533901999e-06 + q * 4.1381369442e-08))));
  let e = 1.0 - (((z * r) / (r - 2.0) - (w + z * w)) - z);
  let n = i32(k);
  return e * bitcast<f32>(u32(127 + n / 2) << 23u) * bitcast<f32>(u32(127 + n - n / 2) << 23u);
}

// x^y as C's powf: 1 for y = 0 and for x = 1, negative bases with integer exponents, NaN for other powers of negative
// bases. Whole exponents up to 4 by multiplication (2 ulp, and x^2 is exactly x * x), others to 1 ulp.
fn power(x: f32, y: f32) -> f32 {
  if (y == 0.0 || x == 1.0) {
    return 1.0;
  }
  if (isNotANumber(x) || isNotANumber(y)) {
    return nonFinite(0x7fc00000u);
  }
  let whole = floor(y) == y;
  if (whole && abs(y) <= 4.0) {
    let square = x * x;
    let even = select(1.0, select(square, square * square, abs(y) == 4.0), abs(y) >= 2.0);
    let result = select(even, even * x, abs(y) == 1.0 || abs(y) == 3.0);
    if (y > 0.0) {
      return result;
    }
    if (result == 0.0) {
      return nonFinite(0x7f800000u | (bitcast<u32>(result) & 0x80000000u));
    }
    return 1.0 / result;
  }
  let odd = whole && abs(y) < 16777216.0 && (u32(abs(y)) & 1u) == 1u;
  let negative = (bitcast<u32>(x) >> 31u) == 1u;
  let z = abs(x);
  var magnitude: f32;
  if (z == 0.0 || !finite(x) || !finite(y)) {
    // Towards 0 or infinity: which, depends on the side of 1 on which |x| lies, and on the sign of y.
    let grows = (z > 1.0) == (y > 0.0);
    magnitude = select(select(0.0, nonFinite(0x7f800000u), grows), 1.0, z == 1.0);
  } else if (negative && !whole) {
    return nonFinite(0x7fc00000u);
  } else {
    magnitude = positivePower(z, y);
  }
  return select(magnitude, -magnitude, negative && odd);
}

// Threefry-2x32, 20 rounds (Salmon et al., SC 2011): the bits of engine/random/threefry.ts.
fn threefryRound(x: vec2u, r: u32) -> vec2u {
  let sum = x.x + x.y;
  return vec2u(sum, ((x.y << r) | (x.y >> (32u - r))) ^ sum);
}

fn threefry2x32(key: vec2u, counter: vec2u) -> vec2u {
  let k2 = key.x ^ key.y ^ 0x1bd11bdau;
  var x = counter + key;
  x = threefryRound(threefryRound(threefryRound(threefryRound(x, 13u), 15u), 26u), 6u) + vec2u(key.y, k2 + 1u);
  x = threefryRound(threefryRound(threefryRound(threefryRound(x, 17u), 29u), 16u), 24u) + vec2u(k2, key.x + 2u);
  x = threefryRound(threefryRound(threefryRound(threefryRound(x, 13u), 15u), 26u), 6u) + vec2u(key.x, key.y + 3u);
  x = threefryRound(threefryRound(threefryRound(threefryRound(x, 17u), 29u), 16u), 24u) + vec2u(key.y, k2 + 4u);
  return threefryRound(threefryRound(threefryRound(threefryRound(x, 13u), 15u), 26u), 6u) + vec2u(k2, key.x + 5u);
}
