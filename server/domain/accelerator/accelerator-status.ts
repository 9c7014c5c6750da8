import type { AcceleratorStatus } from "../../contract/accelerator.ts";
import { ACCELERATOR_INSTANCE_BYTES, MIB } from "../../contract/limits.ts";

const MEMORY = `${ACCELERATOR_INSTANCE_BYTES / MIB} MiB`;

/** What is known about an accelerator. */
export interface AcceleratorFacts {
	readonly cacheName: string;
	readonly wanted: number;
	readonly wasAvailable: boolean;
	/** Its cache has an endpoint, and so has it. */
	readonly hasPorts: boolean;
	readonly instances: readonly {
		readonly hostName: string;
		readonly online: boolean;
		/** It has been added and hasn't served yet, which nothing prevents. */
		readonly joining: boolean;
		readonly running: boolean;
		readonly reason: string | null;
		/** Null until it has said. */
		readonly cacheUsable: boolean | null;
	}[];
	/** On each host that is online and serves the endpoint. */
	readonly endpoints: readonly {
		/** The host has said something about it. */
		readonly known: boolean;
		readonly ready: boolean;
		readonly problem: string | null;
	}[];
}

export interface StatusWithReason {
	readonly status: AcceleratorStatus;
	/** Null while it is available. */
	readonly reason: string | null;
}

/**
 * How an accelerator is, and why. Null while that isn't known, because the control plane has just started. An instance that
 * joins those that serve doesn't change it.
 */
export function acceleratorStatus(facts: AcceleratorFacts): StatusWithReason | null {
	const { wanted, wasAvailable, cacheName } = facts;
	const instances = facts.instances.filter((each) => !(wasAvailable && each.joining));
	const without = wasAvailable ? "unavailable" : "creating";
	if (!facts.hasPorts) {
		return {
			status: without,
			reason: `Cache ${cacheName} has no endpoint yet, or no endpoint port is left.`,
		};
	}
	const running = instances.filter(({ online, running: runs }) => online && runs);
	if (running.length === 0) return { status: without, reason: whyNoneRuns(facts) };
	if (wasAvailable && facts.endpoints.every(({ known }) => !known)) return null;
	const closed = facts.endpoints.filter(({ ready }) => !ready);
	if (closed.length === facts.endpoints.length) {
		return { status: without, reason: problemOf(closed) ?? "Its endpoint is about to open." };
	}
	const partly = wasAvailable || running.length === instances.length ? "degraded" : "creating";
	if (running.length < instances.length) {
		return {
			status: partly,
			reason: `${running.length} of ${instances.length} instances serve. ${whyNot(facts)}`,
		};
	}
	const away = running.filter(({ cacheUsable }) => cacheUsable === false);
	if (away.length > 0) {
		return {
			status: "degraded",
			reason: `${away.length} of ${running.length} instances can't reach cache ${cacheName}: they pass reads on to the upstream, and refuse writes.`,
		};
	}
	if (running.some(({ cacheUsable }) => cacheUsable === null)) {
		return {
			status: wasAvailable ? "degraded" : "creating",
			reason: `Its instances are connecting to cache ${cacheName}.`,
		};
	}
	const late = closed.filter(({ known }) => known || !wasAvailable);
	if (late.length > 0) {
		const reason = problemOf(late) ?? "Its endpoint is about to open on some hosts.";
		return { status: wasAvailable ? "degraded" : "creating", reason };
	}
	if (facts.instances.length < wanted) {
		return {
			status: "degraded",
			reason: `Only ${facts.instances.length} of ${wanted} instances have a host: each needs a host of its own with ${MEMORY} of free memory. Add hosts, or choose fewer instances.`,
		};
	}
	return { status: "available", reason: null };
}

function whyNoneRuns({ instances }: AcceleratorFacts): string {
	if (instances.length === 0) {
		return `No host with ${MEMORY} of free memory can run its instances. Add a host, or uncordon one.`;
	}
	return whyNot({ instances });
}

function whyNot({ instances }: Pick<AcceleratorFacts, "instances">): string {
	const [first] = instances.filter(({ online, running }) => !online || !running);
	if (first === undefined) return "Its instances are starting.";
	if (!first.online) return `Host ${first.hostName} is offline.`;
	return first.reason ?? `The instance on host ${first.hostName} is starting.`;
}

function problemOf(closed: AcceleratorFacts["endpoints"]): string | null {
	return closed.find(({ problem }) => problem !== null)?.problem ?? null;
}
