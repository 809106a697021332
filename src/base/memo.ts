/**
 * Keeps what a pure function has said, by its argument. Strangers may come with any number of others: then
 * everything is forgotten, and found anew.
 *
 * @param limit How many answers are kept.
 */
export function remembering<T>(limit: number, judge: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const verdict = known.get(text)
    if (verdict !== undefined) return verdict
    if (known.size >= limit) known.clear()
    const judged = judge(text)
    known.set(text, judged)
    return judged
  }
}
