import { temporaryStore } from '../support/temporary-store.ts'
import { describeStore } from './store.ts'

describeStore('sqlite', temporaryStore)
