import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../src/cli/index.ts'
import { openGateway, PASSWORD, type TestGateway } from '../support/gateway.ts'
import { openRecorder, type Recorder } from '../support/recorder.ts'
import type { Visitor } from '../support/visitor.ts'

let recorder: Recorder
let gateway: TestGateway
let visitor: Visitor

beforeAll(async () => {
  recorder = await openRecorder()
  gateway = await openGateway(`
portal: { url: https://auth.gw.test }
routes:
  - host: wiki.gw.test
    upstream: "http://127.0.0.1:${recorder.port}"
    rules:
      - { name: front page, paths: [/], require: one_factor }
      - { name: the admins, paths: [/admin/**], require: one_factor, groups: [wiki-admins] }
      - { name: never reached, require: bypass }
`)
  await gateway.addUser({ name: 'alice' })
  visitor = gateway.visitor()
  await visitor.open('https://auth.gw.test/login')
  const answer = await visitor.submit({ username: 'alice', password: PASSWORD })
  await visitor.open(answer.location ?? '')
})
afterAll(async () => {
  await gateway.close()
  await recorder.close()
})

const NUMBER = /[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}/

/** What the operator reads. */
async function show(reference: string): Promise<{ code: number; text: string }> {
  // The command is another process; what is not written yet it does not see.
  await gateway.store.events.list({}, { limit: 1 })
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  const file = join(folder, 'config.yaml')
  writeFileSync(file, `portal: { url: https://auth.gw.test }\nstore: { path: ${gateway.path} }\n`)
  const lines: string[] = []
  const code = await runCli(['audit', 'show', reference, '--config', file], {
    print: (line) => lines.push(line),
    printError: (line) => lines.push(line),
    stdin: Readable.from([]),
    environment: {},
  })
  rmSync(folder, { recursive: true })
  return { code, text: lines.join('\n') }
}

describe('the number of a refusal', () => {
  it('leads from the page to the rules, as they stood then', async () => {
    const { status, body } = await visitor.get('https://wiki.gw.test/admin/x', {
      headers: { accept: 'text/html' },
    })
    expect(status).toBe(403)
    const { code, text } = await show(NUMBER.exec(body)?.[0] ?? '')
    expect(code).toBe(0)
    expect(text).toMatch(/event +access\.denied/)
    expect(text).toMatch(/who +alice/)
    expect(text).toMatch(/path +\/admin\/x/)
    expect(text).toMatch(/1 +front page +no: path is none of \//)
    expect(text).toMatch(/2 +the admins +yes: .*does not let this person in → deny/)
    expect(text).not.toContain('never reached')
  })

  it.each([
    ['text/html', 421, 'https://nowhere.gw.test/'],
    ['application/json', 421, 'https://nowhere.gw.test/'],
    ['text/html', 400, 'https://wiki.gw.test//admin/x'],
    ['application/json', 400, 'https://wiki.gw.test//admin/x'],
    ['application/json', 403, 'https://wiki.gw.test/admin/x'],
  ])('stands in every other answer, too: %s of %i', async (accept, status, url) => {
    const answer = await visitor.get(url, { headers: { accept } })
    expect(answer.status).toBe(status)
    const [reference = 'none'] = NUMBER.exec(answer.body) ?? []
    const { code, text } = await show(reference)
    expect([code, text]).toEqual([0, expect.stringContaining(reference)])
  })
})
