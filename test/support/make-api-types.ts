import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ApiDocument } from '../../src/api/document.ts'
import { apiDocument } from './api-document.ts'

// Makes the types of a client out of the API's document:
// npx tsx test/support/make-api-types.ts

/** Where the types are kept; a test compares them with the document. */
export const TYPES_FILE = fileURLToPath(new URL('./api-types.ts', import.meta.url))

interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  items?: Schema
  anyOf?: Schema[]
}

type Contents = Record<string, { schema?: Schema }>

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

/** @returns Types as `openapi-fetch` reads them. */
export function apiTypes(document: ApiDocument): string {
  const schemas = Object.entries((document.components?.schemas ?? {}) as Record<string, Schema>)
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => {
    const operations = METHODS.flatMap((method) => {
      const operation = item[method]
      return operation ? [`    ${method}: {${operationOf(operation)}    }\n`] : []
    })
    return `  '${path}': {\n${operations.join('')}  }\n`
  })
  return [
    '// Made by make-api-types.ts out of the document of the API: do not change it by hand.\n',
    ...schemas.map(([name, schema]) => `export type ${name} = ${typeOf(schema)}\n`),
    `export interface paths {\n${paths.join('')}}\n`,
  ].join('\n')
}

type Operation = NonNullable<NonNullable<ApiDocument['paths']>[string]['post']>

function operationOf({ parameters = [], requestBody, responses = {} }: Operation): string {
  const given = parameters as { name: string; in: string; required?: boolean; schema?: Schema }[]
  const placed = (['query', 'header', 'path', 'cookie'] as const).map((place) => {
    const here = given.filter((it) => it.in === place)
    const isNeeded = here.some(({ required }) => required)
    const members = here.map(
      ({ name, required, schema = {} }) => `'${name}'${required ? '' : '?'}: ${typeOf(schema)}`,
    )
    const type = here.length > 0 ? `{ ${members.join('; ')} }` : 'never'
    return `        ${place}${isNeeded ? '' : '?'}: ${type}\n`
  })
  const body = (requestBody as { content?: Contents } | undefined)?.content
  const answers = Object.entries(responses).map(([status, response]) => {
    const { content } = response as { content?: Contents }
    return `        ${status.endsWith('X') ? `'${status}'` : status}: { headers: Record<string, unknown>; content${contentOf(content)} }\n`
  })
  return [
    `\n      parameters: {\n${placed.join('')}      }\n`,
    `      requestBody${body ? `: { content${contentOf(body)} }` : '?: never'}\n`,
    `      responses: {\n${answers.join('')}      }\n`,
  ].join('')
}

const contentOf = (content: Contents | undefined): string => {
  const types = Object.entries(content ?? {}).map(
    ([type, { schema = {} }]) => `'${type}': ${typeOf(schema)}`,
  )
  return types.length > 0 ? `: { ${types.join('; ')} }` : '?: never'
}

function typeOf(schema: Schema): string {
  const { $ref, type, anyOf, items } = schema
  if ($ref) return $ref.replace('#/components/schemas/', '')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((it) => JSON.stringify(it)).join(' | ')
  if (anyOf) return anyOf.map(typeOf).join(' | ')
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one })).join(' | ')
  if (type === 'array') return `(${typeOf(items ?? {})})[]`
  if (type === 'object') return objectOf(schema)
  if (type === 'integer' || type === 'number') return 'number'
  return type ?? 'unknown'
}

function objectOf({ properties = {}, required = [], additionalProperties }: Schema): string {
  const members = Object.entries(properties).map(
    ([key, inner]) => `'${key}'${required.includes(key) ? '' : '?'}: ${typeOf(inner)}`,
  )
  if (members.length > 0) return `{ ${members.join('; ')} }`
  const values = typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown'
  return `Record<string, ${values}>`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(TYPES_FILE, apiTypes(await apiDocument()))
}
