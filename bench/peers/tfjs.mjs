/**
 * The workloads in TensorFlow.js: the same networks, data, losses and optimizers.
 *
 *     echo 5 | node tfjs.mjs webgpu f1-adam
 */
import { adapterName } from './dawn.mjs';
import tf from '@tensorflow/tfjs';
import { hashed, labels, symmetric, weights } from './data.mjs';
import { serve } from './serve.mjs';
import { C1_STAGES, RATES, chosen } from './workloads.mjs';

const [backend, name] = process.argv.slice(2);
const workload = chosen(name);

const noise = (shape, seed, f) => tf.tensor(hashed(shape, seed, f), shape);
const weight = (shape, k) => tf.variable(tf.tensor(weights(shape, k), shape));
const constant = (size, value, trainable = true) => tf.variable(tf.fill([size], value), trainable);

/** `forward` goes from a batch of examples to ten logits. */
function training({ variables, forward, inputShape }, { batch, optimizer }) {
  const rule = tf.train[optimizer](RATES[optimizer]);
  const x = noise([batch, ...inputShape], 0);
  const y = tf.oneHot(tf.tensor1d(labels(batch), 'int32'), 10);
  const loss = () => tf.losses.softmaxCrossEntropy(y, forward(x));
  return {
    parameters: variables.reduce((sum, { size }) => sum + size, 0),
    step: () => [rule.minimize(loss, true, variables)],
  };
}

function mlp({ widths, ...rest }) {
  const layers = widths.slice(1).map((outputs, k) => [weight([widths[k], outputs], k), constant(outputs, 0)]);
  // Of two ways the faster: tf.fused.matMul with the bias took 1.0 to 1.4 times as long in training (lavapipe).
  const forward = (x) =>
    layers.reduce((h, [w, bias], k) => {
      const y = tf.add(tf.matMul(h, w), bias);
      return k + 1 < layers.length ? tf.relu(y) : y;
    }, x);
  return training({ variables: layers.flat(), forward, inputShape: [widths[0]] }, rest);
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

function c1({ batch, ...rest }) {
  let k = 0;
  let inputs = 3;
  const blocks = C1_STAGES.map((outputs) =>
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
  return training({ variables, forward, inputShape: [32, 32, 3] }, { batch, ...rest });
}

/** Images [B, 32, 32, 64] and 64 filters: the output, or the output and both gradients. */
function convolution({ batch, differentiate }) {
  const x = noise([batch, 32, 32, 64], 0, symmetric);
  const w = noise([3, 3, 64, 64], 1 << 24, symmetric);
  const cotangent = noise([batch, 32, 32, 64], 2 << 24, symmetric);
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

function matmul({ size, transposed }) {
  const [a, b] = [1, 2].map((layer) => noise([size, size], layer << 24, symmetric));
  return {
    parameters: b.size,
    step: () => [tf.matMul(a, b, transposed === 'a', transposed === 'b')],
  };
}

if (backend === 'wasm') {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(new URL('./node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url).pathname);
} else await import('@tensorflow/tfjs-backend-webgpu');
await tf.setBackend(backend);
await tf.ready();
if (tf.getBackend() !== backend) throw new Error(`TensorFlow.js has no ${backend} here.`);

const { parameters, step } = { mlp, c1, convolution, matmul }[workload.kind](workload);
const adapter = backend === 'webgpu' ? await adapterName() : '';
await serve(
  { engine: 'TensorFlow.js', version: tf.version.tfjs, adapter, parameters },
  {
    step,
    release: (results) => tf.dispose(results),
    /** Reads one element, which waits for all work before it. */
    async finished([result]) {
      const element = tf.tidy(() => tf.slice(tf.reshape(result, [-1]), 0, 1));
      await element.data();
      element.dispose();
    },
    async magnitudes(results) {
      const values = [];
      for (const result of results) {
        const magnitude = tf.tidy(() => tf.mean(tf.abs(result)));
        values.push((await magnitude.data())[0]);
        magnitude.dispose();
      }
      return values;
    },
  },
);
