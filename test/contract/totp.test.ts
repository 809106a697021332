import { generate } from 'otplib'
import { createTotp } from '../../src/factors/totp/index.ts'
import type { StillClock } from '../support/still-clock.ts'
import { describeFactor } from './factor.ts'

let clock: StillClock
describeFactor({
  kind: 'totp',
  wrong: '000000',
  // Half a minute, and as much for a clock that is behind.
  answerLasts: 60,
  pauseSeconds: 30,
  create(still) {
    clock = still
    return createTotp({ config: { issuer: 'Test' }, clock })
  },
  holder() {
    let secret = ''
    const code = () => generate({ secret, epoch: clock.now() })
    return {
      async enroll({ offer }) {
        secret = offer.show === 'secret' ? offer.secret : ''
        return code()
      },
      answer: code,
    }
  },
})
