import { afterAll, expect, test } from 'vitest';
import { requestAdapter } from '#platform';

const devices: GPUDevice[] = [];
afterAll(() => devices.forEach((device) => device.destroy()));

test('the platform gives an adapter that says where it comes from', async () => {
  const { adapter, source } = await requestAdapter();
  expect(source).not.toBe('');
  expect(adapter.limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(256);
});

test('every request gives an adapter of its own, so two devices can live side by side', async () => {
  for (let i = 0; i < 2; i++) devices.push(await (await requestAdapter()).adapter.requestDevice());
  expect(devices[0]).not.toBe(devices[1]);
});

test('a device computes: a dispatch doubles 1000 numbers and they can be read back', async () => {
  const device = await (await requestAdapter()).adapter.requestDevice();
  devices.push(device);
  const module = device.createShaderModule({
    code: `@group(0) @binding(0) var<storage, read_write> values: array<f32>;
      @compute @workgroup_size(64, 1, 1) fn double(@builtin(global_invocation_id) id: vec3u) {
        if (id.x < arrayLength(&values)) { values[id.x] *= 2.0; }
      }`,
  });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const bytes = 4000;
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const values = device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC | COPY_DST });
  const readback = device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
  const input = Float32Array.from({ length: 1000 }, (_, i) => i);
  device.queue.writeBuffer(values, 0, input);
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer: values } }],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(1000 / 64));
  pass.end();
  encoder.copyBufferToBuffer(values, 0, readback, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  expect(new Float32Array(readback.getMappedRange())).toEqual(input.map((value) => 2 * value));
});

test('a name that no adapter has is refused with a code and a next step', async () => {
  await expect(requestAdapter({ name: 'voodoo' })).rejects.toMatchObject({
    code: 'NO_ADAPTER',
    message: expect.stringContaining('voodoo') as string,
  });
});
