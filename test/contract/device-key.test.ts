import { createDeviceKey } from '../../src/factors/device-key/index.ts'
import { aCredential } from '../support/builders.ts'
import { createNativeDevice, type Question } from '../support/native-device.ts'
import { describeFactor, type Holder } from './factor.ts'

describeFactor({
  kind: 'device_key',
  wrong: '00',
  create: (clock) =>
    createDeviceKey({ config: { entry: 'choose' }, clock, home: new URL('https://auth.gw.test/') }),
  // An app does it, and people cannot.
  holder() {
    throw new Error('not by enrollment')
  },
  async issue({ factor }, store, user) {
    const device = createNativeDevice()
    const start = await factor.enroll(user, { others: [] })
    if (!start.ok) throw new Error(start.message)
    const { data, label } = start
    const pending = aCredential({ kind: 'device_key', userId: user.id, data, label })
    const offer = factor.offer({ credential: pending }, user)
    const options = offer.show === 'authenticator' ? offer.options : {}
    const verdict = await factor.verify(
      { credential: pending },
      device.introduce(options as Question),
    )
    if (!verdict.ok) throw new Error(verdict.reason)
    const credential = { ...pending, data: verdict.data, handle: verdict.handle ?? '' }
    await store.credentials.insert(credential)

    const holder: Holder = {
      enroll: async () => '',
      async answer(asked, engine) {
        const prompt = factor.prompt(asked)
        const number = prompt.ask === 'approval' ? prompt.number : ''
        const question = factor.remote?.question(asked)?.toSign
        const answer = device.approve(question as Question, number)
        await engine.challenges.respond(asked.challenge?.id ?? '', asked.credential, answer)
        return ''
      },
    }
    return { credential, holder }
  },
})
