/** Pearson's correlation, and how often a random order would have so high a one. */

/** Pearson's coefficient; NaN where one list is constant. */
export function pearson(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [xMean, yMean] = [mean(x), mean(y)];
  let [both, xs, ys] = [0, 0, 0];
  x.forEach((value, k) => {
    const [dx, dy] = [value - xMean, (y[k] as number) - yMean];
    both += dx * dy;
    xs += dx * dx;
    ys += dy * dy;
  });
  return both / Math.sqrt(xs * ys);
}

/** The share of all orders of y with a coefficient at least as high as that given: exact, for up to 8 numbers. */
export function permutationP(x: readonly number[], y: readonly number[]): number {
  const observed = pearson(x, y);
  let [count, high] = [0, 0];
  const visit = (order: readonly number[], rest: readonly number[]): void => {
    if (rest.length === 0) {
      count++;
      if (pearson(x, order) >= observed - 1e-12) high++;
      return;
    }
    rest.forEach((value, k) => visit([...order, value], rest.toSpliced(k, 1)));
  };
  visit([], y);
  return high / count;
}
