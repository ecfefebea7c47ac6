/** What a failed start leaves open would keep the process alive, listening to nobody. */
export async function undoOnFailure<T>(
  work: Promise<T>,
  undo: () => Promise<void> | void,
): Promise<T> {
  try {
    return await work;
  } catch (fault) {
    await undo();
    throw fault;
  }
}
