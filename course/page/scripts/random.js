// The library's random numbers (experiments/kernels/counters.py, elementary.py), bit for bit up to the last rounding.
// A number of 64 bits is a pair of 32: JavaScript multiplies 32 bits exactly and fast.

const NOISE = 2;
const numbers = new Float64Array(1);
const words = new Uint32Array(numbers.buffer);

// The last product or mix: [high, low].
let high = 0;
let low = 0;

function multiply(ah, al, bh, bl) {
  const a0 = al & 0xffff, a1 = al >>> 16, b0 = bl & 0xffff, b1 = bl >>> 16;
  const first = a0 * b0;
  const second = a1 * b0 + (first >>> 16);
  const third = a0 * b1 + (second & 0xffff);
  low = ((third << 16) | (first & 0xffff)) >>> 0;
  const carried = a1 * b1 + Math.floor(second / 0x10000) + Math.floor(third / 0x10000);
  high = (carried + Math.imul(ah, bl) + Math.imul(al, bh)) >>> 0;
}

function mix(h, l) {
  multiply((h ^ (h >>> 30)) >>> 0, (l ^ ((l >>> 30) | (h << 2))) >>> 0, 0xbf58476d, 0x1ce4e5b9);
  multiply((high ^ (high >>> 27)) >>> 0, (low ^ ((low >>> 27) | (high << 5))) >>> 0, 0x94d049bb, 0x133111eb);
  const l31 = (low >>> 31) | (high << 1);
  const h31 = high >>> 31;
  low = (low ^ l31) >>> 0;
  high = (high ^ h31) >>> 0;
}

function add(ah, al, bh, bl) {
  const sum = al + bl;
  low = sum >>> 0;
  high = (ah + bh + (sum > 0xffffffff ? 1 : 0)) >>> 0;
}

const GOLDEN = [0x9e3779b9, 0x7f4a7c15];

/** The key of one step of one stream of a seed below 2^32, as [high, low]. */
export function streamKey(seed, stream, step) {
  add(0, seed, ...GOLDEN);
  mix(high, low);
  const h = high, l = low;
  multiply(0, stream, 0xbf58476d, 0x1ce4e5b9);
  mix((h ^ high) >>> 0, (l ^ low) >>> 0);
  const kh = high, kl = low;
  multiply(0, step, ...GOLDEN);
  add(kh, kl, high, low);
  mix(high, low);
  mix(high, low);
  return [high >>> 1, ((high << 31) | (low >>> 1)) >>> 0];
}

/** The i-th 64 random bits of a key, as [high, low]. */
export function randomBits(key, i) {
  multiply(0, i + 1, ...GOLDEN);
  add(key[0], key[1], high, low);
  mix(high, low);
  return [high, low];
}

const ROOT_HALF = Math.sqrt(0.5);

/** The logarithm of a positive number, by the series of the library. */
export function logarithm(x) {
  numbers[0] = ROOT_HALF;
  const [rootLow, rootHigh] = words;
  numbers[0] = x;
  const exponent = (words[1] - rootHigh - (words[0] < rootLow ? 1 : 0)) >> 20;
  words[1] -= exponent << 20;
  const f = numbers[0] - 1;
  const s = f / (2 + f);
  const z = s * s;
  let p = 2 / 21;
  for (const odd of [19, 17, 15, 13, 11, 9, 7, 5, 3]) p = p * z + 2 / odd;
  return exponent * 6.9314718036912381649e-1 + (f - s * (f - p * z) + exponent * 1.90821492927058770002e-10);
}

/** The j-th pair of standard normal numbers of a key, by Box and Muller. */
export function normalPair(key, j) {
  const [rh, rl] = randomBits(key, 2 * j);
  const [ah, al] = randomBits(key, 2 * j + 1);
  const radius = Math.sqrt(-2 * logarithm((rh * 2 ** 32 + rl + 0.5) * 2 ** -64));
  const angle = 2 * Math.PI * ((ah * 2 ** 21 + (al >>> 11)) * 2 ** -53);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** The noise of steps 1..steps of a seed in two dimensions: Float64Array (2 steps). */
export function normals(seed, steps) {
  const found = new Float64Array(2 * steps);
  for (let k = 1; k <= steps; k++) found.set(normalPair(streamKey(seed, NOISE, k), 0), 2 * k - 2);
  return found;
}

const MASK = (1n << 64n) - 1n;
const MULTIPLIERS = [0xd2e7470ee14c6c93n, 0xca5a826395121157n];
const WEYL = [0x9e3779b97f4a7c15n, 0xbb67ae8584caa73bn];

function philox(counter, key) {
  let x = [counter, 0n, 0n, 0n];
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const a = MULTIPLIERS[0] * x[0];
    const b = MULTIPLIERS[1] * x[2];
    x = [(b >> 64n) ^ x[1] ^ k0, b & MASK, (a >> 64n) ^ x[3] ^ k1, a & MASK];
    k0 = (k0 + WEYL[0]) & MASK;
    k1 = (k1 + WEYL[1]) & MASK;
  }
  return x;
}

/** The first uniform numbers of the stream of delays of a seed: numpy's Philox under the key (seed, "delays"). */
export function delayUniforms(seed, count) {
  const stream = [..."delays"].reduce((found, letter) => (found << 8n) | BigInt(letter.charCodeAt(0)), 0n);
  const found = new Float64Array(count);
  for (let block = 0; 4 * block < count; block++) {
    philox(BigInt(block + 1), [BigInt(seed), stream]).forEach((bits, i) => {
      if (4 * block + i < count) found[4 * block + i] = Number(bits >> 11n) * 2 ** -53;
    });
  }
  return found;
}
