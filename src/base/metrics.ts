import {
  AggregatorRegistry,
  Counter,
  Gauge,
  Histogram,
  type LabelValues,
  Registry,
} from 'prom-client'

/** Figures for whoever watches over the gateway, in the text form of Prometheus. */
export interface Figures {
  /** Media type of the text. */
  type: string
  text(): Promise<string>
}

/** How those of several processes become one. */
export type Among = 'sum' | 'min' | 'max'

/** Counts what happens. Labels must come from a bounded set: each of their values is a row for good. */
export interface Metrics extends Figures {
  /** @param rows What is told from the start, as 0: so that the first time is seen as a change. */
  counter<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    rows?: readonly Record<L, string>[],
  ): (values: Record<L, string>) => void
  /** Counts what happens several times at once, and has no labels. */
  total(name: string, help: string): (count: number) => void
  /** Finds the row of a label once, for what is counted a thousand times a second. */
  tally<L extends string>(
    name: string,
    help: string,
    label: L,
    more: string,
  ): (value: string, other: string) => void
  /** Measures how long something takes. @returns What takes seconds, by the label. */
  histogram(
    name: string,
    help: string,
    label: string,
    buckets?: readonly number[],
  ): (value: string, seconds: number) => void
  /** Makes a figure that goes up and down. */
  gauge<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    among: Among,
  ): (values: Record<L, string>, value: number) => void
  /** A figure that is read when it is asked for; one that cannot be read is left out. */
  reading(name: string, help: string, among: Among, read: () => number | Promise<number>): void
}

/** Seconds: from what a local application takes to what nobody waits for. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** @param shared Is this one of several processes, whose figures the first one adds up? */
export function createMetrics({ shared = false }: { shared?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (shared) {
    AggregatorRegistry.setRegistries(registry)
    // Answers the first process from here on.
    new AggregatorRegistry()
  }
  const registers = [registry]
  return {
    type: registry.contentType,
    text: () => registry.metrics(),

    counter(name, help, labels, rows = []) {
      const counter = new Counter({ name, help, labelNames: [...labels], registers })
      for (const row of rows) counter.inc(row, 0)
      return (values) => counter.inc(values)
    },

    total(name, help) {
      const counter = new Counter({ name, help, registers })
      return (count) => counter.inc(count)
    },

    tally(name, help, label, more) {
      const counts = new Map<string, Map<string, number>>()
      const counter = new Counter({
        name,
        help,
        labelNames: [label, more],
        registers,
        // Plain numbers until somebody asks: the library would look the row up each time.
        collect() {
          this.reset()
          for (const [value, others] of counts) {
            for (const [other, count] of others) {
              this.inc({ [label]: value, [more]: other } as LabelValues<string>, count)
            }
          }
        },
      })
      void counter
      return (value, other) => {
        let others = counts.get(value)
        if (!others) {
          others = new Map()
          counts.set(value, others)
        }
        others.set(other, (others.get(other) ?? 0) + 1)
      }
    },

    histogram(name, help, label, buckets = BUCKETS) {
      const histogram = new Histogram({
        name,
        help,
        labelNames: [label],
        buckets: [...buckets],
        registers,
      })
      const rows = new Map<string, Histogram.Internal<string>>()
      return (value, seconds) => {
        let row = rows.get(value)
        if (!row) {
          row = histogram.labels(value)
          rows.set(value, row)
        }
        row.observe(seconds)
      }
    },

    gauge(name, help, labels, aggregator) {
      const gauge = new Gauge({ name, help, labelNames: [...labels], registers, aggregator })
      return (values, value) => gauge.set(values, value)
    },

    reading(name, help, aggregator, read) {
      const gauge = new Gauge({
        name,
        help,
        registers,
        aggregator,
        async collect() {
          try {
            this.set(await read())
          } catch {
            // What cannot be read must not take the other figures with it.
            this.reset()
          }
        },
      })
      void gauge
    },
  }
}

/** The figures of all workers, added up. */
export function workersFigures(): Figures {
  const all = new AggregatorRegistry()
  return { type: all.contentType, text: () => all.clusterMetrics() }
}
