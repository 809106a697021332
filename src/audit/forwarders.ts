import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { reasonOf } from '../channels/errors.ts'
import { type AddressForm, withAddresses } from './addresses.ts'
import type { AuditConfig } from './config.ts'
import { createForwarder, type Forwarder } from './forwarder.ts'
import { createSyslog } from './sinks/syslog.ts'
import { webhookSender } from './sinks/webhook.ts'

export interface ForwardersDeps {
  config: Pick<AuditConfig, 'webhook' | 'syslog'>
  addresses: AddressForm
  clock: Clock
  log: Log
}

/** Whoever is told of events, as the configuration says. */
export function createForwarders(deps: ForwardersDeps): Forwarder[] {
  const { config, addresses, clock, log } = deps
  const common = { reasonOf, log }
  const syslog = config.syslog && createSyslog(config.syslog)
  const forwarders = [
    ...(config.webhook
      ? [
          createForwarder({
            ...common,
            name: 'webhook',
            send: webhookSender(config.webhook, clock),
          }),
        ]
      : []),
    ...(syslog ? [createForwarder({ ...common, name: 'syslog', ...syslog })] : []),
  ]
  return forwarders.map(({ sink, close }) => ({ sink: withAddresses(addresses, sink), close }))
}
