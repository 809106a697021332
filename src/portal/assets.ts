import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { sha256 } from '../base/bytes.ts'
import { OperatorError } from '../base/errors.ts'
import type { PortalConfig } from './config.ts'

/** The few files that pages load. All are in memory, and none is looked up by path. */
export interface Assets {
  /** Addresses of the style sheets, in order. */
  css: readonly string[]
  /** Address of a further sheet, for the reference of the API alone. */
  reference: string
  /** Addresses of our scripts, by name. */
  scripts: Readonly<Record<string, string>>
  /** Address of the operator's logo. */
  logo: string | undefined
  /** Address of the picture on the browser's tab: the operator's logo, or our mark. */
  icon: string
  /** @param name As it stands in the address; anything but an exact name finds nothing. */
  find(name: string): Asset | undefined
}

export interface Asset {
  body: Uint8Array<ArrayBuffer>
  /** The same, as most browsers take it; absent where it would save nothing. */
  brotli?: Uint8Array<ArrayBuffer>
  type: string
}

/** The scripts that pages gain by. Pages name them, so that none is loaded in vain. */
const SCRIPTS: Readonly<Record<string, URL>> = {
  approval: ours('approval.js'),
  approver: ours('approver.js'),
  passkey: ours('passkey.js'),
  webauthn: new URL('../dist/bundle/index.umd.min.js', packaged('@simplewebauthn/browser')),
}

const JAVASCRIPT = 'text/javascript; charset=utf-8'

const LOGO_TYPES: Readonly<Record<string, string>> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
}

/**
 * Reads the files once. Names carry a digest of the content, so that browsers may keep them for good.
 *
 * @throws {OperatorError} when a file that the configuration names cannot be read.
 */
export function loadAssets(config: PortalConfig): Assets {
  const files = new Map<string, Asset>()
  const add = (stem: string, extension: string, body: Buffer, type: string): string => {
    const name = `${stem}.${sha256(body).toString('hex').slice(0, 12)}${extension}`
    files.set(name, { body: new Uint8Array(body), ...compressed(body), type })
    return new URL(`assets/${name}`, config.url).href
  }

  const css = [add('portal', '.css', readOurs('portal.css'), 'text/css; charset=utf-8')]
  const theirs = brandSheet(config)
  if (theirs.length > 0) css.push(add('brand', '.css', theirs, 'text/css; charset=utf-8'))
  const reference = add('reference', '.css', readOurs('reference.css'), 'text/css; charset=utf-8')
  const scripts = Object.fromEntries(
    Object.entries(SCRIPTS).map(([name, file]) => [
      name,
      add(name, '.js', readFileSync(file), JAVASCRIPT),
    ]),
  )
  const logo = addLogo(config, add)
  const icon = logo ?? add('icon', '.svg', readOurs('icon.svg'), 'image/svg+xml')
  return { css, reference, scripts, logo, icon, find: (name) => files.get(name) }
}

/** Where the main file of a package lies. */
function packaged(name: string): URL {
  return pathToFileURL(createRequire(import.meta.url).resolve(name))
}

/** Pictures are packed already, and small files gain nothing. */
function compressed(body: Buffer): Pick<Asset, 'brotli'> {
  if (body.byteLength < 512) return {}
  const brotli = brotliCompressSync(body)
  return brotli.byteLength < body.byteLength * 0.9 ? { brotli: new Uint8Array(brotli) } : {}
}

function ours(name: string): URL {
  return new URL(`../../views/assets/${name}`, import.meta.url)
}

const readOurs = (name: string) => readFileSync(ours(name))

function brandSheet({ accent, stylesheet }: PortalConfig): Buffer {
  const color = accent === undefined ? '' : `:root{--accent:${accent}}\n`
  return Buffer.concat([
    Buffer.from(color),
    stylesheet ? readNamed(stylesheet, 'stylesheet') : Buffer.of(),
  ])
}

function addLogo(
  { logo }: PortalConfig,
  add: (stem: string, extension: string, body: Buffer, type: string) => string,
): string | undefined {
  if (logo === undefined) return undefined
  const extension = extname(logo).toLowerCase()
  const type = LOGO_TYPES[extension]
  if (!type) throw new OperatorError(`portal.logo: ${logo} is no SVG, PNG or WebP file.`)
  return add('logo', extension, readNamed(logo, 'logo'), type)
}

function readNamed(file: string, key: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new OperatorError(`portal.${key}: ${file} cannot be read.`, { cause })
  }
}
