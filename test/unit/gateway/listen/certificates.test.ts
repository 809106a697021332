import { once } from 'node:events'
import { copyFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type PeerCertificate } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../../../src/base/log.ts'
import { loadCertificates } from '../../../../src/gateway/listen/certificates.ts'
import {
  type Authority,
  type CertificateFiles,
  makeAuthority,
} from '../../../support/certificates.ts'
import { until } from '../../../support/plain-upstream.ts'
import { type StillClock, stillClock } from '../../../support/still-clock.ts'
import { type Gate, openGate } from '../gate.ts'
import { openDoor } from './doors.ts'

let authority: Authority
let gate: Gate
beforeEach(async () => {
  authority = makeAuthority()
  gate = await openGate({ routes: [] })
})
afterEach(async () => {
  await gate.close()
  authority.remove()
})

/** The certificate that a door shows to whoever asks for a name. */
const shownBy = (port: number, servername?: string): Promise<PeerCertificate> =>
  new Promise((resolve, reject) => {
    const named = servername === undefined ? {} : { servername }
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...named }, () => {
      resolve(socket.getPeerCertificate())
      socket.destroy()
    })
    socket.on('error', reject)
  })
const namesOf = async (port: number, servername?: string) =>
  (await shownBy(port, servername)).subjectaltname

/** Puts a pair in the place of another, as an ACME client does. */
function replace(files: CertificateFiles, by: CertificateFiles): void {
  for (const of of ['certificate', 'key'] as const) {
    copyFileSync(by[of], `${files[of]}.new`)
    renameSync(`${files[of]}.new`, files[of])
  }
}

describe('a door with several certificates', () => {
  it('shows the one for the name, else the first', async () => {
    const tls = [
      authority.issue(['a.gw.test']),
      authority.issue(['b.gw.test', 'c.gw.test']),
      authority.issue(['*.apps.gw.test']),
    ]
    const port = await openDoor(gate, { tls })
    expect(await namesOf(port, 'a.gw.test')).toBe('DNS:a.gw.test')
    expect(await namesOf(port, 'c.gw.test')).toBe('DNS:b.gw.test, DNS:c.gw.test')
    expect(await namesOf(port, 'C.GW.TEST')).toBe('DNS:b.gw.test, DNS:c.gw.test')
    expect(await namesOf(port, 'x.apps.gw.test')).toBe('DNS:*.apps.gw.test')
    expect(await namesOf(port, 'x.y.apps.gw.test')).toBe('DNS:a.gw.test')
    expect(await namesOf(port, 'elsewhere.test')).toBe('DNS:a.gw.test')
    expect(await namesOf(port)).toBe('DNS:a.gw.test')
  })
})

describe('a certificate that is renewed', () => {
  it('is taken up by itself, also for whoever names no host', { timeout: 30_000 }, async () => {
    const files = authority.issue(['a.gw.test'])
    const port = await openDoor(gate, { tls: [files] })
    replace(files, authority.issue(['a.gw.test', 'new.gw.test']))
    await expect
      .poll(() => namesOf(port, 'a.gw.test'), { timeout: 15_000 })
      .toBe('DNS:a.gw.test, DNS:new.gw.test')
    expect(await namesOf(port)).toBe('DNS:a.gw.test, DNS:new.gw.test')
  })

  it('is taken up at once when another configuration comes into force', async () => {
    const files = authority.issue(['a.gw.test'])
    const port = await openDoor(gate, { tls: [files] })
    replace(files, authority.issue(['b.gw.test']))
    gate.swap({ routes: [] })
    expect(await namesOf(port, 'a.gw.test')).toBe('DNS:b.gw.test')
  })

  it('changes nothing for a connection that is open', async () => {
    const files = authority.issue(['a.gw.test'])
    const port = await openDoor(gate, { tls: [files] })
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    replace(files, authority.issue(['b.gw.test']))
    gate.swap({ routes: [] })
    socket.write('GET / HTTP/1.1\r\nHost: a.gw.test\r\n\r\n')
    const [bytes] = await once(socket, 'data')
    expect(String(bytes)).toContain('HTTP/1.1 421')
    socket.destroy()
  })
})

describe('the files of a certificate', () => {
  let clock: StillClock
  let said: string[]
  const note = (level: string) => (fields: object, message: string) =>
    said.push(`${level} ${message} ${'days' in fields ? fields.days : ''}`.trim())
  const load = (files: CertificateFiles) => {
    const certificates = loadCertificates({
      files: [files],
      clock,
      log: { ...silentLog, info: note('info'), warn: note('warn'), error: note('error') },
    })
    onStop.push(certificates.stop)
    return certificates
  }
  const onStop: (() => void)[] = []
  beforeEach(() => {
    clock = stillClock(Math.floor(Date.now() / 1000))
    said = []
  })
  afterEach(() => {
    for (const stop of onStop.splice(0)) stop()
  })

  it('that cannot be used leave the last good ones in place', () => {
    const files = authority.issue(['a.gw.test'])
    const certificates = load(files)
    const { cert } = certificates.first()
    writeFileSync(files.certificate, 'half of it')
    certificates.reload()
    expect(certificates.first().cert).toBe(cert)
    // The key of another one: the pair is only half replaced.
    copyFileSync(authority.issue(['b.gw.test']).certificate, files.certificate)
    certificates.reload()
    unlinkSync(files.key)
    certificates.reload()
    expect(certificates.first().cert).toBe(cert)
    expect(said).toEqual(Array(3).fill('warn listen: certificate kept, the new one is broken'))
  })

  it('may stand behind links that are turned', { timeout: 30_000 }, async () => {
    const [one, two] = [authority.issue(['a.gw.test']), authority.issue(['b.gw.test'])]
    const live = {
      certificate: join(authority.folder, 'live.pem'),
      key: join(authority.folder, 'live.key'),
    }
    const turn = ({ certificate, key }: CertificateFiles) => {
      for (const [to, from] of [
        [certificate, live.certificate],
        [key, live.key],
      ] as const) {
        symlinkSync(to, `${from}.new`)
        renameSync(`${from}.new`, from)
      }
    }
    turn(one)
    load(live)
    turn(two)
    await until(() => said.includes('info listen: certificate reloaded'), 15_000)
  })

  it('are named in the log thirty, seven and one days before their end, and after it', async () => {
    load(authority.issue(['a.gw.test'], { days: 40 }))
    expect(said).toEqual([])
    const passed = async (days: number) => {
      clock.advance(days * 86_400)
      const before = said.length
      await expect.poll(() => said.length, { timeout: 15_000 }).toBeGreaterThan(before)
    }
    await passed(11)
    await passed(23)
    await passed(5)
    await passed(2)
    expect(said).toEqual([
      'warn listen: certificate expires soon 29',
      'warn listen: certificate expires soon 6',
      'warn listen: certificate expires soon 1',
      'error listen: certificate has expired',
    ])
  }, 60_000)

  it('are named at once at a start that comes late', () => {
    load(authority.issue(['a.gw.test'], { days: 5 }))
    expect(said).toEqual(['warn listen: certificate expires soon 5'])
  })
})
