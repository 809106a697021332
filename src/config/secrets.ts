import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type * as z from 'zod'
import { hasCode } from '../base/errors.ts'
import type { Environment } from './environment.ts'
import { describe, isMap, itemOf, keysOf } from './walk.ts'

type Path = readonly (string | number)[]

/** What is to be said about one secret; never holds its value. */
export interface SecretRemark {
  path: Path
  message: string
}

/** The values with every secret in its place. */
export interface Resolved {
  values: unknown
  faults: SecretRemark[]
  /** Secrets that stand in the file itself. */
  literals: Path[]
  /** Secret files that others may read. */
  exposed: SecretRemark[]
  /** Every secret file that is named, whether it is there or not. */
  files: string[]
}

interface Sources {
  folder: string
  environment: Environment
}

/**
 * Puts the text of every secret in the place of `{ file: … }` and `{ env: … }`. Which keys hold
 * secrets is known from the schema. A secret that cannot be had becomes a fault, and the text
 * `unavailable` takes its place so that the rest can still be checked.
 *
 * @param sources Where relative file names start, and the variables that `env` names.
 */
export function resolveSecrets(
  values: unknown,
  schema: z.core.$ZodType,
  sources: Sources,
): Resolved {
  const resolved: Resolved = {
    values: undefined,
    faults: [],
    literals: [],
    exposed: [],
    files: [],
  }

  const walk = (value: unknown, at: z.core.$ZodType, path: Path): unknown => {
    if (describe(at).secret) return secretText(value, path, sources, resolved)
    const item = itemOf(at)
    if (item && Array.isArray(value)) {
      return value.map((entry, index) => walk(entry, item, [...path, index]))
    }
    if (!isMap(value)) return value
    const shape = new Map(keysOf(at))
    return Object.fromEntries(
      Object.entries(value).map(([key, below]) => {
        const schemaBelow = shape.get(key)
        return [key, schemaBelow ? walk(below, schemaBelow, [...path, key]) : below]
      }),
    )
  }
  resolved.values = walk(values, schema, [])
  return resolved
}

function secretText(value: unknown, path: Path, sources: Sources, resolved: Resolved): unknown {
  if (typeof value === 'string') {
    resolved.literals.push(path)
    return value
  }
  if (!isMap(value)) return value
  const fault = (message: string) => {
    resolved.faults.push({ path, message })
    return 'unavailable'
  }

  const [[kind, name] = [], ...more] = Object.entries(value)
  if (more.length > 0 || typeof name !== 'string' || (kind !== 'file' && kind !== 'env')) {
    return fault('write { file: /run/secrets/name } or { env: NAME }')
  }
  if (kind === 'env') {
    const text = sources.environment[name]?.trim()
    return text ? text : fault(`the variable ${name} is not set`)
  }
  const file = resolve(sources.folder, name)
  resolved.files.push(file)
  try {
    const text = readFileSync(file, 'utf8').trim()
    if (isExposed(file)) {
      resolved.exposed.push({ path, message: `${file} can be read by everybody; chmod 600 it` })
    }
    return text === '' ? fault(`the secret file ${file} is empty`) : text
  } catch (cause) {
    return fault(`the secret file ${file} ${whyUnreadable(cause)}`)
  }
}

function whyUnreadable(cause: unknown): string {
  if (hasCode(cause, 'ENOENT')) return 'does not exist'
  if (hasCode(cause, 'EACCES')) return 'may not be read by this user'
  if (hasCode(cause, 'EISDIR')) return 'is a folder'
  return 'cannot be read'
}

// Container runtimes mount secrets 0444 under /run/secrets, into a container that has no others.
const isExposed = (file: string) =>
  process.platform !== 'win32' &&
  !file.startsWith('/run/secrets/') &&
  (statSync(file).mode & 0o004) !== 0
