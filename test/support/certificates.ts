import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Files of one certificate. */
export interface CertificateFiles {
  certificate: string
  key: string
}

/** An authority of this test alone. */
export interface Authority {
  /** The authority's own certificate. */
  ca: string
  /** The folder that holds all of it. */
  folder: string
  /** Issues a certificate for names (`a.test`, `*.b.test`) and addresses (`127.0.0.1`). */
  issue(names: readonly string[], options?: { days?: number; as?: string }): CertificateFiles
  /** Takes the folder away. */
  remove(): void
}

/** Makes an authority with the openssl of this machine. */
export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-ca-'))
  const ca = join(folder, 'ca.pem')
  const caKey = join(folder, 'ca.key')
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl('req', '-x509', ...curve, '-subj', '/CN=Test CA', '-keyout', caKey, '-out', ca)
  let issued = 0

  return {
    ca,
    folder,
    issue(names, { days = 90, as } = {}) {
      issued += 1
      const stem = join(folder, as ?? `leaf-${issued}`)
      const files = { certificate: `${stem}.pem`, key: `${stem}.key` }
      const request = `${stem}.csr`
      const extensions = `${stem}.ext`
      writeFileSync(extensions, `subjectAltName=${names.map(alternativeName).join(',')}\n`)
      openssl('req', ...curve, '-subj', '/CN=leaf', '-keyout', files.key, '-out', request)
      const signed = ['-CA', ca, '-CAkey', caKey, '-set_serial', String(issued)]
      const lasts = ['-days', String(days), '-extfile', extensions]
      openssl('x509', '-req', '-in', request, ...signed, ...lasts, '-out', files.certificate)
      return files
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The content of both files, as `node:tls` wants it. */
export const pairOf = ({ certificate, key }: CertificateFiles) => ({
  cert: readFileSync(certificate),
  key: readFileSync(key),
})

const alternativeName = (name: string): string =>
  /^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`)
}
