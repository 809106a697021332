import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { ApiDocument, Operation } from '../../src/api/document.ts'
import { createApi } from '../../src/api/index.ts'
import type { TestGateway } from './gateway.ts'

/** The published document, and what holds of answers because of it. */
export interface PublishedApi {
  document: ApiDocument
  operations: readonly PublishedOperation[]
  /** @returns What in an answer does not agree with the document; nothing when all does. */
  faultsOf(operation: PublishedOperation, answer: Answered): string[]
  /** The operation that a request is about. @param path Below `/api`, with its values, without a query. */
  operationAt(method: string, path: string): PublishedOperation | undefined
  /** Checks a value against a named schema. */
  faultsIn(schema: string, value: unknown): string[]
}

export interface PublishedOperation {
  method: string
  /** As it stands in the document: `/2fa/enroll/{id}/confirm`. */
  path: string
  operation: Operation
}

export interface Answered {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

const API_ADDRESS = new URL('https://auth.example.com/api')

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

/** Fetches the document as anybody would, without a key. */
export async function fetchDocument(gateway: TestGateway): Promise<PublishedApi> {
  const answer = await gateway.visitor().get(new URL('api/openapi.json', gateway.portal).href)
  return publishedApi(JSON.parse(answer.body))
}

/** The application by itself, to look at its routes and its document; it answers nothing. */
export const apiRoutes = () =>
  createApi(new Proxy({}, { get: () => new Map() }) as never, API_ADDRESS)

/** The document without a server. */
export async function apiDocument(): Promise<ApiDocument> {
  const answer = await apiRoutes().request(`${API_ADDRESS.href}/openapi.json`)
  return JSON.parse(await answer.text())
}

export function publishedApi(document: ApiDocument): PublishedApi {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, 'api')
  const compiled = new Map<string, ValidateFunction>()
  const faultsAt = (pointer: string, value: unknown): string[] => {
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `api#${pointer}` })
    compiled.set(pointer, validate)
    if (validate(value)) return []
    return (validate.errors ?? []).map((it) => `${it.instancePath} ${it.message}`)
  }

  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method]
      return operation ? [{ method: method.toUpperCase(), path, operation }] : []
    }),
  )

  return {
    document,
    operations,
    operationAt: (method, path) =>
      // A path without placeholders comes first, should both fit.
      operations
        .filter((it) => it.method === method && patternOf(it.path).test(path))
        .sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0],
    faultsIn: (schema, value) => faultsAt(`/components/schemas/${schema}`, value),

    faultsOf({ method, path, operation }, { status, headers, text }) {
      const responses = operation.responses ?? {}
      const key = [String(status), `${Math.floor(status / 100)}XX`].find((it) => it in responses)
      const response = key === undefined ? undefined : responses[key]
      if (!response || !key) return [`${method} ${path} has no answer ${status}`]
      const content = response.content as Record<string, unknown> | undefined
      const type = String(headers['content-type'] ?? '').split(';')[0] ?? ''
      if (!content) return text === '' ? [] : [`${method} ${path} ${status} has no body`]
      if (!(type in content)) return [`${method} ${path} ${status} is no ${type}`]
      if (!type.includes('json')) return []
      const parts = ['paths', path, method.toLowerCase(), 'responses', key, 'content', type]
      const pointer = [...parts, 'schema'].map((part) => `/${escaped(part)}`).join('')
      return faultsAt(pointer, JSON.parse(text)).map((it) => `${method} ${path} ${status}: ${it}`)
    },
  }
}

const escaped = (part: string) =>
  encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))

const patternOf = (path: string) => new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`)
