/**
 * The workloads in jax-js: the same networks, data, losses and optimizers, each step recorded by `jit`. Images are
 * [B, C, H, W] and filters [O, I, 3, 3], the only layout it convolves; data is brought into it before the first step.
 * jax-js counts references by hand: an operation consumes its operands, and `.ref` keeps one.
 *
 *     echo 5 | node jax.mjs webgpu f1-adam
 */
import { adapterName } from './dawn.mjs';
import { readFileSync } from 'node:fs';
import { hashed, labels, sizeOf, symmetric, weights } from './data.mjs';
import { serve } from './serve.mjs';
import { C1_STAGES, RATES, chosen } from './workloads.mjs';
import {
  init,
  defaultDevice,
  numpy as np,
  jit,
  valueAndGrad,
  vjp,
  nn,
  lax,
  tree,
  blockUntilReady,
} from '@jax-js/jax';

const [backend, name] = process.argv.slice(2);
const workload = chosen(name);
const present = await init(backend);
if (!present.includes(backend)) throw new Error(`jax-js has no ${backend} here.`);
defaultDevice(backend);

const array = (data, shape) => np.array(data, { shape, dtype: np.float32 });
const constant = (size, value) => array(new Float32Array(size).fill(value), [size]);
/** Every array of a tree once more. */
const keep = (values) => tree.map((value) => value.ref, values);

/** `data` of `shape` with its axes in another order. */
function permuted(data, shape, order) {
  const strides = shape.map((_, k) => sizeOf(shape.slice(k + 1)));
  const extents = order.map((axis) => shape[axis]);
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) {
    let rest = i;
    let from = 0;
    for (let k = order.length - 1; k >= 0; k--) {
      from += (rest % extents[k]) * strides[order[k]];
      rest = Math.floor(rest / extents[k]);
    }
    out[i] = data[from];
  }
  return array(out, extents);
}

const TO_CHANNELS_FIRST = [0, 3, 1, 2];
const TO_OUTPUTS_FIRST = [3, 2, 0, 1];

const convolve = (images, filters) => lax.convGeneralDilated(images, filters, [1, 1], 'SAME');

const RULES = {
  sgd: {
    start: () => [],
    update: (params, grads) => [params.map((p, k) => p.sub(grads[k].mul(RATES.sgd))), []],
  },
  adam: {
    start: (params) => ({
      m: params.map((p) => np.zerosLike(p.ref)),
      v: params.map((p) => np.zerosLike(p.ref)),
      // 0.9 and 0.999 to the power of the steps so far.
      powers: [np.ones([]), np.ones([])],
    }),
    update(params, grads, state) {
      const powers = [state.powers[0].mul(0.9), state.powers[1].mul(0.999)];
      const scales = powers.map((power) => np.subtract(1, power.ref));
      const m = state.m.map((old, k) => old.mul(0.9).add(grads[k].ref.mul(0.1)));
      const v = state.v.map((old, k) => old.mul(0.999).add(np.square(grads[k]).mul(0.001)));
      const next = params.map((p, k) => {
        const size = np.sqrt(v[k].ref.div(scales[1].ref)).add(1e-8);
        return p.sub(m[k].ref.div(scales[0].ref).mul(RATES.adam).div(size));
      });
      for (const scale of scales) scale.dispose();
      return [next, { m, v, powers }];
    },
  },
};

/** `forward(params, memory, x)` returns ten logits and the memory of the next step, a list of arrays. */
function training({ params, memory, forward, images }, { batch, optimizer }) {
  const rule = RULES[optimizer];
  const classes = new Float32Array(10 * batch);
  for (const [row, label] of labels(batch).entries()) classes[10 * row + label] = 1;
  const y = array(classes, [batch, 10]);
  const loss = (trained, statistics, x, targets) => {
    const [logits, next] = forward(trained, statistics, x);
    return [np.mean(np.sum(nn.logSoftmax(logits, 1).mul(targets), 1)).neg(), next];
  };
  const recorded = jit((state, x, targets) => {
    const [[value, next], grads] = valueAndGrad(loss, { hasAux: true })(
      keep(state.params),
      state.memory,
      x,
      targets,
    );
    const [trained, optimized] = rule.update(state.params, grads, state.optimizer);
    return [{ params: trained, memory: next, optimizer: optimized }, value];
  });
  const parameters = params.reduce((sum, { size }) => sum + size, 0);
  let state = { params, memory, optimizer: rule.start(params) };
  return {
    parameters,
    step() {
      const [next, value] = recorded(state, images.ref, y.ref);
      state = next;
      return [value];
    },
    everything: () => state,
  };
}

function mlp({ widths, batch, optimizer }) {
  const params = widths
    .slice(1)
    .flatMap((outputs, k) => [
      array(weights([widths[k], outputs], k), [widths[k], outputs]),
      constant(outputs, 0),
    ]);
  const forward = (trained, memory, x) => {
    let h = x;
    for (let k = 0; k < trained.length; k += 2) {
      h = np.matmul(h, trained[k]).add(trained[k + 1]);
      if (k + 2 < trained.length) h = nn.relu(h);
    }
    return [h, memory];
  };
  const images = array(hashed([batch, widths[0]], 0), [batch, widths[0]]);
  return training({ params, memory: [], forward, images }, { batch, optimizer });
}

/** Normalises every channel over the batch: [normalised, mean, variance]. */
function batchNorm(x, scale, offset) {
  const mean = np.mean(x.ref, [0, 2, 3], { keepdims: true });
  const centred = x.sub(mean.ref);
  const variance = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true });
  const factor = np.reciprocal(np.sqrt(variance.ref.add(1e-5))).mul(scale.reshape([1, -1, 1, 1]));
  return [centred.mul(factor).add(offset.reshape([1, -1, 1, 1])), mean.flatten(), variance.flatten()];
}

function c1({ batch, optimizer }) {
  const params = [];
  const memory = [];
  let inputs = 3;
  for (const [k, outputs] of C1_STAGES.flatMap((outputs) => [outputs, outputs, outputs]).entries()) {
    const shape = [3, 3, inputs, outputs];
    params.push(permuted(weights(shape, k), shape, TO_OUTPUTS_FIRST));
    params.push(constant(outputs, 0), constant(outputs, 1), constant(outputs, 0));
    memory.push(constant(outputs, 0), constant(outputs, 1));
    inputs = outputs;
  }
  // The head's rows in the order in which images with channels first are flattened.
  const head = permuted(weights([4096, 10], 9), [4, 4, 256, 10], [2, 0, 1, 3]);
  params.push(head.reshape([4096, 10]), constant(10, 0));
  const forward = (trained, statistics, x) => {
    const next = [];
    let h = x;
    for (let k = 0; k < 9; k++) {
      const [filters, bias, scale, offset] = trained.slice(4 * k, 4 * k + 4);
      const [normalised, ...moments] = batchNorm(
        convolve(h, filters).add(bias.reshape([1, -1, 1, 1])),
        scale,
        offset,
      );
      h = nn.relu(normalised);
      for (const [i, moment] of moments.entries())
        next.push(statistics[2 * k + i].mul(0.9).add(lax.stopGradient(moment).mul(0.1)));
      if (k % 3 === 2) {
        const [b, c, side] = h.shape;
        h = np.max(h.reshape([b, c, side / 2, 2, side / 2, 2]), [3, 5]);
      }
    }
    return [np.matmul(h.reshape([batch, 4096]), trained[36]).add(trained[37]), next];
  };
  const shape = [batch, 32, 32, 3];
  const images = permuted(hashed(shape, 0), shape, TO_CHANNELS_FIRST);
  return training({ params, memory, forward, images }, { batch, optimizer });
}

/** Images [B, 64, 32, 32] and 64 filters: the output, or the output and both gradients. */
function convolution({ batch, differentiate }) {
  const shape = [batch, 32, 32, 64];
  const x = permuted(hashed(shape, 0, symmetric), shape, TO_CHANNELS_FIRST);
  const w = permuted(hashed([3, 3, 64, 64], 1 << 24, symmetric), [3, 3, 64, 64], TO_OUTPUTS_FIRST);
  const cotangent = permuted(hashed(shape, 2 << 24, symmetric), shape, TO_CHANNELS_FIRST);
  const recorded = jit((images, filters, ct) => {
    if (!differentiate) {
      ct.dispose();
      return [convolve(images, filters)];
    }
    const [value, pullback] = vjp(convolve, [images, filters]);
    const gradients = pullback(ct);
    pullback.dispose();
    return [value, ...gradients];
  });
  return { parameters: w.size, step: () => recorded(x.ref, w.ref, cotangent.ref) };
}

function matmul({ size, transposed }) {
  const [a, b] = [1, 2].map((layer) => array(hashed([size, size], layer << 24, symmetric), [size, size]));
  const recorded = jit((x, y) =>
    np.matmul(transposed === 'a' ? x.transpose() : x, transposed === 'b' ? y.transpose() : y),
  );
  return { parameters: b.size, step: () => [recorded(a.ref, b.ref)] };
}

const { parameters, step, everything = () => [] } = { mlp, c1, convolution, matmul }[workload.kind](workload);
const { version } = JSON.parse(
  readFileSync(new URL('./node_modules/@jax-js/jax/package.json', import.meta.url), 'utf8'),
);
const adapter = backend === 'webgpu' ? await adapterName() : '';
/**
 * Arrays are computed when one waits for them, and never if they are given back before. Waiting for each step is the
 * faster way on wasm, where memory is used again then; on WebGPU the device would idle, so one waits after several.
 */
const STEPS_BETWEEN_WAITS = { webgpu: 10, wasm: 1 };
let waiting = [];
async function finish() {
  await blockUntilReady([waiting, everything()]);
  for (const results of waiting.slice(0, -1)) for (const result of results) result.dispose();
  waiting = waiting.slice(-1);
}

await serve(
  { engine: 'jax-js', version, adapter, parameters },
  {
    async step() {
      if (waiting.length > STEPS_BETWEEN_WAITS[backend]) await finish();
      waiting.push(step());
      return waiting.at(-1);
    },
    finished: finish,
    /** A step's results are given back with the next ones. */
    release: () => undefined,
    async magnitudes(results) {
      const values = [];
      for (const result of results) values.push((await np.mean(np.abs(result.ref)).data())[0]);
      return values;
    },
  },
);
