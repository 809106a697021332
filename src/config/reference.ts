import type * as z from 'zod'
import { variablesOf } from './environment.ts'
import { flow } from './example.ts'
import { METHODS } from './levels.ts'
import { configSchema } from './schema.ts'
import { describe, isSection, itemOf, keysOf, schemaAt, writtenPath } from './walk.ts'

/** Prints `docs/configuration.md`: every key, what it does and its default, from the schema. */
export function referenceMarkdown(): string {
  const top = keysOf(configSchema)
  const plain = top.filter(([, schema]) => isPlain(schema))
  const sections = top.filter(([, schema]) => !isPlain(schema))
  const parts = [
    INTRODUCTION,
    '## Top level',
    table(plain.flatMap(([name, schema]) => rows(name, schema))),
    ...sections.flatMap(([name, schema]) => section(name, schema)),
    LEVELS,
    methodTable(),
    ENVIRONMENT,
    variableList(),
    SECRETS,
    CHECKING,
  ]
  return `${parts.join('\n\n')}\n`
}

const INTRODUCTION = `\
# Configuration

Gatehouse reads one YAML file: the one named by \`--config FILE\`, else by \`GATEHOUSE_CONFIG\`, else
\`./config.yaml\`, else \`/etc/gatehouse/config.yaml\`. [config.example.yaml](../config.example.yaml) shows every key
in its place. What is set later wins: defaults, then the file, then the environment, then secret files.

Lengths of time are written \`30s\`, \`5m\`, \`12h\` or \`30d\`. Relative paths start at the file's folder. An unknown
key is a fault, and so is a key without a value.

This page is printed from the schema with \`gatehouse config-example --reference\`.`

const LEVELS = `\
## Levels

What a rule may ask for, weakest first. A stronger proof always satisfies a weaker level.

| level | who comes in |
|---|---|
| \`bypass\` | anyone; nobody is asked who they are |
| \`one_factor\` | whoever has signed in |
| \`two_factor\` | whoever has proved two different things |
| \`phishing_resistant\` | whoever has used a passkey, which works on the true address only |
| \`deny\` | nobody |

Rules are read from top to bottom. \`paths\` and \`patterns\`, \`methods\`, \`networks\` and \`query\` say what a rule is
about, and the first rule that is about a request decides; \`users\` and \`groups\` say whom it lets in. Where no rule
is about a request, the answer is no.`

const ENVIRONMENT = `\
## Environment variables

Every key outside a list can be set by a variable: its path in capitals, joined with \`_\`, behind \`GATEHOUSE_\`. A list
of plain values is separated by commas: \`GATEHOUSE_TRUSTED_PROXIES=10.0.0.2,10.0.0.3\`. Routes live in the file only.
A variable that is set to nothing counts as left out. A variable that begins with \`GATEHOUSE_\` and belongs to no key is
a fault, because it is most likely a typing error.`

const SECRETS = `\
## Secrets

A key that holds a secret takes one of three forms:

\`\`\`yaml
store:
  key: { file: /run/secrets/gatehouse-key } # the content of a file, without white space around it
  # key: { env: GATEHOUSE_SECRET }          # the value of a variable of any name
  # key: Zm9vYmFy…                          # the secret itself, which brings a warning
\`\`\`

In the environment, the variable of the key holds the secret itself, and the same name with \`_FILE\` behind it names a
file: \`GATEHOUSE_STORE_KEY_FILE=/run/secrets/gatehouse-key\`. Give a secret file mode 0600 and the user that runs
Gatehouse.`

const CHECKING = `\
## Checking a file

\`gatehouse check [FILE]\` reads the configuration as a start would, and touches nothing else. It prints every fault at
once, each with its line, and ends with exit code 1; without a fault it prints warnings about what is legal but
dangerous, and ends with exit code 0. The \`tests\` of the configuration are tried too, and one that fails is a fault.
[rules.md](rules.md) tells about rules and how to try them.`

function section(name: string, schema: z.core.$ZodType): string[] {
  const heading = [`## ${name}`, describe(schema).description ?? '']
  const item = itemOf(schema)
  const keys = keysOf(item ?? schema)
  return [...heading, table(keys.flatMap(([key, below]) => rows(key, below)))]
}

const isPlain = (schema: z.core.$ZodType) => {
  const item = itemOf(schema)
  return !isSection(schema) && !(item && isSection(item))
}

/** The row of a key, and those of the keys below it. */
function rows(key: string, schema: z.core.$ZodType): string[] {
  const item = itemOf(schema)
  const below = item && isSection(item) ? keysOf(item) : keysOf(schema)
  const prefix = item ? `${key}[]` : key
  return [
    row(key, schema, below.length > 0),
    ...below.flatMap(([inner, innerSchema]) => rows(`${prefix}.${inner}`, innerSchema)),
  ]
}

function row(key: string, schema: z.core.$ZodType, hasBelow: boolean): string {
  const { description = '', default: written, example, required, secret } = describe(schema)
  const sample = example === undefined || hasBelow ? '' : `, e.g. ${code(example)}`
  const standard = required
    ? `**required**${sample}`
    : written === undefined || hasBelow
      ? `–${sample}`
      : code(written)
  const text = secret ? `${description} A [secret](#secrets).` : description
  return `| \`${key}\` | ${escaped(text)} | ${standard} |`
}

const code = (value: unknown) => `\`${escaped(flow(value))}\``
const escaped = (text: string) => text.replaceAll('|', '\\|')
const table = (lines: readonly string[]) =>
  ['| key | what it does | default |', '|---|---|---|', ...lines].join('\n')

function methodTable(): string {
  const factors = keysOf(schemaAt(configSchema, ['factors']) ?? configSchema).map(([name]) => name)
  const lines = METHODS.filter(({ factor }) => factor === undefined || factors.includes(factor))
  return [
    '| method | satisfies | `amr` |',
    '|---|---|---|',
    ...lines.map(({ name, satisfies, amr }) => {
      const methods = amr.map((method) => `\`${method}\``).join(', ')
      return `| ${name} | ${satisfies} | ${methods} |`
    }),
  ].join('\n')
}

function variableList(): string {
  const lines = variablesOf(configSchema).map(
    ({ name, path }) => `| \`${name}\` | \`${writtenPath(path)}\` |`,
  )
  return ['| variable | sets |', '|---|---|', ...lines].join('\n')
}
