/** Special functions in float64 for the reference interpreter. */

/**
 * erf(x). For |x| < 3 the Maclaurin-type series (Abramowitz & Stegun 7.1.6)
 *   erf x = 2/√π · exp(-x²) · Σ 2ⁿ x^(2n+1) / (1·3···(2n+1)),
 * all terms positive, so it loses no digits; beyond, 1 - erfc by the continued fraction (7.1.14)
 *   erfc x = exp(-x²)/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))).
 */
export function erfReference(x: number): number {
  const z = Math.abs(x);
  if (!(z < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      sum += term;
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
  }
  let fraction = z;
  for (let k = 60; k >= 1; k--) fraction = z + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / fraction);
}
