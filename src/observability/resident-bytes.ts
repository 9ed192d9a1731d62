let lastBytes = 0;

/** Resident memory of this process. Asking takes a descriptor: while none is free, it is what it was last. */
export function residentBytes(): number {
  try {
    lastBytes = process.memoryUsage.rss();
  } catch {
    // EMFILE, which must cost a figure and not the process.
  }
  return lastBytes;
}
