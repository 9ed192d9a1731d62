const turns = new Map<string, Promise<unknown>>();

/** Runs `task` after those of the same key that came before, whatever became of them. */
export function inTurn<T>(key: string, task: () => Promise<T>): Promise<T> {
  const before = turns.get(key) ?? Promise.resolve();
  const result = before.then(task, task);
  const settled = result.then(
    () => {},
    () => {},
  );
  turns.set(key, settled);
  void settled.then(() => {
    if (turns.get(key) === settled) turns.delete(key);
  });
  return result;
}
