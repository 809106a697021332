import { userInfo } from 'node:os'
import { createForwarders } from '../audit/forwarders.ts'
import { systemClock } from '../base/clock.ts'
import { OperatorError } from '../base/errors.ts'
import { type Log, type LogFields, silentLog } from '../base/log.ts'
import { createPasswordHasher, type PasswordHasher } from '../base/password.ts'
import { findConfigFile } from '../config/find.ts'
import { loadConfig } from '../config/load.ts'
import { passwordPlace } from '../config/password-place.ts'
import type { Config } from '../config/schema.ts'
import { createPasswordPolicy, type PasswordPolicy } from '../login/password-policy.ts'
import type { AuditEvent, EventName } from '../model/event.ts'
import type { User } from '../model/user.ts'
import { openBreaches } from '../risk/breaches.ts'
import { createSessions, type Sessions } from '../session/sessions.ts'
import type { Store } from '../store/contract.ts'
import { openSqlite } from '../store/sqlite.ts'
import { translate } from '../store/sqlite-faults.ts'
import type { CommandContext } from './command.ts'

/** What commands about users and their things work with. A running gateway sees changes at once. */
export interface Desk {
  config: Config
  store: Store
  sessions: Sessions
  hasher: PasswordHasher
  policy: PasswordPolicy
  /** @throws {OperatorError} when nobody goes by that name. */
  userNamed(name: string): Promise<User>
  /**
   * Writes down what was done, and who did it as far as the machine knows: in the trail, and where the trail
   * is taken. The person about whom it is, if it is about one, finds it in their history, and is not written to.
   */
  record(
    name: EventName,
    about: Pick<AuditEvent, 'userId' | 'sessionId'>,
    details?: AuditEvent['details'],
  ): Promise<void>
}

/**
 * Opens the store for one command and closes it afterwards, whatever happens.
 *
 * @param options `config` is the `--config` option, if given; `create` makes a store when there is
 * none. Without it, a command that is pointed at the wrong place says so and leaves nothing there.
 */
export async function atDesk<T>(
  { environment, printError }: CommandContext,
  { config: configFile, create = false }: { config?: string | undefined; create?: boolean },
  work: (desk: Desk) => Promise<T>,
): Promise<T> {
  const { config } = loadConfig(findConfigFile(configFile, environment), environment)
  const { store, keyring } = await openSqlite(config.store, { create })
  const forwarders = createForwarders({
    config: config.audit,
    addresses: config.privacy.addresses,
    clock: systemClock,
    log: toldTo(printError),
  })
  const leaked = config.login.risk?.breaches
  const { memory_kib, passes, concurrency, queue } = config.login.password
  try {
    return await work({
      config,
      store,
      sessions: createSessions({
        repository: store.sessions,
        clock: systemClock,
        config: config.session,
        key: keyring('cookie'),
        log: silentLog,
      }),
      hasher: createPasswordHasher({
        cost: { memoryKib: memory_kib, passes },
        pepper: keyring('pepper'),
        concurrency,
        queueLimit: queue,
      }),
      policy: createPasswordPolicy({
        ...passwordPlace(config),
        ...(leaked
          ? { breaches: openBreaches({ path: leaked, clock: systemClock, told() {} }) }
          : {}),
      }),
      async userNamed(name) {
        const user = await store.users.findByName(name)
        if (user) return user
        throw new OperatorError(
          `There is no user "${name}". See them all with: gatehouse user list`,
        )
      },
      async record(name, about, details) {
        const by = { by: 'command line', operator: operatorIn(environment) }
        const event = { name, at: systemClock.now(), ...about, details: { ...details, ...by } }
        await store.events.insert(event)
        for (const { sink } of forwarders) sink(event)
      },
    })
  } catch (cause) {
    throw translate(cause, config.store.path)
  } finally {
    await Promise.all(forwarders.map((it) => it.close()))
    await store.close()
  }
}

/** Who sits at the machine, by the name that it has for them; before `sudo`, if it was that. */
function operatorIn({ SUDO_USER: before }: CommandContext['environment']): string {
  try {
    return before || userInfo().username
  } catch {
    // A container may run under a number that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/** A command says in its own words what went wrong. */
const toldTo = (print: CommandContext['printError']): Log => {
  const tell = ({ sink, reason, lost }: LogFields, message: string) =>
    print(`${message} (${[sink, reason, lost].filter((it) => it !== undefined).join(', ')})`)
  return { ...silentLog, warn: tell, error: tell }
}
