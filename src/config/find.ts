import { existsSync } from 'node:fs'
import { OperatorError } from '../base/errors.ts'
import { CONFIG_FILE_VARIABLE, type Environment } from './environment.ts'

const PLACES = ['config.yaml', '/etc/gatehouse/config.yaml'] as const

/**
 * Chooses the configuration file: the one that is asked for, else `$GATEHOUSE_CONFIG`, else
 * `./config.yaml`, else `/etc/gatehouse/config.yaml`. A file that is asked for need not exist:
 * whoever loads it says so.
 *
 * @throws {OperatorError} when none is asked for and none is there.
 */
export function findConfigFile(
  wanted: string | undefined,
  environment: Environment,
  exists: (file: string) => boolean = existsSync,
): string {
  const asked = wanted ?? environment[CONFIG_FILE_VARIABLE]
  if (asked) return asked
  const found = PLACES.find(exists)
  if (found !== undefined) return found
  throw new OperatorError(
    `There is no configuration file, neither ./${PLACES[0]} nor ${PLACES[1]}. Copy config.example.yaml to one of these places, or name yours with --config FILE or ${CONFIG_FILE_VARIABLE}.`,
  )
}
