import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenStore } from '../../src/store/sqlite.ts'
import { openSqlite } from '../../src/store/sqlite.ts'

/** A new SQLite store in a folder of its own, which goes with it. */
export async function temporaryStore(): Promise<
  OpenStore & { path: string; end(): Promise<void> }
> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  const path = join(folder, 'gatehouse.db')
  const opened = await openSqlite({ path }, { create: true })
  return {
    ...opened,
    path,
    async end() {
      await opened.store.close()
      rmSync(folder, { recursive: true })
    },
  }
}
