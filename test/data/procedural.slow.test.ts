import { describe, expect, it } from 'vitest';
import { procedural } from '../../data/procedural.ts';
import { heldOutAccuracy } from './perceptron.ts';

describe('the difficulty of the procedural data set', () => {
  const test = procedural({ part: 'test', count: 2_000 });
  const small = procedural({ part: 'train', count: 2_000 });
  const full = procedural({ part: 'train', count: 10_000 });

  it('keeps a linear classifier under 80 % however long it trains', () => {
    const accuracies = {
      small: heldOutAccuracy(small, test, [], 40),
      full: heldOutAccuracy(full, test, [], 20),
    };
    console.log('linear', accuracies);
    expect(Math.max(accuracies.small, accuracies.full)).toBeLessThan(0.8);
  });

  it('keeps a linear classifier between 60 and 80 % after six epochs on 10,000 images', () => {
    const accuracy = heldOutAccuracy(full, test, [], 6);
    expect(accuracy).toBeLessThan(0.8);
    expect(accuracy).toBeGreaterThan(0.6);
  });

  it('lets a perceptron 784-128-64-10 pass 80 % after ten epochs on 2,000 images', () => {
    const accuracy = heldOutAccuracy(small, test, [128, 64], 10);
    console.log('784-128-64-10, 2,000 images, 10 epochs', accuracy);
    expect(accuracy).toBeGreaterThan(0.8);
    expect(accuracy).toBeLessThan(0.95);
  });

  it('lets the same perceptron reach 85 to 95 % after six epochs on 10,000 images', () => {
    const accuracy = heldOutAccuracy(full, test, [128, 64], 6);
    console.log('784-128-64-10, 10,000 images, 6 epochs', accuracy);
    expect(accuracy).toBeGreaterThan(0.85);
    expect(accuracy).toBeLessThan(0.95);
  });

  it('lets the seven hidden layers of F1, at width 100, reach 85 to 95 % after six epochs on 10,000 images', () => {
    const accuracy = heldOutAccuracy(full, test, Array<number>(7).fill(100), 6);
    console.log('784-7x100-10, 10,000 images, 6 epochs', accuracy);
    expect(accuracy).toBeGreaterThan(0.85);
    expect(accuracy).toBeLessThan(0.95);
  });
});
