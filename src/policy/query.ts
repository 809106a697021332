import { foldCase } from './path.ts'

/** What a rule says of one query parameter. */
export interface QueryCondition {
  name: string
  /** Is the parameter there at all? */
  present?: boolean | undefined
  /** It is there, once, and has one of these values. */
  is?: readonly string[] | undefined
  /** It has none of these values, or is not there. */
  not?: readonly string[] | undefined
}

/** `unclear` when it depends on who reads the query. */
export type Match = 'yes' | 'no' | 'unclear'

/** Does a raw query, without its `?`, fulfill a condition? */
export type QueryTest = (query: string) => Match

/**
 * Turns a condition into a test.
 *
 * Programs read a query in many ways: of two parameters of one name they take the first, the last, or
 * both; some decode twice or not at all, know no difference between `A` and `a` or between `a.b` and
 * `a_b`, make a list of `a[]`, or part at `;`. So a parameter is believed only when it stands there once
 * and in its plain spelling, and a condition is fulfilled or not only when all readings of its value
 * say so.
 */
export function queryTest(condition: QueryCondition): QueryTest {
  const wanted = likeness(condition.name)
  const holds = holdsFor(condition)
  const foldedHolds = holdsFor({
    ...condition,
    is: condition.is?.map(foldCase),
    not: condition.not?.map(foldCase),
  })

  return (query) => {
    const answers = new Set<boolean>()
    for (const pairs of pairings(query)) {
      if (pairs.length > MAX_PAIRS || pairs.some(({ name }) => decode(name) === undefined)) {
        return 'unclear'
      }
      const [only, another] = pairs.filter(({ name }) => likeness(name) === wanted)
      if (another || (only && plainName(only.name) !== condition.name)) return 'unclear'
      const readings = only ? readingsOfValue(only.value) : [undefined]
      if (!readings && (condition.is || condition.not)) return 'unclear'
      for (const value of readings ?? ['']) {
        answers.add(holds(value))
        answers.add(foldedHolds(value === undefined ? value : foldCase(value)))
      }
    }
    if (answers.size !== 1) return 'unclear'
    return answers.has(true) ? 'yes' : 'no'
  }
}

/** Some programs read no further than this. */
const MAX_PAIRS = 500

/**
 * The query as a server sees it that decodes a path before it looks for one.
 *
 * @returns `undefined` when that makes no difference.
 */
export function otherQueryOf(rawPath: string, query: string): string | undefined {
  if (!rawPath.includes('%')) return undefined
  // What is no text stays encoded.
  const path = decodeFully(rawPath)
    .normalize('NFKC')
    .replace(/%(?:3[df]|26)/gi, decodeURIComponent)
  const at = path.indexOf('?')
  return at < 0 ? undefined : `${path.slice(at + 1)}${query === '' ? '' : `&${query}`}`
}

/** A condition in words: `action is delete`. */
export function writtenQuery({ name, present, is, not }: QueryCondition): string {
  const parts = [
    ...(present === undefined ? [] : [present ? 'is there' : 'is not there']),
    ...(is ? [`is ${is.join(' or ')}`] : []),
    ...(not ? [`is not ${not.join(' or ')}`] : []),
  ]
  return `${name} ${parts.join(' and ')}`
}

const holdsFor =
  ({ present, is, not }: QueryCondition) =>
  (value: string | undefined): boolean => {
    if (present !== undefined && present !== (value !== undefined)) return false
    if (is && (value === undefined || !is.includes(value))) return false
    return !(not && value !== undefined && not.includes(value))
  }

interface Pair {
  name: string
  value: string
}

/** The pairs of a query: parted at `&`, and also at `;` where there is one. */
function pairings(query: string): Pair[][] {
  const separators = query.includes(';') ? [/&/, /[&;]/] : [/&/]
  return separators.map((separator) => query.split(separator).filter(Boolean).map(toPair))
}

function toPair(text: string): Pair {
  const end = text.indexOf('=')
  return end < 0
    ? { name: text, value: '' }
    : { name: text.slice(0, end), value: text.slice(end + 1) }
}

/** A name as everybody reads it, or as it stands where somebody might not. */
const plainName = (name: string): string =>
  needlessly(name) ? name : (decode(name.replaceAll('+', ' ')) ?? name)

/** The one form of all names that some program might take for each other. */
function likeness(name: string): string {
  if (/^[a-z0-9-]*$/.test(name)) return name
  const decoded = decodeFully(name.replaceAll('+', ' ')).normalize('NFKC')
  const bare = decoded.replace(/\p{Cc}.*$/su, '').trim()
  // `a[]` and `a[b]` are lists, `[a]` is `a` to some, and PHP makes `_` of the other two.
  return foldCase(
    bare
      .replace(/^\[+/, '')
      .replace(/[[\]].*$/s, '')
      .replace(/[ .]/g, '_'),
  )
}

/** The ways in which a raw value might be understood; most have one. `undefined` when it may be anything. */
function readingsOfValue(raw: string): ReadonlySet<string> | undefined {
  const readings = new Set<string>()
  for (const text of raw.includes('+') ? [raw, raw.replaceAll('+', ' ')] : [raw]) {
    const once = decode(text)
    // Not UTF-8: everybody makes something else of it.
    if (once === undefined) return undefined
    readings.add(once)
    if (needlessly(text)) readings.add(text)
    if (once.includes('%')) readings.add(decodeFully(once))
    readings.add(
      once
        .normalize('NFKC')
        .replace(/\p{Cc}.*$/su, '')
        .trim(),
    )
  }
  return readings
}

function decodeFully(text: string): string {
  let current = text
  for (let round = 0; round < 4 && current.includes('%'); round += 1) {
    const next = decode(current)
    if (next === undefined || next === current) return current
    current = next
  }
  return current
}

function decode(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Is a sign encoded that needs no encoding (RFC 3986, 2.3)? No browser does that. */
const needlessly = (text: string): boolean =>
  /%(?:3[0-9]|[46][1-9a-f]|[57][0-9a]|2[de]|5f|7e)/i.test(text)
