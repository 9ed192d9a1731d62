const period = 251;
const longest = 8 * 1024 * 1024;
const pattern = Buffer.alloc(longest + period);
for (let at = 0; at < pattern.length; at++) pattern[at] = at % period;

/** The body of the message with this number in its stream: of two that were exchanged or cut, neither is the same. */
export function patternOf(size: number, index: number): Buffer {
  if (size > longest) throw new RangeError(`Cannot make a body of ${size} bytes: the longest has ${longest}`);
  const offset = index % period;
  return pattern.subarray(offset, offset + size);
}
