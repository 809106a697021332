import { OperatorError } from '../base/errors.ts'
import { createPasswordHasher, type PasswordHasher } from '../base/password.ts'
import { findConfigFile } from '../config/find.ts'
import { loadConfig } from '../config/load.ts'
import { passwordPlace } from '../config/password-place.ts'
import type { Config } from '../config/schema.ts'
import { createPasswordPolicy, type PasswordPolicy } from '../login/password-policy.ts'
import type { User } from '../model/user.ts'
import type { Store } from '../store/contract.ts'
import { openSqlite } from '../store/sqlite.ts'
import type { CommandContext } from './command.ts'

/** What commands about users and their things work with. A running gateway sees changes at once. */
export interface Desk {
  config: Config
  store: Store
  hasher: PasswordHasher
  policy: PasswordPolicy
  /** @throws {OperatorError} when nobody goes by that name. */
  userNamed(name: string): Promise<User>
}

/**
 * Opens the store for one command and closes it afterwards, whatever happens.
 *
 * @param configFile The `--config` option, if given.
 */
export async function atDesk<T>(
  { environment }: CommandContext,
  configFile: string | undefined,
  work: (desk: Desk) => Promise<T>,
): Promise<T> {
  const { config } = loadConfig(findConfigFile(configFile, environment), environment)
  const { store, keyring } = await openSqlite(config.store, { create: true })
  const { memory_kib, passes, concurrency, queue } = config.login.password
  try {
    return await work({
      config,
      store,
      hasher: createPasswordHasher({
        cost: { memoryKib: memory_kib, passes },
        pepper: keyring('pepper'),
        concurrency,
        queueLimit: queue,
      }),
      policy: createPasswordPolicy(passwordPlace(config)),
      async userNamed(name) {
        const user = await store.users.findByName(name)
        if (user) return user
        throw new OperatorError(
          `There is no user "${name}". See them all with: gatehouse user list`,
        )
      },
    })
  } finally {
    await store.close()
  }
}
