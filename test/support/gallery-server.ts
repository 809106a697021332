import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { gallery } from './gallery.tsx'

/** The portal's content security policy, as strict as in the product. */
const portalPolicy =
  "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
/** The demo stands for somebody else's application, with a policy of its own. */
const demoPolicy = "default-src 'self'; img-src 'self' data:"
/** A mail is read in another program, and has styles of its own; it loads nothing all the same. */
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"

const policyOf = (name: string): string => {
  if (name.startsWith('demo')) return demoPolicy
  return name.startsWith('mail') ? mailPolicy : portalPolicy
}

const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/** What an operator would add. */
const operators: Record<string, string> = {
  'brand.css': ':root{--accent:#ffb000}',
  'logo.svg':
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="#ffb000"/><path d="M16 6v20M6 16h20" stroke="#222" stroke-width="4"/></svg>',
}

/** Where a file lies that pages load. */
const placeOf = (asset: string) =>
  asset === 'webauthn.js'
    ? new URL(
        '../../node_modules/@simplewebauthn/browser/dist/bundle/index.umd.min.js',
        import.meta.url,
      )
    : new URL(`../../views/assets/${asset}`, import.meta.url)

/** Opens a server on loopback that shows the gallery: `/0`, `/1` … in its order. */
export async function openGallery(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (message, response) => {
    const path = message.url ?? '/'
    const asset = /^\/assets\/([a-z.]+)$/.exec(path)?.[1]
    if (asset) {
      const type = types[asset.split('.').at(-1) ?? ''] ?? 'text/plain'
      response.writeHead(200, { 'content-type': type })
      response.end(operators[asset] ?? (await readFile(placeOf(asset))))
      return
    }
    const shown = gallery[Number(path.slice(1))]
    if (!shown) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyOf(shown.name),
    })
    response.end(shown.html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
