import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client'

/** Figures for whoever watches over the gateway, in the text form of Prometheus. */
export interface Figures {
  /** Media type of the text. */
  type: string
  text(): Promise<string>
}

/** Counts what happens. */
export interface Metrics extends Figures {
  /** Makes a counter. Labels must come from a bounded set: each of their values is a row for good. */
  counter<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
  ): (values: Record<L, string>) => void
  /**
   * Makes a figure that goes up and down.
   *
   * @param among How those of several processes become one.
   */
  gauge<L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    among: 'sum' | 'min' | 'max',
  ): (values: Record<L, string>, value: number) => void
}

/** @param shared Is this one of several processes, whose figures the first one adds up? */
export function createMetrics({ shared = false }: { shared?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (shared) {
    AggregatorRegistry.setRegistries(registry)
    // Answers the first process from here on.
    new AggregatorRegistry()
  }
  return {
    type: registry.contentType,
    text: () => registry.metrics(),
    counter(name, help, labels) {
      const counter = new Counter({ name, help, labelNames: [...labels], registers: [registry] })
      return (values) => counter.inc(values)
    },
    gauge(name, help, labels, aggregator) {
      const gauge = new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers: [registry],
        aggregator,
      })
      return (values, value) => gauge.set(values, value)
    },
  }
}

/** The figures of all workers, added up. */
export function workersFigures(): Figures {
  const all = new AggregatorRegistry()
  return { type: all.contentType, text: () => all.clusterMetrics() }
}
