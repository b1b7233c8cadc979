/** The logarithm of the gamma function, which the series and the constants of stable laws are made of. */

/** B_{2k} / (2k (2k - 1)): Stirling's series, whose next term is below 1e-16 from 12 on. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156] as const;
const START = 12;

/** ln Γ(x), x > 0, with an absolute error of some 1e-15 (of 1e-16 |ln Γ(x)| where that is more). */
export function logGamma(x: number): number {
  // Γ(x) = Γ(x + m) / (x (x + 1) … (x + m - 1)), with x + m where Stirling's series holds.
  let product = 1;
  let z = x;
  for (; z < START; z++) product *= z;
  const inverse = 1 / z;
  let power = inverse;
  let sum = 0;
  for (const coefficient of STIRLING) {
    sum += coefficient * power;
    power *= inverse * inverse;
  }
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + sum - Math.log(product);
}
