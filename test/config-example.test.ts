import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { exampleYaml } from '../src/config/example.ts'
import { loadConfig } from '../src/config/load.ts'
import { referenceMarkdown } from '../src/config/reference.ts'
import { configSchema } from '../src/config/schema.ts'
import { describe, leavesOf } from '../src/config/walk.ts'
import { catalogPage, GENERATED_FROM_HERE } from '../src/store/catalog-page.ts'
import { aCertificate } from './support/certificate.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

it('config.example.yaml is what the schema prints: npm run config:example', () => {
  expect(read('../config.example.yaml')).toBe(exampleYaml())
})

it('docs/configuration.md is what the schema prints: gatehouse config-example --reference', () => {
  expect(read('../docs/configuration.md')).toBe(referenceMarkdown())
})

it('docs/privacy.md lists every stored field: gatehouse stored-data', () => {
  const page = read('../docs/privacy.md')
  expect(page.slice(page.indexOf(GENERATED_FROM_HERE))).toBe(catalogPage())
})

it('the example loads without a fault or a warning', () => {
  const { config, warnings } = loadIn(exampleYaml(), aFolder())
  expect(config.routes).toHaveLength(2)
  expect(warnings).toEqual([])
})

it('the example loads without a fault or a warning when every key is switched on', async () => {
  const folder = aFolder()
  const { cert } = await aCertificate()
  writeFileSync(join(folder, 'ca.pem'), cert)
  const secrets = join(folder, 'secrets')
  mkdirSync(secrets)
  const yaml = exampleYaml()
    .replace(/^( *)#(?=\w+:)/gm, '$1')
    .replace(/\{ file: \/run\/secrets\/([\w-]+) \}/g, (_, name: string) => {
      writeFileSync(join(secrets, name), A_SECRET, { mode: 0o600 })
      return `{ file: ${join(secrets, name)} }`
    })
    .replace(/\/etc\/gatehouse\/[\w-]+\.(pem|jwt)/g, join(folder, 'ca.pem'))
  const { config, warnings } = loadIn(yaml, folder)
  expect(config.portal.accent).toBeDefined()
  expect(config.store.key).toBe(A_SECRET)
  expect(warnings).toEqual([])
})

it('the example is at most 100 columns wide', () => {
  expect(
    exampleYaml()
      .split('\n')
      .filter((line) => line.length > 100),
  ).toEqual([])
})

it('every key has a description, and a default or an example', () => {
  const mute = leavesOf(configSchema).filter(({ schema }) => {
    const { description, default: written, example } = describe(schema)
    return description === undefined || (written === undefined && example === undefined)
  })
  expect(mute.map(({ path }) => path.join('.'))).toEqual([])
})

// Of a form that suits every key, the store's too.
const A_SECRET = 'SkpJeaR0FMtclcdAAeQTGMx8PrVLqPyxDGjtvO2DjzU='

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

function loadIn(yaml: string, folder: string) {
  const file = join(folder, 'config.yaml')
  writeFileSync(file, yaml, { mode: 0o600 })
  return loadConfig(file, {})
}
