import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { aCertificate } from '../../support/certificate.ts'
import { ACCOUNT, VERIFY_SERVICE } from '../../support/twilio-server.ts'
import { aConfigFile, aFolder, faultsIn, LEAST, load, placesOf } from './files.ts'

const SECRET = Buffer.alloc(32, 7).toString('base64')
const SMTP = 'smtp: { url: smtps://mail.example.com, from: gate@example.com }'
const TWILIO = `account: ${ACCOUNT}, token: secret`
const WEBHOOK = `url: https://sms.example.com, secret: ${SECRET}`

const faults = (yaml: string) => placesOf(faultsIn(`${LEAST}${yaml}`))
const warned = (yaml: string) =>
  placesOf(load(`${LEAST}${yaml}`).warnings).filter((place) => !/token|secret|password/.test(place))

describe('a factor that sends something', () => {
  it.each([
    ['factors: { email: {} }', ['2 factors.email']],
    ['factors: { sms: { countries: [DE] } }', ['2 factors.sms']],
    ['factors: { voice: { countries: [DE] } }', ['2 factors.voice']],
    [`factors: { email: {} }\nchannels: { ${SMTP} }`, []],
    [`factors: { sms: { countries: [DE] } }\nchannels: { ${SMTP} }`, ['2 factors.sms']],
    [
      `factors: { sms: { countries: [DE] }, voice: { countries: [DE] } }\nchannels: { twilio: { ${TWILIO}, from: Gatehouse } }`,
      ['2 factors.voice'],
    ],
    [
      `factors: { voice: { countries: [DE] } }\nchannels: { twilio: { ${TWILIO}, verify_service: ${VERIFY_SERVICE} } }`,
      [],
    ],
    [
      `factors: { email: {}, sms: { countries: [DE] } }\nchannels: { webhook: { ${WEBHOOK}, media: [sms] } }`,
      ['2 factors.email'],
    ],
    ['factors: { totp: {}, backup_code: {} }', []],
  ])('needs something that carries it: %s', (yaml, places) => {
    expect(faults(yaml)).toEqual(places)
  })

  it('may be carried by something beside the file', () => {
    const file = aConfigFile(`${LEAST}factors: { email: {} }`)
    expect(loadConfig(file, {}, { ways: ['email'] }).config.factors.email).toBeDefined()
  })
})

describe('the countries that get codes', () => {
  it.each(['{}', '{ countries: [] }', '{ countries: [de] }', '{ countries: [DEU] }'])(
    'have to be listed: %s',
    (section) => {
      const yaml = `factors: { sms: ${section} }\nchannels: { twilio: { ${TWILIO}, from: "+4930123456" } }`
      expect(faults(yaml).map((place) => place.replace(/\[\d+\]$/, ''))).toEqual([
        '2 factors.sms.countries',
      ])
    },
  )

  it.each(['XX', 'ZZ', 'AA', 'EN', 'UK', 'SU'])('have to exist: %s', (country) => {
    const yaml = `factors: { voice: { countries: [DE, ${country}] } }\nchannels: { twilio: { ${TWILIO}, from: "+4930123456" } }`
    expect(faults(yaml)).toEqual(['2 factors.voice.countries[1]'])
  })
})

describe('the mail server', () => {
  it.each([
    ['smtps://mail.example.com', { host: 'mail.example.com', port: 465, secure: true }],
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, secure: false }],
    ['smtp://mail.example.com:25', { host: 'mail.example.com', port: 25, secure: false }],
    ['smtp://[::1]:2525/', { host: '::1', port: 2525, secure: false }],
  ])('is read from %s', (url, server) => {
    const { channels } = load(
      `${LEAST}channels: { smtp: { url: "${url}", from: a@b.example } }`,
    ).config
    expect(channels.smtp?.url).toEqual(server)
  })

  it.each([
    'mail.example.com',
    'mail.example.com:465',
    'https://mail.example.com',
    'smtp://user:password@mail.example.com',
    'smtp://mail.example.com/path',
    'smtp://mail.example.com?tls=no',
    'smtp://mail.example.com:99999',
    'smtp://',
  ])('is not read from %s', (url) => {
    const yaml = `channels: { smtp: { url: "${url}", from: a@b.example } }`
    expect(faults(yaml)).toEqual(['2 channels.smtp.url'])
  })

  it('needs a password where there is a name', () => {
    const yaml = 'channels: { smtp: { url: smtps://a.example, from: a@b.example, username: a } }'
    expect(faults(yaml)).toEqual(['2 channels.smtp.password'])
  })

  it('has its certificates looked at, beside the file', async () => {
    const folder = aFolder()
    const file = join(folder, 'config.yaml')
    writeFileSync(
      file,
      `${LEAST}channels: { smtp: { url: smtps://a.example, from: a@b.example, ca: ca.pem } }`,
    )
    expect(() => loadConfig(file, {})).toThrow(/channels\.smtp\.ca/)
    writeFileSync(join(folder, 'ca.pem'), (await aCertificate()).cert)
    expect(loadConfig(file, {}).config.channels.smtp?.ca).toBe(join(folder, 'ca.pem'))
  })
})

describe('messages in clear text', () => {
  it.each([
    [
      'smtp: { url: smtp://mail.example.com, from: a@b.example, starttls: never }',
      ['smtp.starttls'],
    ],
    ['smtp: { url: smtp://127.0.0.1, from: a@b.example, starttls: never }', []],
    ['smtp: { url: smtp://mail.example.com, from: a@b.example }', []],
    [`webhook: { url: http://sms.example.com, secret: ${SECRET}, media: [sms] }`, ['webhook.url']],
    [`webhook: { url: http://127.0.0.1:8080, secret: ${SECRET}, media: [sms] }`, []],
    [`twilio: { ${TWILIO}, from: Gate, url: http://twilio.example.com }`, ['twilio.url']],
    [`twilio: { ${TWILIO}, from: Gate }`, []],
  ])('are warned of: %s', (channel, places) => {
    expect(warned(`channels: { ${channel} }`)).toEqual(places.map((place) => `2 channels.${place}`))
  })
})
