/** The adapter that the environment names, the .wgsl files as they stand, and dispatches of them without the engine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);
const gpu = (globalThis.__gpu ??= create([]));
const folder = process.argv[3] ?? join(import.meta.dirname, '../../shaders');
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('No adapter: set VK_ICD_FILENAMES and LD_LIBRARY_PATH to a Vulkan driver.');
export const device = await adapter.requestDevice({
  requiredFeatures: adapter.features.has('subgroups') ? ['subgroups'] : [],
});
export const driver = adapter.info.vendor === 'mesa' ? 'lavapipe' : adapter.info.architecture;
export const lanes = adapter.info.subgroupMinSize;

export const shader = (name) => readFileSync(join(folder, `${name}.wgsl`), 'utf8');

export function replace(code, block, text) {
  return code.replace(new RegExp(`//@begin ${block}\\n[^]*?//@end ${block}`), () => text);
}

export async function pipelineOf(code, constants = {}) {
  const module = device.createShaderModule({ code });
  return device.createComputePipelineAsync({ layout: 'auto', compute: { module, constants } });
}

export function bufferOf(content) {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size: content.byteLength ?? content, usage });
  if (content.byteLength) device.queue.writeBuffer(buffer, 0, content);
  return buffer;
}

export async function read(buffer) {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const copy = device.createBuffer({ size: buffer.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, copy, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(GPUMapMode.READ);
  return new Float32Array(copy.getMappedRange().slice(0));
}

export function step(pipeline, buffers, groups) {
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return { pipeline, bindGroup, groups };
}

export async function run(steps) {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  for (const { pipeline, bindGroup, groups } of steps) {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(...groups);
  }
  pass.end();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
}

/** Which driver, which device, how many lanes. */
export const title = `${driver}, ${adapter.info.description}, subgroups of ${lanes}`;

/** An operand that is read element by element, for shapes whose rows are no multiple of four. */
export function scalarOperand(name, binding) {
  return `@group(0) @binding(${binding}) var<storage, read> ${name}: array<f32>;
fn ${name}1(i: u32) -> f32 { return ${name}[i]; }
fn ${name}4(i: u32) -> vec4f { return vec4f(${name}[i], ${name}[i + 1u], ${name}[i + 2u], ${name}[i + 3u]); }`;
}
