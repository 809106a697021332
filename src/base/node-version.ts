// Read before anything else is loaded, on whatever Node there is: keep to old syntax, import nothing.

const OLDEST = [24, 17] as const

/**
 * Says that a Node is too old for this program.
 *
 * @param version `process.version`, such as `v26.10.0`.
 * @returns One sentence; `undefined` when the version will do.
 */
export function tooOldNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined
  return `Gatehouse needs Node ${OLDEST.join('.')} or newer, and this is ${version}: install a current Node from https://nodejs.org, or use the container image.`
}
