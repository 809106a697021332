import { createHash, randomBytes } from 'node:crypto'
import { createPush } from '../../src/factors/push/index.ts'
import type { Credential } from '../../src/model/factor.ts'
import { notificationsTo } from '../support/asked.ts'
import { describeFactor } from './factor.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('base64url')

describeFactor({
  kind: 'push',
  // No number of ours begins with a zero.
  wrong: '00',
  create: (clock) =>
    createPush({
      config: { entry: 'choose' },
      channels: notificationsTo().channels,
      clock,
      home: new URL('https://auth.gw.test/'),
      name: 'Gatehouse',
    }),
  holder() {
    let approver: Credential | undefined
    return {
      async enroll({ credential, offer }, engine) {
        const [invitation = ''] = /[^/]+$/.exec(offer.show === 'link' ? offer.url : '') ?? []
        const answer = JSON.stringify({
          handle: digest(randomBytes(32).toString('base64url')),
          user_agent: 'test',
          subscription: JSON.stringify({ endpoint: 'https://push.example.com/1' }),
        })
        approver = await engine.enrollments.join(credential.kind, digest(invitation), answer)
        return (approver && engine.factor.remote?.device(approver).number) ?? ''
      },

      async answer(asked, engine) {
        const prompt = engine.factor.prompt(asked)
        const number = prompt.ask === 'approval' ? prompt.number : ''
        const { credential, challenge } = asked
        await engine.challenges.respond(
          challenge?.id ?? '',
          credential,
          JSON.stringify({ number, confirmed: true }),
        )
        return ''
      },
    }
  },
})
