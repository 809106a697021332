import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Environment } from '../../../src/config/environment.ts'
import { type LoadedConfig, loadConfig } from '../../../src/config/load.ts'
import { ConfigFaults, type Fault } from '../../../src/config/remark.ts'

/** A folder that is gone when the test is over. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** Writes `config.yaml` into a folder of its own. */
export function aConfigFile(yaml: string | Uint8Array, mode = 0o600): string {
  const file = join(aFolder(), 'config.yaml')
  writeFileSync(file, yaml, { mode })
  return file
}

/** Loads a text as if it were the configuration file. */
export const load = (yaml: string, environment: Environment = {}): LoadedConfig =>
  loadConfig(aConfigFile(yaml), environment)

/** Loads a text that has faults; the file is called `config.yaml` in them, without its folder. */
export function faultsIn(yaml: string | Uint8Array, environment: Environment = {}): Fault[] {
  const file = aConfigFile(yaml)
  try {
    loadConfig(file, environment)
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error
    return error.faults.map((fault) => ({ ...fault, at: fault.at.replace(file, 'config.yaml') }))
  }
  return []
}

/** `12 routes[0].upstream`: the line and the path of each fault or warning. */
export const placesOf = (remarks: readonly Fault[]): string[] =>
  remarks.map(({ at, path }) => `${at.split(':')[1] ?? at} ${path}`.trim())

/** A secret key, 32 bytes of it. */
export const A_KEY = 'WxPqldgCm08sL0uNeRM0ER3b4V0A3yZJ/nUIinuGBT4='

/** The least that loads. */
export const LEAST = 'portal: { url: https://auth.example.com }\n'
