import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { runCli } from '../../../src/cli/index.ts'
import { SNIPPETS } from '../../../src/gateway/snippets/index.ts'
import { spellings } from '../../../src/gateway/snippets/parts.ts'
import { aConfigFile } from '../config/files.ts'

const page = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8')
const PROXIES = page('docs/proxies.md')
const [, SHOWN = ''] = /<!-- config -->\s*```yaml\n([\s\S]*?)```/.exec(PROXIES) ?? []

async function snippet(config: string, ...args: string[]) {
  const out: string[] = []
  const err: string[] = []
  const withConfig = args.includes('--lua') ? [] : ['--config', aConfigFile(config)]
  const code = await runCli(['snippet', ...args, ...withConfig], {
    print: (line) => out.push(line),
    printError: (line) => err.push(line),
    stdin: Readable.from([]),
    environment: {},
  })
  return { code, text: out.join('\n'), err: err.join('\n') }
}

const blocks = (text: string) =>
  Array.from(text.matchAll(/<!-- snippet: ([^>]+) -->\s*```\w*\n([\s\S]*?)\n```/g), (found) => [
    found[1] ?? '',
    found[2] ?? '',
  ]).filter(([name]) => name !== 'apache')

describe('the texts that we show', () => {
  it('hold every proxy', () => {
    expect(blocks(PROXIES).map(([name]) => name)).toEqual([...SNIPPETS.keys()])
  })

  it.each([...blocks(PROXIES), ...blocks(page('README.md'))])(
    'are what is printed: %s',
    async (command = '', shown = '') => {
      const { code, text, err } = await snippet(SHOWN, ...command.split(' '))
      expect({ code, err }).toEqual({ code: 0, err: '' })
      expect(text).toBe(shown)
    },
  )

  it.each(Array.from(PROXIES.matchAll(/```yaml\n([\s\S]*?)```/g), ([, text = '']) => [text]))(
    'are YAML where they say so',
    (text = '') => {
      const documents = parseAllDocuments(text, { uniqueKeys: true })
      expect(documents.flatMap(({ errors }) => errors)).toEqual([])
    },
  )
})

const CONFIG = `
portal: { url: "https://auth.example.com:8443/gate/" }
listen: [unix:/run/gate.sock, 0.0.0.0:9191]
trusted_proxies: [127.0.0.1]
routes:
  - { host: wiki.example.com, headers: { user: X-Wiki-User }, rules: [{ require: two_factor }] }
  - { host: "*.apps.example.com", assertion: { like: cloudflare }, rules: [{ require: two_factor }] }
  - { host: shop.example.org, rules: [{ require: one_factor }] }
  - { host: auth.example.com, rules: [{ require: one_factor }] }
  - { host: mail.example.com, upstream: "http://10.0.0.9:80", rules: [{ require: one_factor }] }
`

describe.each([...SNIPPETS.keys()])('the text for %s', (proxy) => {
  it('takes names, ports and addresses from the configuration', async () => {
    const { text } = await snippet(CONFIG, proxy, '--upstream', 'http://10.0.0.7:8080')
    const folded = text.toLowerCase()
    for (const name of ['x-wiki-user', 'remote-groups', 'cf-access-jwt-assertion']) {
      expect(folded).toContain(name)
    }
    expect(folded).toMatch(/127\.0\.0\.1:9191|"127\.0\.0\.1", port_value: 9191/)
    expect(folded).toMatch(/10\.0\.0\.7:8080|"10\.0\.0\.7", port_value: 8080/)
    // What Gatehouse sends on itself is no business of the proxy.
    expect(folded).toContain('mail.example.com')
    expect(folded).not.toContain('10.0.0.9')
    expect(folded.replaceAll('8443', '')).not.toMatch(/\b(?:80|443)\b/)
  })

  it('has a way to our pages on hosts of other domains, and on the portal’s, alone', async () => {
    const { text: other } = await snippet(CONFIG, proxy, 'shop.example.org')
    expect(other).toContain('/.gatehouse/')
    const { text: own } = await snippet(CONFIG, proxy, 'auth.example.com')
    expect(own).toContain('/gate/')
    const { text: home } = await snippet(CONFIG, proxy, 'wiki.example.com')
    expect(home).not.toContain('/.gatehouse/')
    expect(home).not.toContain('shop.example.org')
    expect(home).toContain('auth.example.com')
  })

  it('asks at one of our addresses, and goes by nothing else', async () => {
    const { text } = await snippet(CONFIG, proxy, 'wiki.example.com')
    expect(text).toMatch(/\/api\/authz\/(?:forward-auth|auth-request|ext-authz)|lua\.gatehouse/)
  })

  it('takes the address of the gate from whoever knows better', async () => {
    const { text } = await snippet(CONFIG, proxy, '--gate', 'gatehouse:9999')
    expect(text).toMatch(/gatehouse:9999|"gatehouse", port_value: 9999/)
    expect(text).not.toContain('9191')
  })
})

describe('the command', () => {
  it.each([
    [['apache'], 2],
    [[], 2],
    [['nginx', 'wiki.example.com', 'shop.example.org'], 2],
    [['nginx', '--lua'], 2],
    [['nginx', '--upstream', 'https://10.0.0.7'], 2],
    [['nginx', '--upstream', 'http://10.0.0.7/path'], 2],
    [['nginx', '--upstream', 'http://10.0.0.7:80; }'], 2],
    [['nginx', '--gate', 'gatehouse'], 2],
    [['nginx', 'wikki.example.com'], 1],
  ])('refuses %s', async (args, code) => {
    const answer = await snippet(CONFIG, ...args)
    expect({ code: answer.code, text: answer.text }).toEqual({ code, text: '' })
  })

  it('refuses to name an address at which no proxy can ask', async () => {
    const config = CONFIG.replace('[unix:/run/gate.sock, 0.0.0.0:9191]', 'unix:/run/gate.sock')
    expect((await snippet(config, 'nginx')).code).toBe(1)
    expect((await snippet(config, 'nginx', '--gate', '127.0.0.1:9091')).code).toBe(0)
  })

  it('says when nobody may ask yet', async () => {
    const { code, err } = await snippet(CONFIG.replace('[127.0.0.1]', '[]'), 'caddy')
    expect(code).toBe(0)
    expect(err).toContain('trusted_proxies')
  })

  it('prints the script of HAProxy without a configuration', async () => {
    const { code, text } = await snippet('', 'haproxy', '--lua')
    expect(code).toBe(0)
    expect(text).toContain("core.register_action('gatehouse'")
  })
})

it('knows every spelling that a server takes for a name', () => {
  expect(spellings('Remote-User')).toEqual(['Remote-User', 'Remote_User', 'Remote.User'])
  expect(spellings('X-My-User')).toHaveLength(9)
  expect(spellings('Plain')).toEqual(['Plain'])
})
