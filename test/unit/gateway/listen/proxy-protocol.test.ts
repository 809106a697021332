import { SocketAddress } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readProxyHeader } from '../../../../src/gateway/listen/proxy-protocol.ts'

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const text = (line: string) => Buffer.from(line, 'latin1')

/** A header of version 2. */
function binary(command: number, family: number, addresses: Buffer, stated = addresses.length) {
  const head = Buffer.from([command, family, stated >> 8, stated & 0xff])
  return Buffer.concat([SIGNATURE, head, addresses])
}

const FOUR = Buffer.from([192, 0, 2, 7, 10, 0, 0, 1, 0x1f, 0x90, 0x01, 0xbb])
const SIX = Buffer.concat([
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.alloc(20),
])

describe('a header of the PROXY protocol', () => {
  it.each<[string, Buffer, string | undefined]>([
    ['1, TCP4', text('PROXY TCP4 192.0.2.7 10.0.0.1 8080 443\r\n'), '192.0.2.7'],
    ['1, TCP6', text('PROXY TCP6 2001:db8::7 ::1 8080 443\r\n'), '2001:db8::7'],
    ['1, nobody', text('PROXY UNKNOWN\r\n'), undefined],
    ['1, nobody with addresses', text('PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n'), undefined],
    ['2, TCP4', binary(0x21, 0x11, FOUR), '192.0.2.7'],
    ['2, TCP6', binary(0x21, 0x21, SIX), '2001:db8:0:0:0:0:0:7'],
    [
      '2, with extensions',
      binary(0x21, 0x11, Buffer.concat([FOUR, Buffer.alloc(99)])),
      '192.0.2.7',
    ],
    ['2, of the proxy itself', binary(0x20, 0x00, Buffer.alloc(0)), undefined],
    ['2, of the proxy itself, with addresses', binary(0x20, 0x11, FOUR), undefined],
    ['2, nobody', binary(0x21, 0x00, Buffer.alloc(0)), undefined],
    ['2, over a socket of the file system', binary(0x21, 0x31, Buffer.alloc(216)), undefined],
  ])('of version %s is read, and nothing behind it', (_, header, source) => {
    const rest = text('GET / HTTP/1.1\r\n')
    expect(readProxyHeader(Buffer.concat([header, rest]))).toEqual({
      kind: 'header',
      length: header.length,
      source,
    })
    for (let length = 0; length < header.length; length += 1) {
      expect(readProxyHeader(header.subarray(0, length))).toEqual({ kind: 'incomplete' })
    }
  })

  it.each<[string, Buffer]>([
    ['a request', text('GET / HTTP/1.1\r\n')],
    ['TLS', Buffer.from('1603010200010001fc0303', 'hex')],
    ['the end of a line that is none', text('PROXY TCP4 192.0.2.7 10.0.0.1 8080 443\n\r\n')],
    ['small letters', text('proxy TCP4 192.0.2.7 10.0.0.1 8080 443\r\n')],
    ['two spaces', text('PROXY  TCP4 192.0.2.7 10.0.0.1 8080 443\r\n')],
    ['a space at the end', text('PROXY TCP4 192.0.2.7 10.0.0.1 8080 443 \r\n')],
    ['another family', text('PROXY UDP4 192.0.2.7 10.0.0.1 8080 443\r\n')],
    ['an address of the other family', text('PROXY TCP4 2001:db8::7 ::1 8080 443\r\n')],
    ['an address with a zone', text('PROXY TCP6 fe80::1%eth0 ::1 8080 443\r\n')],
    ['an address in octal', text('PROXY TCP4 0300.0.2.7 10.0.0.1 8080 443\r\n')],
    ['a port too high', text('PROXY TCP4 192.0.2.7 10.0.0.1 65536 443\r\n')],
    ['a port with a zero in front', text('PROXY TCP4 192.0.2.7 10.0.0.1 08080 443\r\n')],
    ['no ports', text('PROXY TCP4 192.0.2.7 10.0.0.1\r\n')],
    ['a line without end', text(`PROXY UNKNOWN ${'x'.repeat(200)}`)],
    ['another version', binary(0x11, 0x11, FOUR)],
    ['another command', binary(0x22, 0x11, FOUR)],
    ['another family', binary(0x21, 0x12, FOUR)],
    ['a family cut short', binary(0x21, 0x11, FOUR.subarray(0, 11))],
    ['a family cut short', binary(0x21, 0x21, SIX.subarray(0, 35))],
    ['a length without measure', binary(0x21, 0x11, FOUR, 0xffff)],
    ['half a signature', Buffer.concat([SIGNATURE.subarray(0, 11), text('!')])],
  ])('is not %s', (_, bytes) => {
    expect(readProxyHeader(bytes)).toEqual({ kind: 'invalid' })
  })

  it('is read from any bytes whatever without harm, and never without its beginning', () => {
    const start = fc.constantFrom(SIGNATURE, text('PROXY '), Buffer.alloc(0))
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (beginning, bytes) => {
        const given = Buffer.concat([beginning, bytes])
        const read = readProxyHeader(given)
        if (read.kind !== 'header') return
        expect(read.length).toBeLessThanOrEqual(given.length)
        const isOne =
          given.subarray(0, 12).equals(SIGNATURE) || /^PROXY /.test(given.toString('latin1'))
        expect(isOne).toBe(true)
      }),
    )
  })

  it('of either version tells the same address', () => {
    fc.assert(
      fc.property(
        fc.ipV6().filter((it) => !it.includes('.')),
        fc.nat(65_535),
        (address, port) => {
          const one = readProxyHeader(text(`PROXY TCP6 ${address} ::1 ${port} 443\r\n`))
          const groups = new SocketAddress({ address, family: 'ipv6' }).address
          expect(one).toMatchObject({ kind: 'header' })
          const source = one.kind === 'header' ? (one.source ?? '') : ''
          expect(new SocketAddress({ address: source, family: 'ipv6' }).address).toBe(groups)
        },
      ),
    )
  })
})
