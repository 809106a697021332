/** Hears when somebody wants the program to stop. */
export interface StopSignals {
  /** Calls back for every signal; at once for one that came before. */
  onStop(heard: (signal: NodeJS.Signals) => void): void
}

/**
 * Listens from this moment on. Called before anything is opened: a supervisor that changes its mind during a
 * start would else end the program in the middle of it, and whoever is told that it listens may stop it at once.
 */
export function hearStopSignals(): StopSignals {
  const before: NodeJS.Signals[] = []
  const listeners: ((signal: NodeJS.Signals) => void)[] = []
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (listeners.length === 0) before.push(signal)
      for (const heard of listeners) heard(signal)
    })
  }
  return {
    onStop(heard) {
      listeners.push(heard)
      for (const signal of before.splice(0)) heard(signal)
    },
  }
}
