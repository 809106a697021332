import * as z from 'zod'
import { didYouMean } from '../base/did-you-mean.ts'
import { describe, isSection, keysOf, schemaAt, valueAt, writtenPath } from './walk.ts'

/** One fault of the values, before it has a line. */
export interface ValueFault {
  path: readonly PropertyKey[]
  message: string
}

/**
 * Translates what the schema refused into faults in plain words, one for each place.
 *
 * @param values What the schema was given, to tell a missing key from a wrong one.
 */
export function faultsOf(
  issues: readonly z.core.$ZodIssue[],
  schema: z.core.$ZodType,
  values: unknown,
): ValueFault[] {
  const faults = issues.flatMap((issue): ValueFault[] => {
    if (issue.code === 'unrecognized_keys') return unknownKeys(issue, schema)
    return [{ path: issue.path, message: sentenceFor(issue, schema, values) }]
  })
  // A text that fits no format may fail several tests; the sentence written for the key says most.
  const generic = new Set<string>(Object.values(FORMATS))
  return faults.filter(({ path, message }, index) => {
    const others = faults.filter((other) => writtenPath(other.path) === writtenPath(path))
    if (others.length === 1 || unknownKeyFault(message)) return true
    const best = others.find((other) => !generic.has(other.message)) ?? others[0]
    return best === faults[index]
  })
}

/** Words for issues to which the schema itself has no sentence; given to zod as its error map. */
export const plainWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}, found ${kindOf(issue.input)}`
    case 'invalid_value':
      return choices(issue.values, issue.input)
    case 'too_small':
      return bound(issue.origin, 'least', Number(issue.minimum))
    case 'too_big':
      return bound(issue.origin, 'most', Number(issue.maximum))
    case 'invalid_format':
      return FORMATS[issue.format] ?? 'this is not written as it must be'
    case 'invalid_union':
      return 'fits none of the forms that are allowed here'
    default:
      return undefined
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list, such as [a, b]',
  object: 'a section of keys and values',
  record: 'a section of keys and values',
}

const FORMATS: Readonly<Record<string, string>> = {
  url: 'write an address with its scheme: https://auth.example.com',
  email: 'write a mail address: gate@example.com',
  regex: 'this is not written as it must be',
}

function sentenceFor(issue: z.core.$ZodIssue, schema: z.core.$ZodType, values: unknown): string {
  if (issue.code === 'custom') return issue.message
  const value = valueAt(values, issue.path)
  if (value === undefined) return `is missing${exampleFor(schemaAt(schema, issue.path))}`
  if (value === null) {
    const at = schemaAt(schema, issue.path)
    const name = issue.path.at(-1)
    if (typeof name === 'number') return 'has no value; write the entry, or take its line out'
    return at && isSection(at)
      ? `has no keys; write "${String(name)}: {}" for the defaults, or take it out`
      : 'has no value; write one, or take the key out'
  }
  return issue.message
}

function exampleFor(schema: z.core.$ZodType | undefined): string {
  if (schema === undefined) return ''
  const needed = keysOf(schema).filter(([, below]) => describe(below).required)
  const pairs = needed.map(([name, below]) => `${name}: ${describe(below).example}`)
  const { inner, example: given } = describe(schema)
  if (inner instanceof z.ZodEnum) return `; ${choices(inner.options, undefined)}`
  const example = pairs.length > 0 ? pairs.join(', ') : given
  return typeof example === 'string' ? `; for example: ${example}` : ''
}

function unknownKeys(
  { keys, path }: z.core.$ZodIssueUnrecognizedKeys,
  schema: z.core.$ZodType,
): ValueFault[] {
  const parent = schemaAt(schema, path)
  const known = parent ? keysOf(parent).map(([name]) => name) : []
  return keys.map((key) => {
    const hint = didYouMean(key, known) || (known.length > 0 ? `; known: ${known.join(', ')}` : '')
    return { path: [...path, key], message: `${UNKNOWN_KEY} "${key}"${hint}` }
  })
}

const UNKNOWN_KEY = 'unknown key'
const unknownKeyFault = (message: string) => message.startsWith(UNKNOWN_KEY)

function choices(values: readonly z.core.util.Primitive[], input: unknown): string {
  const known = values.map(String)
  const hint = typeof input === 'string' ? didYouMean(input, known) : ''
  return `write one of ${known.join(', ')}${hint}`
}

function bound(origin: string, edge: 'least' | 'most', value: number): string {
  if (origin === 'array') return `write at ${edge} ${value} ${value === 1 ? 'entry' : 'entries'}`
  if (origin !== 'string') return `must be at ${edge} ${value}`
  if (edge === 'least' && value === 1) return 'must not be empty'
  return `must have at ${edge} ${value} characters`
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  switch (typeof value) {
    case 'string':
      return 'text'
    case 'number':
      return 'a number'
    case 'boolean':
      return `${value}`
    default:
      return 'a section'
  }
}
