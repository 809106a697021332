import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ApiEnv } from './env.ts'
import { EXAMPLES } from './examples.ts'
import { MAX_BODY_BYTES } from './manners.ts'
import { body } from './routes.ts'
import { ChallengeEnded } from './schemas.ts'
import { KEY_SCHEME } from './scopes.ts'

/** The API as a document (OpenAPI 3.1), made of the same schemas that check what comes in. */
export type ApiDocument = ReturnType<OpenAPIHono<ApiEnv>['getOpenAPI31Document']>

type PathItem = NonNullable<ApiDocument['paths']>[string]
export type Operation = NonNullable<PathItem['post']>

/** Methods that a path can have here. */
export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

const INTRODUCTION = `Second factors and biometrics for applications that have users of their own.

Every request carries an API key: \`Authorization: Bearer ghk_…\`. It speaks for one application, and sees nothing of any other. The operator
makes it by \`gatehouse api-key create\`; one made with \`--test\` sends nothing to anybody and takes \`000000\` as the right code.
Bodies are JSON of at most ${MAX_BODY_BYTES / 1024} KiB, with their length stated; unknown fields are refused.

A POST with an \`Idempotency-Key\` is done once, however often it comes within 24 hours. What goes wrong is a problem document
(RFC 9457) with a \`code\` that never changes its name and the \`request_id\` by which the operator finds it in the log. Where it
says \`Retry-After\`, the same request is worth another try after so many seconds.`

const ABOUT = { name: 'The API itself', description: 'For programs and for people.' }

/** By the first part of the path. */
const TAGS: Readonly<Record<string, { name: string; description: string }>> = {
  '2fa': {
    name: 'Second factors',
    description: 'Authenticator apps, codes by mail and phone, backup codes.',
  },
  biometric: {
    name: 'Biometrics',
    description:
      'Fingerprint and face, by passkeys in browsers and by keys in apps. What a sensor sees never leaves the device.',
  },
  'openapi.json': ABOUT,
  docs: ABOUT,
}

const titled = (part: string) => ({
  name: `${part.charAt(0).toUpperCase()}${part.slice(1)}`,
  description: '',
})

/** The document's own address, which stands in it, too. */
export const documentRoute = createRoute({
  method: 'get',
  path: '/openapi.json',
  summary: 'The API as a document (OpenAPI 3.1)',
  security: [],
  responses: {
    200: {
      description: 'This document.',
      content: { 'application/json': { schema: z.object({ openapi: z.string() }) } },
    },
  },
})

const ofWebhook = (name: string, description: string) => ({
  name,
  in: 'header' as const,
  required: true,
  description,
  schema: { type: 'string' as const },
})

/** Tells what an application is sent, beside what it may ask. */
export function declareWebhooks({ openAPIRegistry: registry }: OpenAPIHono<ApiEnv>): void {
  registry.registerWebhook({
    method: 'post',
    path: 'challenge.ended',
    summary: 'A challenge has ended',
    description:
      'Sent to the `webhook` of a challenge, signed as Standard Webhooks describes it. It may come more than once, always under the same id.',
    security: [],
    request: body(ChallengeEnded),
    parameters: [
      ofWebhook('webhook-id', 'The same however often it is sent.'),
      ofWebhook('webhook-timestamp', 'Seconds since 1970, at this try.'),
      ofWebhook(
        'webhook-signature',
        '`v1,` and the HMAC-SHA256, in base64, of id, timestamp and body with dots between them.',
      ),
    ],
    responses: {
      '2XX': { description: 'It was taken.' },
      410: { description: 'Nobody wants it any more.' },
    },
  })
}

/** The same for people. */
export const referenceRoute = createRoute({
  method: 'get',
  path: '/docs',
  summary: 'The API as a page',
  security: [],
  responses: {
    200: {
      description: 'All of it, with examples.',
      content: { 'text/html': { schema: z.string() } },
    },
  },
})

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: false,
  description: 'A name of your own for this request, so that one that comes twice is done once.',
  schema: { type: 'string' as const, pattern: '^[\\x21-\\x7e]{1,255}$' },
  example: 'f3b0c442-98fc-4c14-9afb-f4c8996fb924',
}

const requestId = {
  description: 'By which the operator finds this request in the log.',
  schema: { type: 'string' as const },
}
const retryAfter = {
  description: 'Seconds after which it is worth another try.',
  schema: { type: 'integer' as const, minimum: 0 },
}
const quotaPolicy = {
  description: 'How many requests are taken in so many seconds, by address, key and user.',
  schema: { type: 'string' as const },
  example: '"address";q=2400;w=60, "key";q=1200;w=60, "user";q=120;w=60',
}
const quotasLeft = {
  description: 'How many of them are left, and in how many seconds there are all of them again.',
  schema: { type: 'string' as const },
  example: '"address";r=2399;t=60, "key";r=1199;t=60, "user";r=119;t=60',
}
const replayed = {
  description: '`true` where the answer is that of an earlier request with the same key.',
  schema: { type: 'string' as const, const: 'true' },
}

const broken = {
  description: 'Something is wrong on our side; nothing was changed.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** @param url Where the API stands: the portal's address and `api`. */
export function describeApi(app: OpenAPIHono<ApiEnv>, url: URL): ApiDocument {
  const base = url.pathname
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Gatehouse API', version: '1', description: INTRODUCTION },
    servers: [{ url: url.href.replace(/\/$/, '') }],
    security: [{ [KEY_SCHEME]: [] }],
  })
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => {
    const short = path.slice(base.length)
    return [short, describedPath(short, item)] as const
  })
  const schemas = Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => {
    const example = EXAMPLES[name]
    return [name, example ? { ...schema, examples: [example] } : schema] as const
  })
  const whole: ApiDocument = {
    ...document,
    tags: tagsOf(paths.map(([path]) => path)),
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.fromEntries(schemas),
      securitySchemes: {
        [KEY_SCHEME]: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'ghk_…',
          description: 'A key of one application, made by `gatehouse api-key create`.',
        },
      },
    },
  }
  return plainPatterns(whole)
}

/** @param path Below the API, as it was asked for. @returns The methods that it takes; none where there is no such path. */
export const methodsAt = ({ paths }: ApiDocument, path: string): string[] =>
  Object.entries(paths ?? {}).flatMap(([template, item]) => {
    const [parts, asked] = [template.split('/'), path.split('/')]
    const fits = parts.every(
      (part, at) => part === asked[at] || (part.startsWith('{') && asked[at]),
    )
    if (!fits || parts.length !== asked.length) return []
    return METHODS.filter((method) => item?.[method]).map((method) => method.toUpperCase())
  })

const tagOf = (path: string) => {
  const [, part = ''] = path.split('/')
  return TAGS[part] ?? titled(part)
}

function tagsOf(paths: readonly string[]) {
  const tags = new Map(paths.map((path) => [tagOf(path).name, tagOf(path)]))
  return [...tags.values()].map(({ name, description }) =>
    description === '' ? { name } : { name, description },
  )
}

function describedPath(path: string, item: PathItem): PathItem {
  const described = METHODS.flatMap((method) => {
    const operation = item[method]
    return operation ? [[method, describedOperation(path, method, operation)] as const] : []
  })
  return { ...item, ...Object.fromEntries(described) }
}

/** What holds for every route, and is therefore said once: headers, and failures of ours. */
function describedOperation(path: string, method: string, operation: Operation): Operation {
  const isPost = method === 'post'
  const isOpen = operation.security?.length === 0
  const responses = Object.entries({ ...operation.responses, '5XX': broken }).map(
    ([status, response]) => {
      const isRefusal = status.startsWith('4') || status.startsWith('5')
      const headers = {
        'X-Request-Id': requestId,
        ...(isOpen ? {} : { 'RateLimit-Policy': quotaPolicy, RateLimit: quotasLeft }),
        ...(isRefusal ? { 'Retry-After': retryAfter } : {}),
        ...(isPost ? { 'Idempotent-Replayed': replayed } : {}),
      }
      return [status, { ...response, headers }]
    },
  )
  return {
    tags: [tagOf(path).name],
    ...operation,
    ...(isPost ? { parameters: [...(operation.parameters ?? []), idempotencyKey] } : {}),
    responses: Object.fromEntries(responses),
  }
}

/** JSON Schema has patterns without slashes and flags, and reads all of them as Unicode. */
function plainPatterns<T>(value: T): T {
  const text = JSON.stringify(value, (key, inner: unknown) =>
    key === 'pattern' && typeof inner === 'string' ? inner.replace(/\/[a-z]+$/, '') : inner,
  )
  return JSON.parse(text)
}
