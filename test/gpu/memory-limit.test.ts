/** Running out of device memory, on a stand-in for a device that has none. */
import { expect, test } from 'vitest';
import type { Device } from '../../engine/gpu/device.ts';
import { zeroCounters } from '../../engine/gpu/counters.ts';
import { LangevinError } from '../../engine/graph/errors.ts';
import { Pool } from '../../engine/gpu/pool.ts';

/** A device whose error scopes all report `error`. */
function deviceThatReports(error: GPUError | null): { device: Device; noted: LangevinError[] } {
  const noted: LangevinError[] = [];
  const device = {
    counters: zeroCounters(),
    gpu: { createBuffer: ({ size }: { size: number }) => ({ size, destroy: () => undefined }) },
    checkSize: () => undefined,
    guarded: <T>(_filter: string, f: () => T, describe: (error: GPUError) => LangevinError): T => {
      if (error) noted.push(describe(error));
      return f();
    },
  };
  return { device: device as unknown as Device, noted };
}

test('an allocation that the device refuses is OUT_OF_MEMORY, with the sizes', () => {
  const { device, noted } = deviceThatReports({ message: 'no room' });
  new Pool(device, 0, (action) => action()).acquire(5000);
  expect(noted).toMatchObject([
    { code: 'OUT_OF_MEMORY', message: expect.stringMatching(/5120 bytes/) as string },
  ]);
});

test('a released buffer serves the next request of its size class', () => {
  const { device } = deviceThatReports(null);
  const pool = new Pool(device, 0, (action) => action());
  const first = pool.acquire(1000);
  pool.release(first);
  expect(pool.acquire(1020)).toBe(first);
  expect(device.counters).toMatchObject({ buffers: 1, allocatedBytes: 1024 });
});

test('trimming gives free memory back and leaves what is in use', () => {
  const { device } = deviceThatReports(null);
  const pool = new Pool(device, 0, (action) => action());
  const [used, free] = [pool.acquire(256), pool.acquire(512)];
  pool.release(free);
  pool.trim();
  expect(device.counters.allocatedBytes).toBe(used.bytes);
});
