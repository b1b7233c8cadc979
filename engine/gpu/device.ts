/**
 * The device: an adapter's limits and traits, what has gone wrong on it, and its counters.
 *
 * WebGPU reports errors late and goes on: after a loss "no errors are generated" and only mapAsync rejects. So every
 * fault is kept here and thrown at the next call that asks for a value; numbers are never made up.
 */
import { requestAdapter } from '#platform';
import { fail, LangevinError } from '../graph/errors.ts';
import type { AdapterTraits } from '../graph/primitive.ts';
import { zeroCounters, type Counters } from './counters.ts';

export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Where the adapter came from: the system, or the driver that the package carries. */
  readonly source: string;
}

export class Device {
  readonly gpu: GPUDevice;
  readonly traits: AdapterTraits;
  readonly description: AdapterDescription;
  readonly tried: readonly string[];
  readonly counters: Counters = zeroCounters();
  private failure: LangevinError | undefined;
  private lost: LangevinError | undefined;
  private readonly scopes = new Set<Promise<void>>();

  private constructor(gpu: GPUDevice, description: AdapterDescription, tried: readonly string[]) {
    this.gpu = gpu;
    this.description = description;
    this.tried = tried;
    this.traits = traitsOf(description, gpu);
    gpu.onuncapturederror = (event) => this.note(errorOf(event.error));
    void gpu.lost.then(({ reason, message }) => {
      this.lost = new LangevinError(
        'DEVICE_LOST',
        `The device was lost (${reason}${message ? `: ${message}` : ''}): its tensors are gone. Call init() again and restore the last checkpoint.`,
      );
    });
  }

  /** @throws NO_ADAPTER, naming what was tried */
  static async request(name?: string): Promise<Device> {
    const { adapter, source, tried } = await requestAdapter(name === undefined ? {} : { name });
    const { limits, features, info } = adapter;
    const gpu = await adapter.requestDevice({
      requiredFeatures: (['timestamp-query', 'subgroups', 'shader-f16'] as const).filter((feature) =>
        features.has(feature),
      ),
      requiredLimits: {
        maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxBufferSize: limits.maxBufferSize,
        maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      },
    });
    const { vendor, architecture, device, description } = info;
    return new Device(gpu, { vendor, architecture, device, description, source }, tried);
  }

  get isLost(): boolean {
    return this.lost !== undefined;
  }

  /** Keeps the first fault until it is thrown. A cause displaces the validation errors that follow from it. */
  note(error: LangevinError): void {
    const isConsequence = this.failure?.code === 'GPU_VALIDATION' && error.code !== 'GPU_VALIDATION';
    if (!this.failure || isConsequence) this.failure = error;
  }

  /** Throws what has gone wrong since the last call. */
  check(): void {
    if (this.lost) throw this.lost;
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure;
  }

  /** Runs `f` and notes an error that WebGPU reports of it, without waiting. */
  guarded<T>(filter: GPUErrorFilter, f: () => T, describe: (error: GPUError) => LangevinError = errorOf): T {
    this.gpu.pushErrorScope(filter);
    const result = f();
    const scope = this.gpu.popErrorScope().then(
      (error) => {
        this.scopes.delete(scope);
        if (error) this.note(describe(error));
      },
      () => {
        // The device is gone; `lost` says so.
        this.scopes.delete(scope);
      },
    );
    this.scopes.add(scope);
    return result;
  }

  /** Waits for the error reports of everything submitted so far, and throws what they say. */
  async settle(): Promise<void> {
    await Promise.all(this.scopes);
    this.check();
  }

  /** Refuses a buffer that the adapter cannot hold or bind. */
  checkSize(bytes: number): void {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.gpu.limits;
    const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (bytes > most)
      fail(
        'BUFFER_TOO_LARGE',
        `A tensor of ${bytes} bytes is above what this adapter binds at once (${most} bytes): split it, or use a smaller batch.`,
      );
  }

  /** Ends the device. Its tensors are lost; reads that are under way reject. */
  destroy(): void {
    this.gpu.destroy();
    this.lost ??= new LangevinError('DEVICE_LOST', 'The device was destroyed: call init() for a new one.');
  }
}

function errorOf(error: GPUError): LangevinError {
  const memory = typeof GPUOutOfMemoryError !== 'undefined' && error instanceof GPUOutOfMemoryError;
  return memory
    ? new LangevinError(
        'OUT_OF_MEMORY',
        `The device is out of memory (${error.message}): use a smaller batch, or dispose tensors.`,
      )
    : new LangevinError('GPU_VALIDATION', `The device refused a command: ${error.message}`);
}

function traitsOf(
  { vendor, architecture, description, device }: AdapterDescription,
  gpu: GPUDevice,
): AdapterTraits {
  const text = `${vendor} ${architecture} ${device} ${description}`.toLowerCase();
  const { subgroupMinSize, subgroupMaxSize } = gpu.adapterInfo;
  const fixed = gpu.features.has('subgroups') && subgroupMinSize === subgroupMaxSize;
  const lanes = fixed && subgroupMinSize ? { lanes: subgroupMinSize } : {};
  if (text.includes('swiftshader')) return { kind: 'cpu', name: 'swiftshader', ...lanes };
  if (text.includes('llvmpipe') || text.includes('lavapipe'))
    return { kind: 'cpu', name: 'lavapipe', ...lanes };
  return { kind: 'gpu', name: vendor || 'gpu', ...lanes };
}
