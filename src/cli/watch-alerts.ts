import type { CertificateFile } from '../alerts/kinds/certificate-ending.ts'
import { watchForAlerts } from '../alerts/watch.ts'
import { systemClock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Config } from '../config/schema.ts'
import type { Store } from '../store/contract.ts'

/**
 * Looks after what the operator is to be alerted of.
 *
 * @returns How to stop doing so.
 */
export const watchAlerts = (store: Store, log: Log, inForce: () => Config): (() => void) =>
  watchForAlerts({
    ...{ store, log },
    clock: systemClock,
    watched: () => ({ alerts: inForce().alerts, certificates: certificateFilesIn(inForce()) }),
  })

/** Every file with certificates that the configuration names. */
export function certificateFilesIn({ listen, routes, channels }: Config): CertificateFile[] {
  const own = listen.flatMap(({ tls = [] }, index) =>
    tls.map(({ certificate }) => ({
      file: certificate,
      key: listen.length === 1 ? 'listen' : `listen[${index}]`,
      onlyFirst: true,
    })),
  )
  const upstreams = routes.flatMap(({ proxy }, index) => {
    const file = proxy?.tls?.ca
    return file === undefined ? [] : [{ file, key: `routes[${index}].proxy.tls.ca` }]
  })
  const mail = channels.smtp?.ca
  const ours = [
    ...upstreams,
    ...(mail === undefined ? [] : [{ file: mail, key: 'channels.smtp.ca' }]),
  ]
  return [...own, ...ours.map((it) => ({ ...it, onlyFirst: false }))]
}
