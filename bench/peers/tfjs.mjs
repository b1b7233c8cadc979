/**
 * The training steps of bench/steps.ts in TensorFlow.js on WebGPU: the same network, data, loss and optimizer.
 *
 *     echo 5 | node tfjs.mjs f1-adam
 *
 * prints a JSON line that describes the peer, and then for every line of input, a number of steps, one JSON line
 * { "ms": milliseconds per step, "loss": the loss of the last one }.
 */
import { adapterName } from './dawn.mjs';
import { createInterface } from 'node:readline';
import tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';

const WORKLOADS = {
  'f1-adam': {
    widths: [784, 500, 500, 500, 500, 500, 500, 500, 10],
    batch: 256,
    optimizer: () => tf.train.adam(1e-3),
  },
  'small-sgd': { widths: [784, 64, 10], batch: 32, optimizer: () => tf.train.sgd(0.1) },
};

/** The finalizer of MurmurHash3 on i, as a number in [0, 1): the same data in every engine. */
function hash(i) {
  let h = Math.imul(i ^ (i >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

const fill = (size, seed, f) => Float32Array.from({ length: size }, (_, i) => f(hash(i + seed)));

function makeStep({ widths, batch, optimizer }) {
  const layers = widths.slice(1).map((outputs, k) => {
    const inputs = widths[k];
    // Uniform with variance 2/inputs.
    const limit = Math.sqrt(6 / inputs);
    const weight = fill(inputs * outputs, (k + 1) << 24, (u) => limit * (2 * u - 1));
    return [tf.variable(tf.tensor(weight, [inputs, outputs])), tf.variable(tf.zeros([outputs]))];
  });
  const x = tf.tensor(
    fill(batch * widths[0], 0, (u) => u),
    [batch, widths[0]],
  );
  const labels = Int32Array.from({ length: batch }, (_, i) => Math.floor(10 * hash(i + (255 << 24))));
  const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
  const rule = optimizer();
  // Of two ways the faster: tf.fused.matMul with the bias took 1.0 to 1.4 times as long in training (lavapipe).
  const loss = () => {
    let h = x;
    layers.forEach(([weight, bias], k) => {
      h = tf.add(tf.matMul(h, weight), bias);
      if (k + 1 < layers.length) h = tf.relu(h);
    });
    return tf.losses.softmaxCrossEntropy(y, h);
  };
  return () => rule.minimize(loss, true, layers.flat());
}

const workload = WORKLOADS[process.argv[2]];
if (!workload)
  throw new Error(`Workload ${process.argv[2]} is none of ${Object.keys(WORKLOADS).join(', ')}.`);
await tf.setBackend('webgpu');
await tf.ready();
if (tf.getBackend() !== 'webgpu') throw new Error('TensorFlow.js has no WebGPU here.');
const adapter = await adapterName();
console.log(JSON.stringify({ engine: 'TensorFlow.js', version: tf.version.tfjs, adapter }));

const step = makeStep(workload);
for await (const line of createInterface({ input: process.stdin })) {
  const steps = Number(line);
  const start = performance.now();
  let last;
  for (let k = 0; k < steps; k++) {
    last?.dispose();
    last = step();
  }
  const [value] = await last.data();
  last.dispose();
  console.log(JSON.stringify({ ms: (performance.now() - start) / steps, loss: value }));
}
process.exit(0);
