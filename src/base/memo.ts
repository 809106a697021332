/**
 * Keeps what a pure function has said, by its argument. Strangers may come with any number of others: then
 * everything is forgotten, and found anew.
 *
 * @param limit How many answers are kept.
 * @param longest What is longer is found anew each time: nobody gets to fill the memory.
 */
export function remembering<T>(
  limit: number,
  judge: (text: string) => T,
  longest = 256,
): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    if (text.length > longest) return judge(text)
    const verdict = known.get(text)
    if (verdict !== undefined) return verdict
    if (known.size >= limit) known.clear()
    const judged = judge(text)
    known.set(text, judged)
    return judged
  }
}
