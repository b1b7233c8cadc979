/**
 * The workloads of bench/workloads.ts in TensorFlow.js on WebGPU: the same networks, data, losses and optimizers.
 *
 *     echo 5 | node tfjs.mjs f1-adam
 *
 * prints a JSON line that describes the peer, and then for every line of input, a number of steps, one JSON line
 * { "ms": milliseconds per step, "values": the mean magnitude of each result of the last one }.
 */
import { adapterName } from './dawn.mjs';
import { createInterface } from 'node:readline';
import tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-webgpu';

/** The finalizer of MurmurHash3 on i, as a number in [0, 1): the same data in every engine. */
function hash(i) {
  let h = Math.imul(i ^ (i >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

function hashed(shape, seed, f = (u) => u) {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => f(hash(i + seed))),
    shape,
  );
}

const symmetric = (u) => 2 * u - 1;

/** Weights of layer k, uniform with variance 2/inputs. */
function weight(shape, k) {
  const inputs = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  return tf.variable(hashed(shape, (k + 1) << 24, (u) => Math.sqrt(6 / inputs) * symmetric(u)));
}

const constant = (size, value, trainable = true) => tf.variable(tf.fill([size], value), trainable);

/** `forward` goes from a batch of examples to ten logits. */
function training({ variables, forward, inputShape, batch, optimizer }) {
  const x = hashed([batch, ...inputShape], 0);
  const labels = Int32Array.from({ length: batch }, (_, i) => Math.floor(10 * hash(i + (255 << 24))));
  const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);
  const loss = () => tf.losses.softmaxCrossEntropy(y, forward(x));
  return {
    parameters: variables.reduce((sum, { size }) => sum + size, 0),
    step: () => [optimizer.minimize(loss, true, variables)],
  };
}

function mlp(widths, batch, optimizer) {
  const layers = widths.slice(1).map((outputs, k) => [weight([widths[k], outputs], k), constant(outputs, 0)]);
  // Of two ways the faster: tf.fused.matMul with the bias took 1.0 to 1.4 times as long in training (lavapipe).
  const forward = (x) =>
    layers.reduce((h, [w, bias], k) => {
      const y = tf.add(tf.matMul(h, w), bias);
      return k + 1 < layers.length ? tf.relu(y) : y;
    }, x);
  return training({ variables: layers.flat(), forward, inputShape: [widths[0]], batch, optimizer });
}

/**
 * Normalises every channel over the batch, and moves the running statistics by a tenth. Of two ways the faster:
 * tf.batchNorm took 1.0 to 1.8 times as long in training (lavapipe).
 */
function batchNorm({ scale, offset, running }, x) {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  for (const [k, statistic] of [mean, variance].entries())
    running[k].assign(tf.add(tf.mul(running[k], 0.9), tf.mul(statistic, 0.1)));
  const factor = tf.mul(tf.rsqrt(tf.add(variance, 1e-5)), scale);
  return tf.add(tf.mul(tf.sub(x, mean), factor), offset);
}

function c1(batch, optimizer) {
  const stages = [64, 128, 256];
  let k = 0;
  let inputs = 3;
  const blocks = stages.map((outputs) =>
    [0, 1, 2].map(() => {
      const block = {
        filters: weight([3, 3, inputs, outputs], k++),
        bias: constant(outputs, 0),
        scale: constant(outputs, 1),
        offset: constant(outputs, 0),
        running: [constant(outputs, 0, false), constant(outputs, 1, false)],
      };
      inputs = outputs;
      return block;
    }),
  );
  const head = { weights: weight([4096, 10], k), bias: constant(10, 0) };
  const forward = (images) => {
    let h = images;
    for (const stage of blocks) {
      for (const block of stage) {
        h = tf.add(tf.conv2d(h, block.filters, 1, 'same'), block.bias);
        h = tf.relu(batchNorm(block, h));
      }
      h = tf.maxPool(h, 2, 2, 'valid');
    }
    return tf.add(tf.matMul(tf.reshape(h, [batch, -1]), head.weights), head.bias);
  };
  const trained = blocks.flat().flatMap(({ filters, bias, scale, offset }) => [filters, bias, scale, offset]);
  const variables = [...trained, head.weights, head.bias];
  return training({ variables, forward, inputShape: [32, 32, 3], batch, optimizer });
}

/** Images [16, 32, 32, 64] and 64 filters: the output, or the output and both gradients. */
function convolution(differentiate) {
  const x = hashed([16, 32, 32, 64], 0, symmetric);
  const w = hashed([3, 3, 64, 64], 1 << 24, symmetric);
  const cotangent = hashed([16, 32, 32, 64], 2 << 24, symmetric);
  const convolve = (images, filters) => tf.conv2d(images, filters, 1, 'same');
  const derivative = tf.valueAndGrads(convolve);
  return {
    parameters: w.size,
    step() {
      if (!differentiate) return [convolve(x, w)];
      const { value, grads } = derivative([x, w], cotangent);
      return [value, ...grads];
    },
  };
}

const WORKLOADS = {
  'small-sgd': () => mlp([784, 64, 10], 32, tf.train.sgd(0.1)),
  'f1-adam': () => mlp([784, 500, 500, 500, 500, 500, 500, 500, 10], 256, tf.train.adam(1e-3)),
  'conv-forward': () => convolution(false),
  'conv-gradients': () => convolution(true),
  'c1-adam': () => c1(32, tf.train.adam(1e-3)),
};

const start = WORKLOADS[process.argv[2]];
if (!start) throw new Error(`Workload ${process.argv[2]} is none of ${Object.keys(WORKLOADS).join(', ')}.`);
await tf.setBackend('webgpu');
await tf.ready();
if (tf.getBackend() !== 'webgpu') throw new Error('TensorFlow.js has no WebGPU here.');
const adapter = await adapterName();
const { parameters, step } = start();
console.log(JSON.stringify({ engine: 'TensorFlow.js', version: tf.version.tfjs, adapter, parameters }));

/** Reads one element, which waits for all work before it. */
async function finished([result]) {
  const element = tf.tidy(() => tf.slice(tf.reshape(result, [-1]), 0, 1));
  await element.data();
  element.dispose();
}

async function magnitudes(results) {
  const values = [];
  for (const result of results) {
    const magnitude = tf.tidy(() => tf.mean(tf.abs(result)));
    values.push((await magnitude.data())[0]);
    magnitude.dispose();
  }
  return values;
}

for await (const line of createInterface({ input: process.stdin })) {
  const steps = Number(line);
  const begin = performance.now();
  let last;
  for (let k = 0; k < steps; k++) {
    if (last) tf.dispose(last);
    last = step();
  }
  await finished(last);
  const ms = (performance.now() - begin) / steps;
  const values = await magnitudes(last);
  tf.dispose(last);
  console.log(JSON.stringify({ ms, values }));
}
process.exit(0);
