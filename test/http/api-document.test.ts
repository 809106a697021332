import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXAMPLES } from '../../src/api/examples.ts'
import { apiRoutes, fetchDocument, type PublishedApi } from '../support/api-document.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
let published: PublishedApi
beforeAll(async () => {
  gateway = await openGateway(`
portal: { url: "https://auth.gw.test/.gatehouse/" }
factors: { totp: {} }
api: { applications: [{ id: shop }] }
`)
  published = await fetchDocument(gateway)
})
afterAll(() => gateway.close())

describe('the document of the API', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator()
    expect(await validator.validate({ ...structuredClone(published.document) })).toEqual({
      valid: true,
    })
    expect(validator.version).toBe('3.1')
  })

  it('says where the API stands, and how a key is shown', () => {
    const { servers, security, components } = published.document
    expect(servers).toEqual([{ url: 'https://auth.gw.test/.gatehouse/api' }])
    expect(security).toEqual([{ apiKey: [] }])
    expect(components?.securitySchemes?.apiKey).toMatchObject({ type: 'http', scheme: 'bearer' })
  })

  it('holds every route that there is, and none besides', () => {
    const told = published.operations.map(({ method, path }) => `${method} ${path}`)
    expect(told.sort()).toEqual(routes())
    expect(told).toContain('POST /2fa/enroll/{id}/confirm')
  })

  it('describes each of them: summary, tag, every answer, and what is refused', () => {
    for (const { method, path, operation } of published.operations) {
      const where = `${method} ${path}`
      expect(operation.summary, where).toBeTruthy()
      expect(operation.tags, where).toHaveLength(1)
      const statuses = Object.keys(operation.responses ?? {})
      expect(
        statuses.some((status) => status.startsWith('2')),
        where,
      ).toBe(true)
      expect(statuses, where).toContain('5XX')
      if (method === 'POST') {
        const names = (operation.parameters ?? []).map((it) => ('name' in it ? it.name : ''))
        expect(names, where).toContain('Idempotency-Key')
      }
    }
  })

  it('has an example that fits for each schema with a name', () => {
    const names = Object.keys(published.document.components?.schemas ?? {})
    expect(Object.keys(EXAMPLES).sort()).toEqual(names.sort())
    for (const name of names) expect(published.faultsIn(name, EXAMPLES[name]), name).toEqual([])
  })

  it('has patterns that every reader takes for what they are', () => {
    const patterns = [
      ...JSON.stringify(published.document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g),
    ]
    expect(patterns.length).toBeGreaterThan(0)
    for (const [, text = '""'] of patterns) {
      const pattern: string = JSON.parse(text)
      expect(() => new RegExp(pattern, 'u')).not.toThrow()
      expect(pattern).toMatch(/^\^.*\$$/)
    }
  })
})

describe('the page of the API', () => {
  it('tells every route to people, without a key and without script', async () => {
    const address = new URL('api/docs', gateway.portal).href
    const { status, headers, body } = await gateway.visitor().get(address)
    expect(status).toBe(200)
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['content-security-policy']).not.toContain('script-src')
    expect(body).not.toContain('<script')
    for (const { method, path, operation } of published.operations) {
      expect(body).toContain(`<strong>${method}</strong> <code>${path}</code>`)
      expect(body).toContain(operation.summary)
    }
    expect(body).toContain('name="viewport"')
    // Each name in the contents leads somewhere.
    const targets = [...body.matchAll(/href="#([^"]+)"/g)].map(([, target]) => target)
    expect(targets).toHaveLength(published.operations.length)
    for (const target of targets) expect(body).toContain(`id="${target}"`)
  })
})

/** All routes of the application itself, as the document would write them. */
function routes(): string[] {
  const all = apiRoutes()
    .routes.filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => {
      const short = path.replace(/^\/api/, '').replaceAll(/:(\w+)/g, '{$1}')
      return `${method} ${short}`
    })
  return [...new Set(all)].sort()
}
