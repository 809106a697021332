import { stringify } from 'yaml'
import type * as z from 'zod'
import type { routeConfig } from '../gateway/config.ts'
import { configSchema } from './schema.ts'
import { describe, isMap, isSection, itemOf, keysOf, schemaAt } from './walk.ts'

const WIDTH = 100

const HEAD = `\
The configuration of Gatehouse. Copy this file to config.yaml, change what is yours, and look it
over with: gatehouse check

Lines that begin with "# " explain. A key behind a "#" is switched off; it shows its default, or an
example where its text ends with "For example:". Take the "#" away to set it, and also the one
before the section that it stands in.

Each key can be set by a variable instead, GATEHOUSE_SESSION_IDLE=15m for session.idle. A secret is
written { file: /run/secrets/name } or { env: NAME }. All of it is told in docs/configuration.md.`

type ExampleRoute = z.input<typeof routeConfig>

const FIRST_ROUTE: ExampleRoute = {
  host: 'wiki.example.com',
  name: 'Wiki',
  upstream: 'http://127.0.0.1:3000',
  rules: [
    { paths: ['/public/**'], require: 'bypass' },
    { paths: ['/admin/**'], groups: ['admins'], require: 'two_factor', max_age: '10m' },
    { require: 'two_factor' },
  ],
}

const SECOND_ROUTE: ExampleRoute = {
  host: 'photos.example.com',
  rules: [{ require: 'one_factor' }],
}

/**
 * Prints `config.example.yaml` from the schema: required keys and two routes, and every other key
 * switched off, with its description and default.
 */
export function exampleYaml(): string {
  const sections = keysOf(configSchema).map(([name, schema]) =>
    name === 'routes' ? routesLines(schema) : keyLines(name, schema, { indent: '', isOn: true }),
  )
  return `${[comment(HEAD, ''), ...sections].map((lines) => lines.join('\n')).join('\n\n')}\n`
}

interface Where {
  indent: string
  /** Is the section around it switched on? */
  isOn: boolean
}

function keyLines(name: string, schema: z.core.$ZodType, { indent, isOn }: Where): string[] {
  const { required, description = '', example } = describe(schema)
  const on = isOn && required
  const key = `${indent}${on ? '' : '#'}${name}:`
  // A section that few people need shows an example on one line, and its keys in the reference alone.
  if (isSection(schema) && keysOf(schema).length > 0 && example === undefined) {
    const below = keysOf(schema).flatMap(([inner, innerSchema]) =>
      keyLines(inner, innerSchema, { indent: `${indent}  `, isOn: on }),
    )
    return [...comment(description, indent), key, ...below]
  }
  const { value, isExample } = shownValue(schema)
  const text = isExample && !on ? `${description} For example:` : description
  return [...comment(text, indent), `${key} ${flow(value)}`]
}

function shownValue(schema: z.core.$ZodType): { value: unknown; isExample: boolean } {
  const { default: written, example } = describe(schema)
  const isEmpty =
    typeof written === 'object' && written !== null && Object.keys(written).length === 0
  const says = written !== undefined && !isEmpty
  if (says) return { value: written, isExample: false }
  if (example !== undefined) return { value: example, isExample: true }
  return { value: written ?? {}, isExample: false }
}

function routesLines(schema: z.core.$ZodType): string[] {
  const item = itemOf(schema)
  if (!item) throw new TypeError('routes is a list')
  const [, ...below] = keysOf(item).flatMap(([name, inner]) => routeKeyLines(name, inner))
  const host = describe(schemaAt(item, ['host']) ?? item).description ?? ''
  return [
    ...comment(describe(schema).description ?? '', ''),
    'routes:',
    ...comment(host, '  '),
    `  - host: ${FIRST_ROUTE.host}`,
    ...below,
    '',
    ...comment('Another proxy stands in front of this one and asks by forward-auth.', '  '),
    `  - host: ${SECOND_ROUTE.host}`,
    '    rules:',
    ...SECOND_ROUTE.rules.map((rule) => `      - ${flow(rule)}`),
  ]
}

function routeKeyLines(name: string, schema: z.core.$ZodType): string[] {
  const indent = '    '
  const value = Object.entries(FIRST_ROUTE).find(([key]) => key === name)?.[1]
  const description = describe(schema).description ?? ''
  // The first line of a list entry carries the dash and is written by the caller.
  if (name === 'host') return ['']
  if (value === undefined) return keyLines(name, schema, { indent, isOn: false })
  if (!Array.isArray(value))
    return [...comment(description, indent), `${indent}${name}: ${flow(value)}`]

  const item = itemOf(schema)
  const keys = item ? keysOf(item) : []
  return [
    ...comment(description, indent),
    ...keys.flatMap(([key, inner]) => listed(key, describe(inner).description ?? '', indent)),
    `${indent}${name}:`,
    ...value.map((entry) => `${indent}  - ${flow(entry)}`),
  ]
}

/** A key and its description as one entry of a list within a comment. */
function listed(key: string, description: string, indent: string): string[] {
  const column = 10
  const [first = '', ...rest] = wrap(description, WIDTH - indent.length - 4 - column)
  const lines = [
    `${`${key}:`.padEnd(column)}${first}`,
    ...rest.map((line) => ' '.repeat(column) + line),
  ]
  return lines.map((line) => `${indent}#   ${line}`)
}

/** Comment lines, each paragraph wrapped. */
function comment(text: string, indent: string): string[] {
  if (text === '') return []
  return text
    .replace(/(?<!\n)\n(?!\n)/g, ' ')
    .split('\n')
    .flatMap((line) => wrap(line, WIDTH - indent.length - 2))
    .map((line) => `${indent}# ${line}`.trimEnd())
}

function wrap(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}

/** A value on one line, as a person would write it: `{ paths: [/public/**], require: bypass }`. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (isMap(value)) {
    const pairs = Object.entries(value).map(([key, below]) => `${key}: ${flow(below)}`)
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
  }
  // Within brackets, so that what needs quotes there gets them.
  const options = { collectionStyle: 'flow', flowCollectionPadding: false, lineWidth: 0 } as const
  return stringify([value], options).trim().slice(1, -1)
}
