import { randomUUID } from "node:crypto";
import type { HostEvent, MetricsSample, OrderResult } from "../../server/contract/host-report.ts";
import type { UsageReading } from "../../server/contract/usage-reading.ts";

/** Stored with the time of the event by `performance.now()`: the host's clock may be set meanwhile. */
type Held<T> = Omit<T, "ageMs"> & { readonly at: number };
export type NewEvent = Omit<HostEvent, "id" | "ageMs">;
export type Reading = Held<MetricsSample>;
export type PendingUsage = Held<UsageReading>;

/** A list that keeps the newest entries until they are acknowledged. When it is full it drops the oldest. */
class Pending<T> {
	private items: T[] = [];
	private readonly capacity: number;

	constructor(capacity: number) {
		this.capacity = capacity;
	}

	add(item: T): void {
		this.items.push(item);
		if (this.items.length > this.capacity) this.items.shift();
	}

	first(count: number): T[] {
		return this.items.slice(0, count);
	}

	acknowledge(sent: readonly T[]): void {
		const stored = new Set(sent);
		this.items = this.items.filter((item) => !stored.has(item));
	}

	get length(): number {
		return this.items.length;
	}
}

const EVENTS_PER_REPORT = 500;
const SAMPLES_PER_REPORT = 2_000;
/**
 * In the first report with samples after some weren't stored, and in each while answers are slow: a report is work even
 * without them. With fewer, what an agent reads would pile up for as long as the machine is busy, and nobody would see a
 * sample that isn't old.
 */
const FEW_SAMPLES = 5;
const USAGE_PER_REPORT = 2_000;
const ORDERS_PER_REPORT = 100;

/** The contents of one report. */
export interface OutboxBatch {
	readonly orders: OrderResult[];
	readonly events: Held<HostEvent>[];
	readonly metrics: Reading[];
	readonly usage: PendingUsage[];
}

/**
 * Results, events, metrics and usage on their way to the control plane: kept, and resent, until it has stored them.
 */
export class Outbox {
	private readonly orders = new Pending<OrderResult>(1_000);
	private readonly events = new Pending<Held<HostEvent>>(2_000);
	private readonly samples = new Pending<Reading>(10_000);
	private samplesPerReport = SAMPLES_PER_REPORT;
	/** Dropping the oldest loses only in which minute something was used: counters are cumulative. */
	private readonly usage = new Pending<PendingUsage>(10_000);

	addOrderResult(result: OrderResult): void {
		this.orders.add(result);
	}

	addEvent(event: NewEvent): void {
		this.events.add({ ...event, id: randomUUID(), at: performance.now() });
	}

	addSample(sample: Reading): void {
		this.samples.add(sample);
	}

	addUsage(reading: PendingUsage): void {
		this.usage.add(reading);
	}

	/** Whether anything should be sent before the next heartbeat. */
	get hasNews(): boolean {
		return this.events.length > 0 || this.orders.length > 0;
	}

	/** The oldest entries, as many as the next report takes. */
	batch(): OutboxBatch {
		return {
			orders: this.orders.first(ORDERS_PER_REPORT),
			events: this.events.first(EVENTS_PER_REPORT),
			metrics: this.samples.first(this.samplesPerReport),
			usage: this.usage.first(USAGE_PER_REPORT),
		};
	}

	acknowledge(batch: Pick<OutboxBatch, "orders" | "events">): void {
		this.orders.acknowledge(batch.orders);
		this.events.acknowledge(batch.events);
	}

	/**
	 * Metrics and usage are stored. What waits comes back in parts that double while the control plane answers quickly,
	 * grow a little while it takes its usual time, and shrink when it is slow: other hosts have as much to send.
	 */
	acknowledgeReadings({ metrics, usage }: OutboxBatch, answer: "quick" | "usual" | "slow"): void {
		this.samples.acknowledge(metrics);
		this.usage.acknowledge(usage);
		const few = Math.max(FEW_SAMPLES, this.samplesPerReport);
		const next = { quick: 2 * few, usual: few + FEW_SAMPLES, slow: Math.floor(metrics.length / 2) };
		this.samplesPerReport = Math.min(SAMPLES_PER_REPORT, Math.max(FEW_SAMPLES, next[answer]));
	}

	/**
	 * The control plane failed, or its database can't keep up. What an agent sends mustn't grow meanwhile, so the next report
	 * has no samples. It has all usage: its last reading of a node that is gone can't come later than this news.
	 */
	holdSamples(): void {
		this.samplesPerReport = 0;
	}
}

/** Converts a batch to what is sent: times become ages. */
export function withAges({ orders, events, metrics, usage }: OutboxBatch) {
	const now = performance.now();
	const ageOf = (at: number) => Math.max(0, Math.round(now - at));
	return {
		orders,
		events: events.map(({ at, ...event }) => ({ ...event, ageMs: ageOf(at) })),
		usage: usage.map(({ at, ...reading }) => ({ ...reading, ageMs: ageOf(at) })),
		// The last sample of an engine that ended belongs to a moment that is yet to come.
		metrics: metrics.map(({ at, ...sample }) => ({ ...sample, ageMs: Math.round(now - at) })),
	};
}
