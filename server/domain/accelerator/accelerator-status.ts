import type { AcceleratorStatus } from "../../contract/accelerator.ts";

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
		readonly running: boolean;
		readonly reason: string | null;
		/** Null until it has said. */
		readonly cacheUsable: boolean | null;
	}[];
	/** On each host that is online and serves the endpoint. */
	readonly endpoints: readonly { readonly ready: boolean; readonly problem: string | null }[];
}

export interface StatusWithReason {
	readonly status: AcceleratorStatus;
	/** Null while it is available. */
	readonly reason: string | null;
}

/** How an accelerator is, and why. */
export function acceleratorStatus(facts: AcceleratorFacts): StatusWithReason {
	const { instances, wanted, wasAvailable, cacheName } = facts;
	const without = wasAvailable ? "unavailable" : "creating";
	if (!facts.hasPorts) {
		return {
			status: without,
			reason: `Cache ${cacheName} has no endpoint yet, or no endpoint port is left.`,
		};
	}
	const running = instances.filter(({ online, running: runs }) => online && runs);
	if (running.length === 0) return { status: without, reason: whyNoneRuns(facts) };
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
	if (closed.length > 0) {
		const reason = problemOf(closed) ?? "Its endpoint is about to open on some hosts.";
		return { status: wasAvailable ? "degraded" : "creating", reason };
	}
	if (instances.length < wanted) {
		return {
			status: "degraded",
			reason: `Only ${instances.length} of ${wanted} instances have a host: each needs a host of its own. Add hosts.`,
		};
	}
	return { status: "available", reason: null };
}

function whyNoneRuns({ instances }: AcceleratorFacts): string {
	if (instances.length === 0) return "No host can run its instances. Add a host, or uncordon one.";
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
