import { resolve } from 'node:path'
import type * as z from 'zod'
import { describe, isMap, itemOf, keysOf } from './walk.ts'

/**
 * Puts the folder of the configuration file before every relative file name. Which keys name files is
 * known from the schema.
 *
 * @param values What the schema has made of the file, defaults filled in.
 */
export function withPlacedFiles<T>(values: T, schema: z.core.$ZodType, folder: string): T {
  const walk = (value: unknown, at: z.core.$ZodType): unknown => {
    if (typeof value === 'string') return describe(at).file ? resolve(folder, value) : value
    const item = itemOf(at)
    if (item && Array.isArray(value)) return value.map((entry) => walk(entry, item))
    const keys = new Map(keysOf(at))
    // Addresses and the like are no sections any more.
    if (!isMap(value) || keys.size === 0) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, below]) => {
        const schemaBelow = keys.get(key)
        return [key, schemaBelow ? walk(below, schemaBelow) : below]
      }),
    )
  }
  return walk(values, schema) as T
}

/** Lists every file that a configuration names, once its names are whole. */
export function namedFiles(values: unknown, schema: z.core.$ZodType): string[] {
  if (typeof values === 'string') return describe(schema).file ? [values] : []
  const item = itemOf(schema)
  if (item && Array.isArray(values)) return values.flatMap((entry) => namedFiles(entry, item))
  if (!isMap(values)) return []
  return keysOf(schema).flatMap(([key, below]) => namedFiles(values[key], below))
}
