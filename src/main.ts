#!/usr/bin/env node
import { tooOldNode } from './base/node-version.ts'

const refusal = tooOldNode(process.version)
if (refusal === undefined) {
  // Not before the check: what lies behind this uses what an older Node does not have.
  const { runCli, systemContext } = await import('./cli/index.ts')
  process.exitCode = await runCli(process.argv.slice(2), systemContext())
} else {
  console.error(refusal)
  process.exitCode = 1
}
