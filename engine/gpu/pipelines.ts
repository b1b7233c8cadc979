/** Compute pipelines, each compiled once, asynchronously and beside one another. */
import { LangevinError } from '../graph/errors.ts';
import { beginPhase } from '../graph/phases.ts';
import type { Dispatch } from '../compile/program.ts';
import type { Device } from './device.ts';

/** A pipeline that is there, or on its way. */
export interface PipelineEntry {
  readonly ready: Promise<void>;
  pipeline?: GPUComputePipeline;
}

export class Pipelines {
  private readonly entries = new Map<string, PipelineEntry>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private readonly device: Device;

  constructor(device: Device) {
    this.device = device;
  }

  get(dispatch: Dispatch): PipelineEntry {
    const key = `${JSON.stringify(dispatch.constants)}${dispatch.code}`;
    let entry = this.entries.get(key);
    if (!entry) this.entries.set(key, (entry = this.compile(dispatch)));
    return entry;
  }

  /** The layout of a dispatch's bindings: storage buffers, read or written. */
  layout(dispatch: Dispatch): GPUBindGroupLayout {
    const key = dispatch.bindings.map(({ access }) => access[0]).join('');
    let layout = this.layouts.get(key);
    if (!layout) {
      const entries = dispatch.bindings.map(({ access }, binding): GPUBindGroupLayoutEntry => ({
        binding,
        visibility: 4, // GPUShaderStage.COMPUTE
        buffer: { type: access === 'write' ? 'storage' : 'read-only-storage' },
      }));
      this.layouts.set(key, (layout = this.device.gpu.createBindGroupLayout({ entries })));
    }
    return layout;
  }

  private compile(dispatch: Dispatch): PipelineEntry {
    const { gpu, counters } = this.device;
    const { label, code, entryPoint, constants } = dispatch;
    counters.pipelines++;
    const compiled = beginPhase('pipeline', label);
    // A module's errors come back with its pipeline, where the shader can be named.
    gpu.pushErrorScope('validation');
    const module = gpu.createShaderModule({ label, code });
    void gpu.popErrorScope().catch(() => undefined);
    const entry: PipelineEntry = {
      ready: gpu
        .createComputePipelineAsync({
          label,
          layout: gpu.createPipelineLayout({ bindGroupLayouts: [this.layout(dispatch)] }),
          compute: { module, entryPoint, constants },
        })
        .then(
          (pipeline) => {
            compiled();
            entry.pipeline = pipeline;
          },
          async (cause: unknown) => {
            throw await describe(dispatch, module, cause);
          },
        ),
    };
    // Whoever waits for the entry sees the error; nobody may be waiting yet.
    entry.ready.catch(() => undefined);
    return entry;
  }
}

/** A compilation error with the line it points at. */
async function describe(
  { label, shader, code }: Dispatch,
  module: GPUShaderModule,
  cause: unknown,
): Promise<LangevinError> {
  const messages = await module.getCompilationInfo().then(
    (info) => info.messages,
    () => [], // The device is gone.
  );
  const lines = code.split('\n');
  const errors = messages
    .filter(({ type }) => type === 'error')
    .map(
      ({ message, lineNum }) =>
        `${message} at line ${lineNum} of the composed code, \`${lines[lineNum - 1]?.trim() ?? ''}\``,
    );
  const reason =
    errors.length > 0 ? errors.join('; ') : cause instanceof Error ? cause.message : String(cause);
  return new LangevinError(
    'SHADER',
    `shaders/${shader}.wgsl, composed for ${label}, does not compile here: ${reason}`,
    { cause },
  );
}
