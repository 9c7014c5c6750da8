import type { Store } from "../store.ts";
import { runSwap } from "./swap-script.ts";

/** What the store uses of Valkey GLIDE's `GlideClient` and `GlideClusterClient`. */
export interface GlideClient {
	get(key: string): Promise<unknown>;
	mget(keys: string[]): Promise<readonly unknown[]>;
	customCommand(args: string[]): Promise<unknown>;
}

/**
 * A cache by Valkey GLIDE. Leave `readFrom` at "primary": replicas answer with older values. GLIDE sends MGET to each node with
 * the keys of its slots, and refuses more than 1,000 requests at once unless `inflightRequestsLimit` says otherwise.
 */
export function glideStore(client: GlideClient): Store {
	return {
		get: (key) => client.get(key).then(textOrNull),
		getMany: async (keys) => (await client.mget([...keys])).map(textOrNull),
		swap: (key, expected, next, ttlMs) =>
			runSwap(
				(command, script, place, args) =>
					client.customCommand([command, script, "1", place, ...args]),
				...[key, expected, next, ttlMs],
			),
	};
}

function textOrNull(content: unknown): string | null {
	if (typeof content === "string") return content;
	return content === null || content === undefined ? null : String(content);
}
