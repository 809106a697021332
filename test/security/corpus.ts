import { readdirSync, readFileSync } from 'node:fs'
import * as z from 'zod'

/**
 * The attack cases of `attacks.json` and the language they are written in. Everything here is pure;
 * what a placeholder stands for is the fixture's business.
 */

const plainRequest = z.strictObject({
  method: z.string(),
  host: z.string(),
  path: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])).default([]),
  body: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
})

/** One request, with placeholders still in it. */
export type RequestTemplate = z.output<typeof plainRequest>

const request = z.union([
  z
    .strictObject({ each: z.array(z.string()).min(1).optional(), raw: z.string() })
    .transform(({ each, raw }) => ({ kind: 'raw' as const, each, raw })),
  plainRequest.transform((template) => ({ kind: 'plain' as const, template })),
  z
    .object({ each: z.array(z.string()).min(1), template: plainRequest })
    .transform(({ each, template }) => ({ kind: 'each' as const, each, template })),
  // Told in words, for a person to write the test.
  z.record(z.string(), z.unknown()).transform((told) => ({ kind: 'story' as const, told })),
])

const attackCase = z.strictObject({
  id: z.string().regex(/^[A-Z]{3}-\d{3}$/),
  class: z.string(),
  source: z.array(z.string()).min(1),
  mode: z.enum(['proxy', 'forward-auth', 'portal', 'api']),
  severity: z.string(),
  precondition: z.string(),
  request,
  expected: z.strictObject({
    status: z.array(z.int()),
    gateway: z.string(),
    upstream: z.string(),
    also: z.array(z.string()).optional(),
  }),
  invariant: z.array(z.string()).min(1),
  note: z.string().optional(),
})

/** One attack: what is sent, and what may come of it. */
export type AttackCase = z.output<typeof attackCase>

const FOLDER = new URL('.', import.meta.url)

/** Reads every case of every list; a case of an unknown shape is an error. */
export function loadCases(): AttackCase[] {
  return ['attacks.json', 'further-attacks.json'].flatMap((name) => {
    const text = readFileSync(new URL(name, FOLDER), 'utf8')
    return z.looseObject({ cases: z.array(attackCase) }).parse(JSON.parse(text)).cases
  })
}

/** One case, which must be there. */
export function loadCase(id: string): AttackCase {
  const found = loadCases().find((attack) => attack.id === id)
  if (!found) throw new Error(`no such case: ${id}`)
  return found
}

/**
 * Ids of the cases that have a test written by hand, `story('SES-002', …)`: in a file beside this one,
 * or among the tests of the built program where it takes a process of its own.
 */
export function storyIds(): string[] {
  return [FOLDER, new URL('../e2e/', FOLDER)]
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
        (name) => new URL(name, folder),
      ),
    )
    .filter(({ pathname }) => /\.(test|e2e)\.ts$/.test(pathname))
    .map((file) => readFileSync(file, 'utf8'))
    .flatMap((text) => Array.from(text.matchAll(/\bstory\(\s*'([A-Z]{3}-\d{3})'/g)))
    .map(([, id = '']) => id)
}

/** The values of `each` for a case; one empty value for a case without. */
export function valuesOfEach({ request }: AttackCase): readonly string[] {
  if (request.kind === 'each') return request.each
  if (request.kind === 'raw') return request.each ?? ['']
  const told =
    request.kind === 'story' ? z.array(z.string()).safeParse(request.told.each) : undefined
  return told?.data ?? ['']
}

/** What stands for a placeholder, named without its braces: `COOKIE:alice:aal2`. */
export type Resolve = (placeholder: string) => Promise<string>

/**
 * Puts values in the place of placeholders, and characters in the place of written escapes.
 * `{{EACH}}` and `{{REPEAT:s:n}}` are known here, all others are asked of `resolve`. A value of `each`
 * goes in as it is, but for `{{EACH|urlencode}}` and, with placeholders of its own, `{{EACH|expand}}`.
 */
export async function expand(text: string, resolve: Resolve, each = ''): Promise<string> {
  const parts = unescapeText(text).split(/\{\{([^{}]+)\}\}/)
  const filled = parts.map((part, index) => (index % 2 === 0 ? part : fill(part, resolve, each)))
  return (await Promise.all(filled)).join('')
}

/** The same for all parts of a request. */
export async function expandRequest(
  { method, host, path, headers, body }: RequestTemplate,
  resolve: Resolve,
  each = '',
): Promise<RequestTemplate> {
  const of = (text: string) => expand(text, resolve, each)
  const filledHeaders = headers.map(
    async ([name, value]): Promise<[string, string]> => [await of(name), await of(value)],
  )
  return {
    method: await of(method),
    host: await of(host),
    path: await of(path),
    headers: await Promise.all(filledHeaders),
    ...(body === undefined ? {} : { body: await expandBody(body, of) }),
  }
}

async function expandBody(
  body: string | Record<string, string>,
  of: (text: string) => Promise<string>,
): Promise<string | Record<string, string>> {
  if (typeof body === 'string') return of(body)
  const fields = Object.entries(body).map(async ([name, value]) => [name, await of(value)] as const)
  return Object.fromEntries(await Promise.all(fields))
}

/** Writes fields the way the media type says: JSON when it says so, else as a form does. */
export function encodeBody({ body, headers }: RequestTemplate): string | undefined {
  if (body === undefined || typeof body === 'string') return body
  const isJson = headers.some(
    ([name, value]) => name.toLowerCase() === 'content-type' && value.includes('json'),
  )
  return isJson ? JSON.stringify(body) : new URLSearchParams(body).toString()
}

async function fill(placeholder: string, resolve: Resolve, each: string): Promise<string> {
  if (placeholder === 'EACH') return each
  if (placeholder === 'EACH|expand') return expand(each, resolve)
  if (placeholder === 'EACH|urlencode') return encodeURIComponent(each)
  const [, repeated, times] = /^REPEAT:(.*):(\d+)$/s.exec(placeholder) ?? []
  if (repeated !== undefined) return repeated.repeat(Number(times))
  return resolve(placeholder)
}

const CONTROLS: Record<string, string> = { r: '\r', n: '\n', t: '\t' }

function unescapeText(text: string): string {
  return text.replace(/\\(?:([rnt])|u([0-9a-fA-F]{4}))/g, (_, control: string, hex: string) =>
    control ? (CONTROLS[control] ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
