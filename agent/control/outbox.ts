import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type {
	hostEventSchema,
	metricsSampleSchema,
	OrderResult,
} from "../../server/contract/agent.ts";

export type HostEvent = z.infer<typeof hostEventSchema>;
export type MetricsSample = z.infer<typeof metricsSampleSchema>;

/** A list that keeps the newest entries until they are acknowledged. The oldest give way when it is full. */
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
const ORDERS_PER_REPORT = 100;

/** What one report takes along. */
export interface OutboxBatch {
	readonly orders: OrderResult[];
	readonly events: HostEvent[];
	readonly metrics: MetricsSample[];
}

/** Results, events and metrics on their way to the control plane: kept, and sent again, until it has stored them. */
export class Outbox {
	private readonly orders = new Pending<OrderResult>(1_000);
	private readonly events = new Pending<HostEvent>(2_000);
	private readonly samples = new Pending<MetricsSample>(10_000);

	addOrderResult(result: OrderResult): void {
		this.orders.add(result);
	}

	addEvent(event: Omit<HostEvent, "id" | "at">): void {
		this.events.add({ ...event, id: randomUUID(), at: new Date().toISOString() });
	}

	addSample(sample: MetricsSample): void {
		this.samples.add(sample);
	}

	/** Whether there is anything that isn't to wait for the heartbeat. */
	get hasNews(): boolean {
		return this.events.length > 0 || this.orders.length > 0;
	}

	/** The oldest entries, as many as one report takes. */
	batch(): OutboxBatch {
		return {
			orders: this.orders.first(ORDERS_PER_REPORT),
			events: this.events.first(EVENTS_PER_REPORT),
			metrics: this.samples.first(SAMPLES_PER_REPORT),
		};
	}

	acknowledge(batch: OutboxBatch): void {
		this.orders.acknowledge(batch.orders);
		this.events.acknowledge(batch.events);
		this.samples.acknowledge(batch.metrics);
	}
}
