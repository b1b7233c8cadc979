// Scalar functions that WGSL lacks, or leaves too loose for numerical work. Not a kernel: the compiler copies the
// functions that a composed expression calls, with those they call.
//
// WGSL allows log an absolute error of 2^-21 around 1, tanh 1e-5, sin and cos 2^-11, and has no log1p, expm1 or erf.
// The versions here use additions, products, quotients and bit patterns, and exp where its relative error does no harm.
// Coefficients are those of FreeBSD's msun (Cephes for sin and cos), fitted for binary32.
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

// ln(1 + f) - f for 1 + f in [sqrt(1/2), sqrt(2)), by s = f / (2 + f): ln(1 + f) = 2 artanh s.
fn log1pTail(f: f32) -> f32 {
  let s = f / (2.0 + f);
  let z = s * s;
  let w = z * z;
  let r = z * (0.66666662693 + w * 0.28498786688) + w * (0.40000972152 + w * 0.24279078841);
  let half = 0.5 * f * f;
  return s * (half + r) - half;
}

// Natural logarithm: -inf at 0, NaN below. About 1 ulp.
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

// ln(1 + x) without cancellation near 0. About 1 ulp.
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

// exp(x) - 1 without cancellation near 0. About 1 ulp.
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

// About 2 ulp.
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

// 1 / (1 + exp(-x)): exp is taken of negative numbers only, so nothing overflows.
fn sigmoid(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

// The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. About 2 ulp.
fn erf(x: f32) -> f32 {
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
    y = 1.0 - exp(-z * z - 0.5625 + r / t) / z;
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

// x^y as C's powf: 1 for y = 0, negative bases with integer exponents, NaN for other powers of negative bases. Integer
// exponents up to 64 by repeated squaring; others by exp2(y log2 x), whose error grows with |y log2 x|.
fn power(x: f32, y: f32) -> f32 {
  let whole = floor(y) == y;
  if (whole && abs(y) <= 64.0) {
    var n = u32(abs(y));
    var base = x;
    var result = 1.0;
    for (; n > 0u; n >>= 1u) {
      if ((n & 1u) == 1u) {
        result *= base;
      }
      base *= base;
    }
    if (y >= 0.0) {
      return result;
    }
    if (result == 0.0) {
      return nonFinite(select(0x7f800000u, 0xff800000u, (bitcast<u32>(result) >> 31u) == 1u));
    }
    return 1.0 / result;
  }
  if (x == 0.0) {
    return select(0.0, nonFinite(0x7f800000u), y < 0.0);
  }
  if (x < 0.0 && !whole) {
    return nonFinite(0x7fc00000u);
  }
  let magnitude = exp2(y * log2(abs(x)));
  let odd = whole && abs(y) < 16777216.0 && (u32(abs(y)) & 1u) == 1u;
  return select(magnitude, -magnitude, x < 0.0 && odd);
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
