import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { portOf } from '../../../support/ports.ts'
import { type Gate, openGate } from '../gate.ts'

const HOST = 'app.gw.test'

let gate: Gate
let application: Server
beforeAll(async () => {
  // Says what it was asked, sooner or later, in one of several forms.
  application = createServer((message, response) => {
    let body = ''
    message.on('data', (chunk) => {
      body += chunk
    })
    message.on('end', () => {
      const said = `<${message.method} ${message.url} ${body}>`
      const number = Number(/\d+/.exec(message.url ?? '')?.[0] ?? 0)
      const answer = () => {
        if (number % 3 === 0) response.setHeader('Content-Length', said.length)
        if (number % 4 === 0) response.write(said.slice(0, 3))
        response.end(number % 4 === 0 ? said.slice(3) : said)
      }
      if (number % 2 === 0) setTimeout(answer, number % 5)
      else answer()
    })
  })
  application.listen(0, '127.0.0.1')
  await once(application, 'listening')
  gate = await openGate({
    routes: [
      {
        host: HOST,
        upstream: `http://127.0.0.1:${portOf(application)}`,
        rules: [{ require: 'bypass' }],
      },
    ],
  })
})
afterAll(async () => {
  application.closeAllConnections()
  application.close()
  await gate.close()
})

type Form = 'plain' | 'length' | 'chunks' | 'empty'

const bytesOf = (form: Form, at: number): string => {
  const head = (method: string, ...lines: string[]) =>
    [`${method} /r${at} HTTP/1.1`, `Host: ${HOST}`, ...lines, '', ''].join('\r\n')
  if (form === 'plain') return head('GET', 'Accept: */*')
  if (form === 'empty') return head('POST', 'Content-Length: 0')
  // A body that would be a request by itself.
  const body = `GET /smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`
  return form === 'length'
    ? head('POST', `Content-Length: ${body.length}`) + body
    : `${head('POST', 'Transfer-Encoding: chunked')}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
}
const answerTo = (form: Form, at: number): string => {
  const body =
    form === 'length' || form === 'chunks' ? `GET /smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n` : ''
  return `<${form === 'plain' ? 'GET' : 'POST'} /r${at} ${body}>`
}

const forms = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Form>('plain') },
    { weight: 1, arbitrary: fc.constantFrom<Form>('length', 'chunks', 'empty') },
  ),
  { minLength: 1, maxLength: 8 },
)

it('gives each request its own answer, in their order, however the bytes come', async () => {
  await fc.assert(
    fc.asyncProperty(
      forms,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }),
      fc.boolean(),
      async (asked, cuts, atBounds) => {
        const pieces = asked.map(bytesOf)
        const all = pieces.join('')
        const bounds = pieces.map((_, at) => pieces.slice(0, at + 1).join('').length)
        const places = [
          ...new Set([
            ...(atBounds ? bounds : []),
            ...cuts.map((cut) => Math.floor(cut * all.length)),
            all.length,
          ]),
        ].toSorted((a, b) => a - b)

        const socket = connect(gate.port, '127.0.0.1').setNoDelay(true)
        socket.on('error', () => undefined)
        await once(socket, 'connect')
        let got = ''
        socket.on('data', (chunk) => {
          got += chunk.toString('latin1')
        })
        let from = 0
        for (const to of places) {
          socket.write(all.slice(from, to), 'latin1')
          from = to
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        const expected = asked.map(answerTo)
        const said = () => unchunked(got).match(/<(?:GET|POST) \/r\d+ [^>]*>/g) ?? []
        for (let waited = 0; waited < 2_000 && said().length < asked.length; waited += 2) {
          await new Promise((resolve) => setTimeout(resolve, 2))
        }
        socket.destroy()
        expect(said()).toEqual(expected)
        expect(got.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(asked.length)
      },
    ),
    { numRuns: 250 },
  )
}, 180_000)

/** Puts together what came in chunks: sizes stand on lines of their own. */
const unchunked = (text: string) => text.replaceAll(/(?<=[^\n])\r\n[0-9a-f]+\r\n(?=[^<])/g, '')
