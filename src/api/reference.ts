import type {
  ApiReferenceProps,
  ShownAnswer,
  ShownMember,
  ShownOperation,
} from '../../views/api-reference.tsx'
import { PROBLEM_MEDIA_TYPE } from '../web/problem.ts'
import { type ApiDocument, METHODS, type Operation } from './document.ts'

/** A schema as the document writes it; only what the page reads of it. */
interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  examples?: unknown[]
  example?: unknown
}

interface Content {
  content?: Record<string, { schema?: Schema }>
  description?: string
}

interface Parameter {
  name: string
  in: string
  required?: boolean
  description?: string
  schema?: Schema
}

const PROBLEM: Schema = { $ref: '#/components/schemas/Problem' }

/** Makes the page of the API out of its document. */
export function referenceOf(document: ApiDocument): Omit<ApiReferenceProps, 'brand' | 'document'> {
  const server = document.servers?.[0]?.url ?? ''
  const resolve = resolverOf(document)
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method]
      if (!operation) return []
      const shown = shownOperation({ path, method, operation, server, resolve })
      return [{ tag: operation.tags?.[0] ?? '', shown }]
    }),
  )
  return {
    title: document.info.title,
    introduction: document.info.description ?? '',
    problem: {
      members: membersOf(PROBLEM, resolve),
      example: JSON.stringify(exampleOf(PROBLEM, resolve), null, 2),
    },
    groups: (document.tags ?? []).map(({ name, description = '' }) => ({
      anchor: anchorOf(name),
      name,
      about: description,
      operations: operations.filter(({ tag }) => tag === name).map(({ shown }) => shown),
    })),
  }
}

type Resolve = (schema: Schema | undefined) => Schema

interface Described {
  path: string
  method: string
  operation: Operation
  server: string
  resolve: Resolve
}

function shownOperation(described: Described): ShownOperation {
  const { path, method, operation, resolve } = described
  const parameters = (operation.parameters ?? []) as Parameter[]
  const bodySchema = jsonIn(operation.requestBody as Content | undefined)
  const security = operation.security
  return {
    anchor: anchorOf(`${method} ${path}`),
    method: method.toUpperCase(),
    path,
    summary: operation.summary ?? '',
    about: operation.description ?? '',
    scopes: (security ?? []).flatMap((needs) => Object.values(needs).flat()),
    parameters: parameters.map(({ name, in: place, required = false, description, schema }) => ({
      name,
      type: `${typeOf(resolve(schema), resolve)}, ${PLACES[place] ?? place}`,
      required,
      about: description ?? schema?.description ?? '',
    })),
    body: bodySchema ? membersOf(bodySchema, resolve) : [],
    call: callOf(described, bodySchema),
    answers: Object.entries(operation.responses ?? {}).map(([status, response]) =>
      shownAnswer(status, response as Content, resolve),
    ),
  }
}

const PLACES: Readonly<Record<string, string>> = {
  path: 'in the path',
  query: 'in the query',
  header: 'a header',
}

function shownAnswer(status: string, response: Content, resolve: Resolve): ShownAnswer {
  // What goes wrong looks alike everywhere, and is shown once.
  const schema = isProblem(response) ? undefined : jsonIn(response)
  return {
    status,
    about: response.description ?? '',
    members: schema ? membersOf(schema, resolve) : [],
    example: schema ? JSON.stringify(exampleOf(schema, resolve), null, 2) : '',
  }
}

function callOf({ path, method, server, resolve, operation }: Described, schema?: Schema): string {
  const url = `${server}${path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `$${name.toUpperCase()}`)}`
  const needsKey = operation.security === undefined || operation.security.length > 0
  const body = schema && JSON.stringify(exampleOf(schema, resolve)).replaceAll("'", "'\\''")
  return [
    `curl${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "${url}"`,
    ...(needsKey ? ['-H "Authorization: Bearer $KEY"'] : []),
    ...(body === undefined ? [] : ['-H "Content-Type: application/json"', `-d '${body}'`]),
  ].join(' \\\n  ')
}

function resolverOf(document: ApiDocument): Resolve {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>
  return (schema = {}) => {
    const name = schema.$ref?.replace('#/components/schemas/', '')
    if (name === undefined) return schema
    const { $ref: _, ...own } = schema
    return { ...schemas[name], ...own }
  }
}

const isProblem = ({ content = {} }: Content): boolean => PROBLEM_MEDIA_TYPE in content

const jsonIn = (holder: Content | undefined): Schema | undefined =>
  Object.entries(holder?.content ?? {}).find(([type]) => type.endsWith('json'))?.[1].schema

/** All members, those within others by their way. */
function membersOf(given: Schema, resolve: Resolve, prefix = ''): ShownMember[] {
  const schema = resolve(given)
  const { properties = {}, required = [] } = schema
  return Object.entries(properties).flatMap(([key, inner]) => {
    const member = resolve(inner)
    const name = `${prefix}${key}`
    const items = resolve(member.items)
    const shown: ShownMember = {
      name,
      type: typeOf(member, resolve),
      required: required.includes(key),
      about: member.description ?? '',
    }
    return [
      shown,
      ...membersOf(member, resolve, `${name}.`),
      ...membersOf(items, resolve, `${name}[].`),
    ]
  })
}

function typeOf(schema: Schema, resolve: Resolve): string {
  const { type, format, anyOf, oneOf } = schema
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((it) => String(it)).join(' | ')
  const several = anyOf ?? oneOf
  if (several) return several.map((it) => typeOf(resolve(it), resolve)).join(' or ')
  if (type === 'array') return `list of ${typeOf(resolve(schema.items), resolve)}`
  const name = Array.isArray(type) ? type.join(' or ') : (type ?? 'anything')
  return format === undefined ? name : `${name} (${format})`
}

function exampleOf(given: Schema, resolve: Resolve): unknown {
  const schema = resolve(given)
  const [example = schema.example] = schema.examples ?? []
  if (example !== undefined) return example
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  if (schema.anyOf?.[0]) return exampleOf(schema.anyOf[0], resolve)
  if (schema.items) return [exampleOf(schema.items, resolve)]
  if (schema.properties) {
    const { required = [] } = schema
    const needed = Object.entries(schema.properties).filter(([key]) => required.includes(key))
    return Object.fromEntries(needed.map(([key, inner]) => [key, exampleOf(inner, resolve)]))
  }
  return { integer: 1, number: 1, boolean: true, object: {} }[String(schema.type)] ?? '…'
}

const anchorOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
