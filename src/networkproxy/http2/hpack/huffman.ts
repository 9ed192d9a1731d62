import { codeLengths, codes, endOfString } from './huffman-code.ts';

/*
 * The decoder walks the code's tree four bits at a time. Codes have at least five bits, so a step ends at most one symbol. A state is an
 * inner node of the tree; the entry for (state, four bits) packs the next state, whether a symbol ended, whether the input may end
 * there, and the symbol.
 */
const symbolFlag = 0x100;
/** The bits since the last symbol are a valid padding: fewer than eight, all ones (RFC 7541 section 5.2). */
const acceptFlag = 0x200;
const stateShift = 10;
const failure = -1;

interface Node {
  readonly children: [Node | number | undefined, Node | number | undefined];
  readonly state: number;
  /** Bits below the root. */
  readonly depth: number;
  readonly allOnes: boolean;
}

const transitions: Int32Array = buildTransitions();

/**
 * Decodes `bytes` from `start` to `end` into `target`, which must have room for eight bytes out of five.
 * @returns how many bytes came out, -1 when the input is no valid code
 */
export function decodeHuffman(bytes: Buffer, start: number, end: number, target: Buffer): number {
  let state = 0;
  let length = 0;
  let accepts = true;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    const high = transitions[(state << 4) | (byte >> 4)] as number;
    if (high === failure) return -1;
    if ((high & symbolFlag) !== 0) target[length++] = high;
    const low = transitions[((high >> stateShift) << 4) | (byte & 0xf)] as number;
    if (low === failure) return -1;
    if ((low & symbolFlag) !== 0) target[length++] = low;
    state = low >> stateShift;
    accepts = (low & acceptFlag) !== 0;
  }
  return accepts ? length : -1;
}

/** Bytes that the latin1 string takes when it is encoded. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += codeLengths[text.charCodeAt(i)] as number;
  return (bits + 7) >> 3;
}

/** Encodes the latin1 string at `at` and returns the position behind it. */
export function encodeHuffman(text: string, buffer: Buffer, at: number): number {
  let position = at;
  let pending = 0;
  let pendingBits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    let bits = codeLengths[symbol] as number;
    const code = codes[symbol] as number;
    // At most seven bits wait: a code of more than 24 is taken in two parts, to stay within 32 bits.
    if (bits > 24) {
      bits -= 8;
      pending = (pending << 8) | (code >>> bits);
      buffer[position++] = pending >>> pendingBits;
      pending &= (1 << pendingBits) - 1;
    }
    pending = (pending << bits) | (code & ((1 << bits) - 1));
    pendingBits += bits;
    while (pendingBits >= 8) {
      pendingBits -= 8;
      buffer[position++] = pending >>> pendingBits;
    }
    pending &= (1 << pendingBits) - 1;
  }
  if (pendingBits > 0) buffer[position++] = (pending << (8 - pendingBits)) | (0xff >> pendingBits);
  return position;
}

function buildTransitions(): Int32Array {
  const nodes: Node[] = [];
  const makeNode = (depth: number, allOnes: boolean): Node => {
    const node: Node = { children: [undefined, undefined], state: nodes.length, depth, allOnes };
    nodes.push(node);
    return node;
  };
  const root = makeNode(0, true);
  for (let symbol = 0; symbol < codes.length; symbol++) {
    let node = root;
    for (let bit = (codeLengths[symbol] as number) - 1; bit >= 0; bit--) {
      const side = ((codes[symbol] as number) >>> bit) & 1;
      if (bit === 0) {
        node.children[side] = symbol;
        break;
      }
      const known = node.children[side];
      const next: Node = typeof known === 'object' ? known : makeNode(node.depth + 1, node.allOnes && side === 1);
      node.children[side] = next;
      node = next;
    }
  }
  const table = new Int32Array(nodes.length * 16);
  for (const node of nodes) {
    for (let nibble = 0; nibble < 16; nibble++) table[node.state * 16 + nibble] = transition(root, node, nibble);
  }
  return table;
}

function transition(root: Node, from: Node, nibble: number): number {
  let node = from;
  let symbol = -1;
  for (let bit = 3; bit >= 0; bit--) {
    const child = node.children[((nibble >> bit) & 1) as 0 | 1];
    if (child === undefined || child === endOfString) return failure;
    if (typeof child === 'number') symbol = child;
    node = typeof child === 'number' ? root : child;
  }
  const accepts = node.allOnes && node.depth < 8;
  return (node.state << stateShift) | (accepts ? acceptFlag : 0) | (symbol === -1 ? 0 : symbolFlag | symbol);
}
