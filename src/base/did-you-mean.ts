import { closest, distance } from 'fastest-levenshtein'

/** Finds the known name that a mistyped one most likely stands for; `undefined` when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const candidate = closest(name, known)
  const allowed = Math.max(2, Math.floor(candidate.length / 3))
  // Every two-letter name is two changes away from every other one: at least something must agree.
  return distance(name, candidate) <= Math.min(allowed, candidate.length - 1)
    ? candidate
    : undefined
}

/** `; did you mean "idle"?`, or nothing where no known name is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const candidate = nearest(name, known)
  return candidate === undefined ? '' : `; did you mean "${candidate}"?`
}
