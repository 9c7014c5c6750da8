import type { SimulatedNode } from "./simulated-node.ts";

/** Knows every simulated engine of this process, and tells hosts when one of their caches has changed. */
export class EngineRegistry {
	private readonly byId = new Map<string, SimulatedNode>();
	private readonly byAddress = new Map<string, SimulatedNode>();
	private readonly watchers = new Map<string, Set<() => void>>();

	/** `onChange` is called when any engine of the node's cache changes. */
	add(node: SimulatedNode, onChange: () => void): void {
		const { id, cacheId } = node.assignment;
		this.byId.set(id, node);
		this.byAddress.set(node.address, node);
		const watchers = this.watchers.get(cacheId) ?? new Set();
		this.watchers.set(cacheId, watchers.add(onChange));
		this.notify(cacheId);
	}

	/** Its process is gone, or its host. */
	remove(node: SimulatedNode): void {
		this.byId.delete(node.assignment.id);
		if (this.byAddress.get(node.address) === node) this.byAddress.delete(node.address);
		this.notify(node.assignment.cacheId);
	}

	/** Undefined if no engine listens there. */
	at(host: string, port: number): SimulatedNode | undefined {
		return this.byAddress.get(`${host}:${port}`);
	}

	find(nodeId: string): SimulatedNode | undefined {
		return this.byId.get(nodeId);
	}

	notify(cacheId: string): void {
		for (const onChange of this.watchers.get(cacheId) ?? []) onChange();
	}
}
