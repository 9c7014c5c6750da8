import { AGENT_TIMING } from "../contract/limits.ts";
import type { NodeMetrics } from "../contract/metrics.ts";

interface Sample {
	at: number;
	metrics: NodeMetrics;
}

interface HeldNode {
	/** Null until its host has reported the node itself. */
	cacheId: string | null;
	/** Oldest first. */
	samples: Sample[];
	/** It isn't part of its cache any more. */
	left: boolean;
}

const INTERVAL_MS = AGENT_TIMING.metricsIntervalMs;
/** A sample older than this is no longer "now". */
const FRESH_MS = 4 * INTERVAL_MS;
/** A node whose sample is late by more than this isn't waited for. */
const LATE_MS = 1.5 * INTERVAL_MS;

/** The newest samples of every node, in memory. All hosts take theirs at the same moments, a round every 5 s. */
export class NewestMetrics {
	readonly #nodes = new Map<string, HeldNode>();
	/** The nodes that each cache has, or had a moment ago. */
	readonly #ofCache = new Map<string, Set<HeldNode>>();

	add(nodeId: string, cacheId: string | null, at: Date, metrics: NodeMetrics, now: number): void {
		const held = this.#nodes.get(nodeId) ?? { cacheId: null, samples: [], left: false };
		if (cacheId !== null) {
			held.cacheId = cacheId;
			this.#ofCache.set(cacheId, (this.#ofCache.get(cacheId) ?? new Set()).add(held));
		}
		// Otherwise, a sample from before this clock was set back would stay the newest.
		const kept = held.samples.filter((sample) => isFresh(sample, now) && sample.at <= at.getTime());
		held.samples = [...kept, { at: at.getTime(), metrics }];
		this.#nodes.set(nodeId, held);
	}

	sampledAt(nodeId: string): number | null {
		return this.#nodes.get(nodeId)?.samples.at(-1)?.at ?? null;
	}

	of(nodeId: string, now: number): NodeMetrics | null {
		const newest = this.#nodes.get(nodeId)?.samples.at(-1);
		return newest === undefined || !isFresh(newest, now) ? null : newest.metrics;
	}

	/**
	 * Samples of one round, the newest that all nodes of the cache have reported, so that they can be added up: requests
	 * that move from one node to another are neither missed nor counted twice. A node that has left the cache counts in
	 * the round in which it left.
	 */
	round(cacheId: string, now: number): NodeMetrics[] {
		const nodes = [...(this.#ofCache.get(cacheId) ?? [])];
		const newest = nodes.flatMap(({ samples, left }) => {
			const last = left ? undefined : samples.at(-1);
			return last !== undefined && isFresh(last, now) ? [last.at] : [];
		});
		const latest = Math.max(...newest);
		const roundAt = Math.min(...newest.filter((at) => latest - at <= LATE_MS));
		return nodes.flatMap(({ samples }) => {
			const own = samples.filter(({ at }) => Math.abs(at - roundAt) < INTERVAL_MS / 2);
			return own.slice(-1).map(({ metrics }) => metrics);
		});
	}

	/** The node has left its cache. Its last samples count while they are fresh. */
	leave(nodeId: string, now: number): void {
		const held = this.#nodes.get(nodeId);
		if (held !== undefined) held.left = true;
		for (const [id, node] of this.#nodes) {
			if (node.left && !node.samples.some((sample) => isFresh(sample, now))) this.#forget(id, node);
		}
	}

	#forget(nodeId: string, node: HeldNode): void {
		this.#nodes.delete(nodeId);
		if (node.cacheId === null) return;
		const others = this.#ofCache.get(node.cacheId);
		others?.delete(node);
		if (others?.size === 0) this.#ofCache.delete(node.cacheId);
	}
}

function isFresh({ at }: Sample, now: number): boolean {
	return now - at <= FRESH_MS;
}
