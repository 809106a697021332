import * as z from 'zod'

/** What a schema says about one place in the file, with all wrappers taken off. */
export interface Described {
  description: string | undefined
  example: unknown
  /** In the written form, as a person would type it. */
  default: unknown
  required: boolean
  secret: boolean
  /** The name of a file, relative to the folder of the configuration. */
  file: boolean
  /** A list of sections that may be written as one text, too. */
  short: boolean
  inner: z.core.$ZodType
}

/** Takes the wrappers (default, optional, transform …) off a schema and keeps what they say. */
export function describe(schema: z.core.$ZodType): Described {
  let inner = schema
  let meta: Record<string, unknown> = {}
  let written: unknown
  let required = true
  for (;;) {
    meta = { ...z.globalRegistry.get(inner), ...meta }
    if (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
      written ??= inner.def.defaultValue
      required = false
      inner = inner.def.innerType
    } else if (inner instanceof z.ZodOptional) {
      required = false
      inner = inner.def.innerType
    } else if (inner instanceof z.ZodPipe) {
      // What stands before a preprocessing step is anything; what is wanted stands behind it.
      inner = inner.def.in instanceof z.ZodTransform ? inner.def.out : inner.def.in
    } else {
      break
    }
  }
  const { description, example, secret, file, short } = meta
  return {
    description: typeof description === 'string' ? description : undefined,
    example,
    default: written,
    required,
    secret: secret === true,
    file: file === true,
    short: short === true,
    inner,
  }
}

/** The keys of an object, in the order of the schema; none when it is something else. */
export function keysOf(schema: z.core.$ZodType): [string, z.core.$ZodType][] {
  const { inner } = describe(schema)
  return inner instanceof z.ZodObject ? Object.entries(inner.def.shape) : []
}

/** Is this place a section of keys, even one without any key? */
export const isSection = (schema: z.core.$ZodType): boolean =>
  describe(schema).inner instanceof z.ZodObject

/** The schema of a list's items; `undefined` when it is no list. */
export function itemOf(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  const { inner } = describe(schema)
  return inner instanceof z.ZodArray ? inner.def.element : undefined
}

/** Finds the schema of one place; `undefined` where the schema knows no such place. */
export function schemaAt(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
): z.core.$ZodType | undefined {
  return path.reduce<z.core.$ZodType | undefined>((at, key) => {
    if (!at) return undefined
    if (typeof key === 'number') return itemOf(at)
    return keysOf(at).find(([name]) => name === key)?.[1]
  }, schema)
}

/** A value below a section, with its keys from the top. */
export interface Leaf {
  path: readonly string[]
  schema: z.core.$ZodType
}

/** Lists every value that has a fixed place in the file. What lies in lists has none. */
export function leavesOf(schema: z.core.$ZodType, path: readonly string[] = []): Leaf[] {
  if (!isSection(schema)) return [{ path, schema }]
  return keysOf(schema).flatMap(([name, value]) => leavesOf(value, [...path, name]))
}

/** Is this a map of keys, as opposed to a list, a text or nothing? */
export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads the value at a place; `undefined` where there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => {
    if (Array.isArray(at) && typeof key === 'number') return at[key]
    if (isMap(at) && typeof key === 'string' && Object.hasOwn(at, key)) return at[key]
    return undefined
  }, value)
}

/** `routes[0].upstream`, as faults and warnings name a place. */
export function writtenPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')
}

/** The same values with another one at a place within sections; `undefined` takes it out. */
export function withValueAt(values: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  const section = isMap(values) ? values : {}
  const { [key]: below, ...others } = section
  const changed = withValueAt(below, rest, value)
  return changed === undefined ? others : { ...others, [key]: changed }
}
