/**
 * Measures the shaders by themselves, without the engine: the numbers of docs/kernels.md.
 *
 *   node bench/shaders.mjs products|convolutions|loads|compile|maps|reductions|accuracy [folder of .wgsl files]
 *
 * The Vulkan driver is the one the environment names (VK_ICD_FILENAMES). On a driver that runs shaders on the CPU the
 * figure that repeats on a shared machine is processor time, so that is what is reported: the time of all threads but
 * Node's own (which polls), least of several rounds, variants taking turns. "On 2 cores" divides it by two.
 */
const SECTIONS = ['products', 'convolutions', 'loads', 'compile', 'maps', 'reductions', 'accuracy'];

const name = process.argv[2];
if (!SECTIONS.includes(name)) throw new Error(`Say one of ${SECTIONS.join(', ')}.`);
const { device, title } = await import('./shaders/device.mjs');
const { [name]: section } = await import(`./shaders/${name}.mjs`);
console.log(`${title}\n`);
await section();
device.destroy();
