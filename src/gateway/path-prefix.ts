/** Where an application's paths stand towards those that browsers ask for. */
export interface PathPrefix {
  /** In front of every path that browsers ask for; empty when nothing is. */
  strip: string
  /** In front of every path that the application knows; empty when nothing is. */
  base: string
}

/**
 * Makes the target for the application of the one that was decided on: one prefix is cut off, the
 * other is put in front, and every other byte stays as it is. Nothing is decoded or resolved.
 *
 * @returns `undefined` where nothing is: outside the prefix, or where cutting it would leave a target
 * that begins with `//`, which some servers take for the name of a host.
 */
export function targetBehind({ strip, base }: PathPrefix, target: string): string | undefined {
  const rest = below(strip, target)
  if (rest === undefined) return undefined
  if (rest === '' || rest.startsWith('?')) return `${base || '/'}${rest}`
  if (strip !== '' && base === '' && rest.startsWith('//')) return undefined
  return base + rest
}

/** Our own pages stand on the host of every application, whatever its prefix. */
const OWN = '/.gatehouse/'

/**
 * The other way round, for a path that an application names in an answer. An application that knows
 * of the prefix names it, and one that does not leaves it out: both are understood.
 */
export function pathBefore({ strip, base }: PathPrefix, path: string): string {
  if (path.startsWith(OWN)) return path
  const rest = below(base, path)
  // Beside the place where the application stands: it means some other one.
  if (rest === undefined) return path
  const isKnown = strip !== '' && below(strip, rest) !== undefined
  const full = isKnown ? rest : strip + rest
  return full.startsWith('/') ? full : `/${full}`
}

/** What is left of a path behind a prefix that ends with a whole segment. */
function below(prefix: string, path: string): string | undefined {
  if (prefix === '') return path
  if (!path.startsWith(prefix)) return undefined
  const rest = path.slice(prefix.length)
  return rest === '' || /^[/?#]/.test(rest) ? rest : undefined
}
