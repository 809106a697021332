import { it } from 'vitest'

/**
 * A test written by hand for one case of `attacks.json`. The id must be written out, in single
 * quotes: the roll call of `attacks.test.ts` reads it from the source.
 */
export function story(
  id: string,
  title: string,
  tell: () => Promise<void>,
  timeoutMs?: number,
): void {
  it(`${id} ${title}`, tell, timeoutMs)
}
