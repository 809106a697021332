import { describe, expect, it } from 'vitest'
import { faultsIn, LEAST, load, placesOf } from './files.ts'

const SECRET = `whsec_${'A'.repeat(43)}=`
const withOrigin = (origin: string) =>
  `${LEAST}api: { applications: [{ id: shop, webhooks: { origins: ["${origin}"], secret: "${SECRET}" } }] }`

describe('where webhooks may go', () => {
  it.each([
    'https://shop.example.com',
    'https://shop.example.com:8443',
    'http://127.0.0.1:8080',
    'http://localhost:3000',
    'http://[::1]:3000',
  ])('may be %s', (origin) => {
    const [shop] = load(withOrigin(origin)).config.api?.applications ?? []
    expect(shop?.webhooks?.origins).toEqual([origin])
  })

  it.each([
    ['a path', 'https://shop.example.com/hook'],
    ['a slash', 'https://shop.example.com/'],
    ['a password', 'https://me:secret@shop.example.com'],
    ['clear text', 'http://shop.example.com'],
    ['clear text to a name like this machine’s', 'http://127.0.0.1.example.com'],
    ['clear text to another one', 'http://localhost.example.com'],
    ['another scheme', 'ftp://shop.example.com'],
    ['no address', 'shop.example.com'],
    ['all', '*'],
  ])('is refused with %s', (_, origin) => {
    expect(placesOf(faultsIn(withOrigin(origin)))).toEqual([
      '2 api.applications[0].webhooks.origins[0]',
    ])
  })
})

describe('where webhooks of keys for tests go', () => {
  const withTest = (secret: string) => {
    const live = `origins: ["https://shop.example.com"], secret: "${SECRET}"`
    const test = `{ origins: ["https://test.example.com"], secret: "${secret}" }`
    return `${LEAST}api: { applications: [{ id: shop, webhooks: { ${live}, test: ${test} } }] }`
  }

  it('has a secret of its own', () => {
    const [shop] = load(withTest(`whsec_${'B'.repeat(43)}=`)).config.api?.applications ?? []
    expect(shop?.webhooks?.test?.origins).toEqual(['https://test.example.com'])
    expect(placesOf(faultsIn(withTest(SECRET)))).toEqual([
      '2 api.applications[0].webhooks.test.secret',
    ])
  })
})

describe('an application', () => {
  it.each(['gatehouse', 'shop:test', 'Shop', 'a/b', ''])('cannot be called %j', (id) => {
    const faults = faultsIn(`${LEAST}api: { applications: [{ id: "${id}" }] }`)
    expect(placesOf(faults)).toEqual(['2 api.applications[0].id'])
  })
})
