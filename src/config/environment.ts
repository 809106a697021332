import * as z from 'zod'
import { didYouMean } from '../base/did-you-mean.ts'
import type { Fault } from './remark.ts'
import { describe, isMap, isSection, itemOf, leavesOf, valueAt } from './walk.ts'

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variables of this process. Nothing outside this room reads `process.env`. */
export const systemEnvironment = (): Environment => process.env

/** Names the file itself, and is therefore no key in it. */
export const CONFIG_FILE_VARIABLE = 'GATEHOUSE_CONFIG'

const PREFIX = 'GATEHOUSE_'

// Kubernetes tells every container about a service named "gatehouse" in variables of these shapes.
const SERVICE_LINK =
  /^GATEHOUSE_(SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/

/** A key that a variable can set. */
export interface Variable {
  name: string
  path: readonly string[]
  /** A secret may also be named by file: the same name with `_FILE` behind it. */
  secret: boolean
  read(text: string): unknown
}

/** Lists the variables that the configuration knows: each path, in capitals, joined with `_`. */
export function variablesOf(schema: z.core.$ZodType): Variable[] {
  return leavesOf(schema)
    .filter(({ schema: leaf }) => isPlainOrList(leaf))
    .map(({ path, schema: leaf }) => ({
      name: PREFIX + path.join('_').toUpperCase(),
      path,
      secret: describe(leaf).secret,
      read: readerOf(leaf),
    }))
}

/** The values of the file with those of the environment laid over them. */
export interface Overlaid {
  values: Record<string, unknown>
  /** Which variable a path came from, by {@link Variable.path}. */
  origins: ReadonlyMap<string, string>
  faults: Fault[]
}

/**
 * Lays variables over the values of a file. A variable that is empty counts as left out.
 *
 * @param mentioned Names that the file itself refers to, `{ env: NAME }`; they are nobody's typing errors.
 */
export function overlay(
  values: Record<string, unknown>,
  environment: Environment,
  { schema, mentioned }: { schema: z.core.$ZodType; mentioned: ReadonlySet<string> },
): Overlaid {
  const variables = variablesOf(schema)
  const result = structuredClone(values)
  const origins = new Map<string, string>()
  const known = new Set([CONFIG_FILE_VARIABLE, ...mentioned])

  for (const { name, path, secret, read } of variables) {
    known.add(name)
    const text = environment[name]
    if (text) put(result, path, read(text))
    if (text) origins.set(path.join('.'), name)
    if (!secret) continue
    known.add(`${name}_FILE`)
    const file = environment[`${name}_FILE`]
    if (file) put(result, path, { file })
    if (file) origins.set(path.join('.'), `${name}_FILE`)
  }
  return { values: result, origins, faults: unknownNames(environment, known) }
}

/** Collects the names in every `{ env: NAME }` of the file. */
export function mentionedNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(mentionedNames)
  if (!isMap(value)) return []
  if (typeof value.env === 'string') return [value.env]
  return Object.values(value).flatMap(mentionedNames)
}

function unknownNames(environment: Environment, known: ReadonlySet<string>): Fault[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.has(name) && !SERVICE_LINK.test(name))
    .map((name) => ({
      at: name,
      path: '',
      message: `no key has this variable${didYouMean(name, [...known])}`,
    }))
}

function isPlainOrList(schema: z.core.$ZodType): boolean {
  const item = itemOf(schema)
  if (describe(schema).short) return true
  if (describe(schema).inner instanceof z.ZodRecord) return false
  return item === undefined || (!isSection(item) && itemOf(item) === undefined)
}

function readerOf(schema: z.core.$ZodType): (text: string) => unknown {
  if (describe(schema).short && itemOf(schema)) return listOrOne
  if (itemOf(schema)) return listOf
  switch (describe(schema).inner._zod.def.type) {
    case 'union':
    case 'number':
      return (text) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text)
    case 'boolean':
      return (text) => (text === 'true' || text === 'false' ? text === 'true' : text)
    default:
      return (text) => text
  }
}

const listOf = (text: string) => text.split(',').map((part) => part.trim())

const listOrOne = (text: string) => (text.includes(',') ? listOf(text) : text)

function put(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [last = ''] = path.slice(-1)
  const sections = path.slice(0, -1)
  let section = values
  for (const [depth, key] of sections.entries()) {
    const below = valueAt(values, sections.slice(0, depth + 1)) ?? {}
    // A section that is no section stays as it is: the schema will say so.
    if (!isMap(below)) return
    section[key] = below
    section = below
  }
  section[last] = value
}
