import { parseArgs } from 'node:util'
import { sendTestAlert } from '../alerts/test-alert.ts'
import { systemClock } from '../base/clock.ts'
import { createChannels } from '../channels/index.ts'
import { findConfigFile } from '../config/find.ts'
import { loadConfig } from '../config/load.ts'
import { type Command, tooMany, WrongUsage } from './command.ts'
import { table } from './table.ts'

/** Alerts to the operator: do they arrive? */
export const alerts: Command = {
  name: 'alerts',
  usage: 'alerts test [--config FILE]',
  summary: 'Send an alert to everybody who is to get them, and say what became of it',

  async run(args, { environment, print }) {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' } },
    })
    const [word, ...more] = positionals
    if (word !== 'test') throw new WrongUsage('say test')
    if (more.length > 0) throw new WrongUsage(tooMany(more))
    const { config } = loadConfig(findConfigFile(values.config, environment), environment)
    const { name } = config.portal
    const channels = createChannels({ config: config.channels, clock: systemClock, name })
    try {
      const outcomes = await sendTestAlert({
        channels,
        config: config.alerts,
        clock: systemClock,
        name,
      })
      if (outcomes.length === 0) {
        print('Nobody is to be alerted: set alerts.mail, alerts.sms or alerts.webhook.')
        return 1
      }
      const rows = outcomes.map(({ to, fault }) => [
        to,
        fault === undefined ? 'sent' : `NOT sent: ${fault}`,
      ])
      for (const line of table([], rows)) print(line)
      return outcomes.some(({ fault }) => fault !== undefined) ? 1 : 0
    } finally {
      await channels.close()
    }
  },
}
