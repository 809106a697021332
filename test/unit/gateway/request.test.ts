import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { networks } from '../../../src/base/net.ts'
import { clientAddress } from '../../../src/gateway/client-address.ts'
import { parseHost } from '../../../src/gateway/host.ts'
import { kindOf } from '../../../src/gateway/kind.ts'
import { createRequestReader, isRefusal } from '../../../src/gateway/request.ts'
import { parseTarget, parseUrl } from '../../../src/gateway/target.ts'

const TRUSTED = networks(['192.0.2.0/24', '2001:db8::/32'])
const read = createRequestReader(TRUSTED)

interface Message {
  version?: [number, number]
  method?: string
  url?: string
  host?: string
  lines?: string[][]
  peer?: string | undefined
  upgrade?: boolean
}

/** A message as Node hands it over, as far as it is read. */
function aMessage(given: Message = {}): IncomingMessage {
  const { version = [1, 1], host = 'app.gw.test', lines = [], ...rest } = given
  return {
    httpVersionMajor: version[0],
    httpVersionMinor: version[1],
    method: rest.method ?? 'GET',
    url: rest.url ?? '/',
    upgrade: rest.upgrade ?? false,
    rawHeaders: [['Host', host], ...lines].flat(),
    socket: { remoteAddress: 'peer' in rest ? rest.peer : '203.0.113.9' },
  } as unknown as IncomingMessage
}

const outcome = (given: Message): string | number => {
  const reading = read(aMessage(given))
  return isRefusal(reading) ? reading.status : 'taken'
}

describe('a message', () => {
  it.each<[string, Message, string | number]>([
    ['of HTTP/1.1', {}, 'taken'],
    ['of HTTP/1.0', { version: [1, 0] }, 'taken'],
    ['of HTTP/0.9', { version: [0, 9] }, 400],
    ['of HTTP/2.0', { version: [2, 0] }, 505],
    ['of HTTP/1.2', { version: [1, 2] }, 505],
    ['of WebDAV', { method: 'PROPFIND' }, 'taken'],
    ['with TRACE', { method: 'TRACE' }, 405],
    ['with CONNECT', { method: 'CONNECT' }, 405],
    ['with a method that nobody needs', { method: 'PURGE' }, 501],
    ['with a method in small letters', { method: 'get' }, 501],
    ['with two hosts', { lines: [['host', 'evil.test']] }, 400],
    ['with the same host twice', { lines: [['HOST', 'app.gw.test']] }, 400],
    ['with an empty host', { host: '' }, 400],
    ['with a length', { method: 'POST', lines: [['Content-Length', '5']] }, 'taken'],
    [
      'with two lengths',
      {
        lines: [
          ['Content-Length', '5'],
          ['content-length', '5'],
        ],
      },
      400,
    ],
    ['with a list of lengths', { lines: [['Content-Length', '5, 5']] }, 400],
    ['with a signed length', { lines: [['Content-Length', '+5']] }, 400],
    ['with a length of leading zeros', { lines: [['Content-Length', '05']] }, 400],
    ['with a hexadecimal length', { lines: [['Content-Length', '0x5']] }, 400],
    ['with an empty length', { lines: [['Content-Length', '']] }, 400],
    ['with a length that is no safe number', { lines: [['Content-Length', '1'.repeat(17)]] }, 400],
    ['in chunks', { method: 'POST', lines: [['Transfer-Encoding', 'Chunked']] }, 'taken'],
    ['in gzip and chunks', { lines: [['Transfer-Encoding', 'gzip, chunked']] }, 400],
    [
      'in chunks said twice',
      {
        lines: [
          ['Transfer-Encoding', 'chunked'],
          ['Transfer-Encoding', 'chunked'],
        ],
      },
      400,
    ],
    [
      'in chunks and of a length',
      {
        lines: [
          ['Transfer-Encoding', 'chunked'],
          ['Content-Length', '5'],
        ],
      },
      400,
    ],
    ['of HTTP/1.0 in chunks', { version: [1, 0], lines: [['Transfer-Encoding', 'chunked']] }, 400],
    ['that expects a 100', { lines: [['Expect', '100-Continue']] }, 'taken'],
    ['that expects wonders', { lines: [['Expect', '100-continue, wonders']] }, 417],
    [
      'with X-Forwarded-Host twice',
      {
        lines: [
          ['X-Forwarded-Host', 'a'],
          ['x-forwarded-host', 'a'],
        ],
      },
      400,
    ],
    [
      'with X-Original-URL twice',
      {
        lines: [
          ['X-Original-URL', 'a'],
          ['x-original-url', 'b'],
        ],
      },
      400,
    ],
    [
      'with X-Forwarded-For twice',
      {
        lines: [
          ['X-Forwarded-For', '::1'],
          ['X-Forwarded-For', '::1'],
        ],
      },
      400,
    ],
    ['with more lines than anybody needs', { lines: Array(256).fill(['a', 'b']) }, 431],
    ['whose sender has gone', { peer: undefined }, 400],
    ['that upgrades with POST', { upgrade: true, method: 'POST' }, 400],
    ['that upgrades from HTTP/1.0', { upgrade: true, version: [1, 0] }, 400],
    [
      'that upgrades with a length of nothing',
      { upgrade: true, lines: [['Content-Length', '0']] },
      400,
    ],
  ])('%s: %s', (_, given, expected) => {
    expect(outcome(given)).toBe(expected)
  })

  it('is read into a plain value that cannot be changed', () => {
    const lines = [
      ['Cookie', 'a=1'],
      ['X-Forwarded-For', '198.51.100.1'],
      ['cookie', 'b=2'],
      ['Connection', 'close'],
      ['connection', 'X-A'],
      ['User-Agent', 'test'],
    ]
    const reading = read(aMessage({ url: '/a%20b?c=/d', host: 'APP.gw.test:8443', lines }))
    expect(reading).toEqual({
      method: 'GET',
      host: 'app.gw.test',
      port: 8443,
      target: '/a%20b?c=/d',
      rawPath: '/a%20b',
      address: '203.0.113.9',
      peerIsTrusted: false,
      headers: [['Host', 'APP.gw.test:8443'], ...lines],
      cookie: 'a=1; b=2',
      userAgent: 'test',
      connection: 'close, X-A',
      isUpgrade: false,
      hasBody: false,
      expectsContinue: false,
    })
    expect(Object.isFrozen(reading)).toBe(true)
  })
})

describe('a target', () => {
  it.each(['/', '//', '/a;b', '/a?', '/a?b?c', '/%zz', '/a?q=\\d', '/a\'"<>[]{}|^`~'])(
    '%s is one',
    (text) => expect(parseTarget(text)?.target).toBe(text),
  )
  it.each([
    '',
    '*',
    'a',
    'http://app.gw.test/',
    'app.gw.test:443',
    '/a#b',
    '/a?b#c',
    '/a\\b',
    '/a b',
  ])('%j is none', (text) => expect(parseTarget(text)).toBeUndefined())

  it('holds printable ASCII only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const target = parseTarget(`/${text}`)
        if (target) expect(target.target).toMatch(/^\/[\x21-\x22\x24-\x7e]*$/)
      }),
    )
  })

  it.each([
    ['https://app.gw.test/a?b#c', '/a?b'],
    ['https://app.gw.test', '/'],
    ['https://app.gw.test?x', '/?x'],
    ['https://app.gw.test:8443/a', '/a'],
    ['app.gw.test/a', undefined],
    ['https://a@app.gw.test/', undefined],
    ['https:///a', undefined],
  ])('of the page %s is %s', (url, target) => {
    expect(parseUrl(url)?.target).toBe(target)
  })
})

describe('a host', () => {
  it.each([
    ['app.gw.test', 'app.gw.test', undefined],
    ['APP.GW.TEST:443', 'app.gw.test', 443],
    ['10.0.0.1:80', '10.0.0.1', 80],
    ['[::1]:9091', '[::1]', 9091],
    ['x', 'x', undefined],
    ['app.gw.test.', 'app.gw.test.', undefined],
  ])('%s is %s, port %s', (text, host, port) => {
    expect(parseHost(text)).toEqual({ host, port })
  })
  it.each(
    [
      [
        '',
        ':80',
        'a:b',
        'a:',
        'a:99999',
        'a:1:2',
        'a b',
        'a, b',
        'a@b',
        'a/b',
        'a#b',
        'a?b',
        'a\\b',
      ],
      ['a\tb', 'a%2eb', 'a_b', '-a', '[::1', '::1', '[::1]x', 'app\u3002gw', 'é.test', 'a\u0000'],
    ].flat(),
  )('%j is none', (text) => expect(parseHost(text)).toBeUndefined())
})

describe('the address of a client behind trusted proxies', () => {
  it.each([
    [undefined, '192.0.2.1'],
    ['', '192.0.2.1'],
    ['203.0.113.9', '203.0.113.9'],
    ['10.0.0.1, 203.0.113.9', '203.0.113.9'],
    ['203.0.113.9, 192.0.2.7', '203.0.113.9'],
    ['203.0.113.9,192.0.2.7 ,\t192.0.2.8', '203.0.113.9'],
    ['192.0.2.7', '192.0.2.7'],
    ['10.0.0.1, junk, 192.0.2.7', '192.0.2.7'],
    ['10.0.0.1, ', '192.0.2.1'],
    ['10.0.0.1:80', '192.0.2.1'],
    ['127.1', '192.0.2.1'],
    ['0177.0.0.1', '192.0.2.1'],
    ['2130706433', '192.0.2.1'],
    ['[::1]', '192.0.2.1'],
    ['127.0.0.1%lo', '192.0.2.1'],
    ['fe80::1%eth0', '192.0.2.1'],
    ['1.2.3.999', '192.0.2.1'],
    ['::FFFF:7f00:1', '127.0.0.1'],
    ['0:0:0:0:0:ffff:127.0.0.1', '127.0.0.1'],
    ['2001:DB9:0:0::1', '2001:db9::1'],
    ['10.0.0.1, 2001:db8::5', '10.0.0.1'],
  ])('told as %j is %s', (told, address) => {
    expect(clientAddress('192.0.2.1', told, TRUSTED)).toBe(address)
  })

  it('is the socket’s when the peer is not trusted, whatever is told', () => {
    const lines = [['X-Forwarded-For', '10.0.0.1']]
    expect(read(aMessage({ lines }))).toMatchObject({ address: '203.0.113.9' })
    expect(read(aMessage({ lines, peer: '::ffff:192.0.2.1' }))).toMatchObject({
      address: '10.0.0.1',
      peerIsTrusted: true,
    })
  })
})

describe('the kind of a request', () => {
  it.each<[string, string[][], string]>([
    ['GET', [['Sec-Fetch-Mode', 'navigate']], 'navigation'],
    ['POST', [['Sec-Fetch-Mode', 'navigate']], 'navigation'],
    [
      'GET',
      [
        ['Sec-Fetch-Dest', 'iframe'],
        ['Sec-Fetch-Mode', 'cors'],
      ],
      'navigation',
    ],
    [
      'GET',
      [
        ['Sec-Fetch-Mode', 'cors'],
        ['Accept', 'text/html'],
      ],
      'programmatic',
    ],
    [
      'GET',
      [
        ['Sec-WebSocket-Key', 'x'],
        ['Accept', 'text/html'],
      ],
      'programmatic',
    ],
    [
      'GET',
      [
        ['Upgrade', 'WebSocket'],
        ['Accept', 'text/html'],
      ],
      'programmatic',
    ],
    ['GET', [['Accept', 'text/event-stream, text/html']], 'programmatic'],
    [
      'GET',
      [
        ['X-Requested-With', 'XMLHttpRequest'],
        ['Accept', 'text/html'],
      ],
      'programmatic',
    ],
    [
      'GET',
      [
        ['Authorization', 'Bearer x'],
        ['Accept', 'text/html'],
      ],
      'programmatic',
    ],
    [
      'GET',
      [
        ['Authorization', 'Basic x'],
        ['Accept', 'text/html'],
      ],
      'navigation',
    ],
    ['HEAD', [['Accept', 'text/HTML,*/*']], 'navigation'],
    ['POST', [['Accept', 'text/html']], 'programmatic'],
    ['GET', [['Accept', '*/*']], 'programmatic'],
    ['GET', [], 'programmatic'],
  ])('%s with %j is a %s', (method, lines, kind) => {
    const headers = lines.map(([name = '', value = '']) => [name, value] as const)
    expect(kindOf({ headers }, method)).toBe(kind)
  })
})
